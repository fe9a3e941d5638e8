"""What the templates of the account pages need; django-allauth's own views bring nothing of it."""

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest

from gisapp.accounts.middleware import is_account_page


def account_pages(request: HttpRequest) -> dict[str, Any]:
    """For the pages below /konto/ alone."""
    if not is_account_page(request):
        return {}
    from gisapp.map.context import page_context

    return {
        **page_context(request),
        "sign_up": settings.ACCOUNT_SIGNUP,
        "providers": get_adapter().list_providers(request),
    }
