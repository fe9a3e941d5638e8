"""The map's pages without a browser: who may see what, wrong addresses, escaping, query counts."""

import pytest
from django.test import Client, override_settings
from pytest_django.fixtures import DjangoAssertNumQueries

from tests import factories

pytestmark = pytest.mark.django_db


def _html(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == status, answer.content[:300]
    return str(answer.content.decode())


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/map/list/nothing", 404),
        ("/map/detail/pois/0", 404),
        ("/map/detail/pois/x", 404),
        ("/map/detail/pois/99999999999999999999", 404),
        ("/map/list/pois?bbox=1,2,3", 400),
        ("/map/list/pois?bbox=a,b,c,d", 400),
        ("/map/list/pois?near=nan,1", 400),
        ("/map/list/pois?f.source=osm", 400),
        ("/map/list/pois?f.name=x", 400),
        ("/map/list/pois?sort=source_id", 400),
        ("/map/list/municipalities?min.population=viele", 400),
        ("/map/list/pois?q=%00", 400),
        ("/map/list/pois?f.kind=%00", 400),
        ("/map/list/municipalities?min.population=1%00", 400),
        ("/oembed?url=https://elsewhere.example/", 404),
    ],
)
def test_01_wrong_addresses_are_said_on_a_page(client: Client, address: str, status: int) -> None:
    assert "Kennung:" in _html(client, address, status)


def test_02_data_is_escaped_everywhere(client: Client) -> None:
    place = factories.place(x=100, y=100)
    place.name = "<script>alert(1)</script>"
    place.save()
    for address in (
        f"/map/detail/places/{place.pk}",
        "/map/list/places",
        "/map/list/places?fragment=1",
        "/map/search/?q=<script>",
    ):
        assert "<script>alert" not in _html(client, address)


def test_03_the_policy_is_strict_on_every_page(client: Client) -> None:
    for address in ("/", "/embed/", "/print/", "/map/contents/", "/konto/anmelden/"):
        policy = client.get(address)["Content-Security-Policy"]
        assert "script-src 'self'" in policy and "unsafe" not in policy


def test_04_pages_hold_no_inline_style_or_script(client: Client) -> None:
    for address in ("/", "/print/", "/map/contents/"):
        page = _html(client, address)
        assert " style=" not in page
        assert " onclick=" not in page
        assert page.count("<script") == page.count("<script id=") + page.count('<script type="module" src=')


def test_05_the_list_costs_a_fixed_number_of_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        factories.place(x=100 + number, y=100)
    with django_assert_max_num_queries(3):
        _html(client, "/map/list/places?fragment=1&bbox=7,53,12,56")


def test_06_language_of_the_address_is_remembered(client: Client) -> None:
    assert 'lang="en"' in _html(client, "/?lang=en")
    assert 'lang="en"' in _html(client, "/map/contents/")
    assert 'lang="de"' in _html(client, "/map/contents/?lang=de")


@override_settings(SITE_NAME='Amt "Nord" & Süd')
def test_07_the_sites_name_is_escaped_in_the_frame(client: Client) -> None:
    found = client.get("/oembed?url=http://testserver/%23map=12/54/9").json()
    assert 'title="Amt &quot;Nord&quot; &amp; Süd"' in found["html"]
    assert 'src="http://testserver/embed/#map=12/54/9"' in found["html"]


def test_08_ping_answers_nothing_and_is_not_kept(client: Client) -> None:
    answer = client.get("/map/ping")
    assert (answer.status_code, answer["Cache-Control"]) == (204, "no-store")


def test_09_other_sites_frame_the_embedded_map_and_nothing_else(client: Client) -> None:
    for path in ("/", "/print/", "/map/contents/", "/konto/anmelden/", "/ogc/?f=html"):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "frame-ancestors 'none'" in page["Content-Security-Policy"], path
        assert page["X-Frame-Options"] == "DENY", path
    embedded = client.get("/embed/")
    assert "frame-ancestors *" in embedded["Content-Security-Policy"]
    assert "X-Frame-Options" not in embedded
