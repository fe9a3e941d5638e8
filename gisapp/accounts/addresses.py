"""Which e-mail addresses count as proven: one that an administrator or a command typed in does, one that somebody gave
at their own sign-up has to be shown. django-allauth keeps them in a table of its own."""

from typing import Any

from allauth.account.models import EmailAddress

from gisapp.accounts.models import User


def set_address(user: User) -> None:
    """Make the account's address its one proven address."""
    EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=user.email.lower(), defaults={"verified": True, "primary": True}
    )


def user_saved(instance: User, created: bool, raw: bool = False, **more: Any) -> None:
    if created and not raw and not getattr(instance, "_gisapp_address_unproven", False):
        set_address(instance)
