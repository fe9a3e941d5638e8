from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, post_save
from django.utils.translation import gettext_lazy as _


class StatusConfig(AppConfig):
    name = "gisapp.status"
    verbose_name = _("Mitteilungen")

    def ready(self) -> None:
        from gisapp.status import guard, live

        post_migrate.connect(guard.after_migrate, dispatch_uid="gisapp.status.guard")
        for sender in ("status.Banner", "status.Maintenance"):
            for signal in (post_save, post_delete):
                signal.connect(live.changed, sender=sender, dispatch_uid=f"gisapp.status.{sender}.{id(signal)}")
