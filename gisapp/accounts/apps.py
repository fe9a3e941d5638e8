from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "gisapp.accounts"

    def ready(self) -> None:
        from gisapp.accounts import policies

        post_migrate.connect(policies.after_migrate, dispatch_uid="gisapp.accounts.policies")
