from django.apps import AppConfig
from django.db.models.signals import post_migrate


class HistoryConfig(AppConfig):
    name = "gisapp.history"

    def ready(self) -> None:
        from gisapp.history import guard

        post_migrate.connect(guard.after_migrate, dispatch_uid="gisapp.history.guard")
