"""Wrong passwords are counted together by all processes of the web server."""

import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar

import pytest
from django.db import connection

from tests.serving import environment, served


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    connection.close()
    with served(environment(connection.settings_dict["NAME"]), workers=2) as address:
        yield address


def attempt(site: str) -> int:
    """The status of one log-in with a wrong password, in a browser of its own."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    address = f"{site}/konto/anmelden/"
    page = browser.open(address, timeout=20).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    form = {"login": "niemand@example.org", "password": "falsch", "csrfmiddlewaretoken": token[1]}
    try:
        with browser.open(address, urllib.parse.urlencode(form).encode(), timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.mark.django_db(transaction=True)
def test_01_two_processes_count_as_one(site: str) -> None:
    assert [attempt(site) for _turn in range(12)] == [200] * 5 + [429] * 7
