from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class FibreConfig(AppConfig):
    name = "layers.fibre"

    def ready(self) -> None:
        from layers.fibre import past

        pre_migrate.connect(past.before_migrate, sender=self, dispatch_uid="layers.fibre.past.before")
        post_migrate.connect(past.after_migrate, sender=self, dispatch_uid="layers.fibre.past")
