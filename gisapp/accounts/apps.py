from django.apps import AppConfig
from django.db.models.signals import post_migrate, post_save


class AccountsConfig(AppConfig):
    name = "gisapp.accounts"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added, authenticator_removed

        from gisapp.accounts import addresses, policies, second_factor

        post_migrate.connect(policies.after_migrate, dispatch_uid="gisapp.accounts.policies")
        post_save.connect(addresses.user_saved, sender="accounts.User", dispatch_uid="gisapp.accounts.addresses")
        authenticator_added.connect(second_factor.added, dispatch_uid="gisapp.accounts.second_factor.added")
        authenticator_removed.connect(second_factor.removed, dispatch_uid="gisapp.accounts.second_factor.removed")
