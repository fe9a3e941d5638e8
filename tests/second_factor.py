"""The test client's log-in without a form: whoever comes in by it has shown the second factor, unless a test says no."""

from typing import Any

from django.test import Client

from gisapp.accounts.second_factor import show_in

_plain = Client.force_login


def force_login(client: Client, user: Any, backend: str | None = None, *, second_factor: bool = True) -> None:
    _plain(client, user, backend)
    if second_factor:
        session = client.session
        show_in(session, user)
        session.save()


def install() -> None:
    Client.force_login = force_login  # type: ignore[method-assign,assignment]
