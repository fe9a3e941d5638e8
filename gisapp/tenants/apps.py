from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "gisapp.tenants"
    verbose_name = _("Mandanten")

    def ready(self) -> None:
        from django.db.models.signals import post_delete, post_save

        from gisapp.tenants import directory

        for sender in ("tenants.Tenant", "tenants.LegalText", "accounts.Organisation"):
            for signal in (post_save, post_delete):
                signal.connect(directory.changed, sender=sender, dispatch_uid=f"gisapp.tenants.{sender}.{id(signal)}")
