"""Two sites of one installation: each as its tenant wants it, through every door, and no right more or less on either."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from gisapp import layer as registry
from gisapp.accounts import tokens
from gisapp.accounts.roles import Role
from gisapp.catalog.dcat import catalogue
from gisapp.mail.models import Outgoing
from gisapp.mail.outbox import send
from gisapp.mail.transport import message
from gisapp.tenants.models import LegalText
from gisapp.tenants.putting import Wish, change
from layers.notes.models import Note
from tests import factories, tenants
from tests.api.test_tiles import decode, fetch
from tests.tenants import HERE, THERE

pytestmark = pytest.mark.django_db
OFF = "municipalities"
"""Switched off there, on here."""


@pytest.fixture
def here() -> Client:
    return Client(headers={"Host": HERE})


@pytest.fixture
def there() -> Client:
    return Client(headers={"Host": THERE})


@pytest.fixture(autouse=True)
def both() -> None:
    tenants.two()


def text(client: Client, path: str = "/", **more: Any) -> str:
    response = client.get(path, **more)
    assert response.status_code == 200, (path, response.content[:200])
    return str(response.content.decode())


def test_01_title_logo_colours_languages(here: Client, there: Client) -> None:
    assert "<title>Amt Hier</title>" in text(here)
    # English first, for who says nothing; German for who wants it.
    page = text(there)
    assert "<title>District There</title>" in page
    assert '<html lang="en"' in page
    assert "<title>Amt Dort</title>" in text(there, headers={"Accept-Language": "de-AT,de;q=0.9"})
    sheet = re.search(r'href="(/tenant/[0-9a-f]{16}\.css)"', page)
    logo = re.search(r'src="(/tenant/[0-9a-f]{64}\.png)"', page)
    assert sheet and logo
    assert 'content="#5b2a86"' in page
    assert not re.search(r"/tenant/[0-9a-f]{64}\.png", text(here))
    colours = there.get(sheet[1])
    assert colours["Content-Type"].startswith("text/css")
    assert "--brand: light-dark(#5b2a86" in colours.content.decode()
    assert "immutable" in colours["Cache-Control"]
    picture = there.get(logo[1])
    assert picture.content.startswith(b"\x89PNG") and "immutable" in picture["Cache-Control"]
    for one in (colours, picture):
        assert there.get(one.request["PATH_INFO"], headers={"If-None-Match": one["ETag"]}).status_code == 304
    # The colours of this site are not the other's; an old address gets the present ones, to be asked for again.
    assert "#5b2a86" not in here.get(sheet[1]).content.decode()
    assert "immutable" not in here.get(sheet[1])["Cache-Control"]
    assert there.get("/tenant/" + "0" * 64 + ".png").status_code == 404


def test_02_only_the_languages_on_offer(here: Client, there: Client) -> None:
    change("dort", Wish(languages=["de"]))
    page = text(there, headers={"Accept-Language": "en"})
    assert '<html lang="de"' in page
    assert 'hreflang="en"' not in page
    assert '<html lang="de"' in text(there, "/?lang=en")
    assert '<html lang="de"' in text(there, "/konto/anmelden/?lang=en")
    assert '<html lang="en"' in text(here, "/?lang=en")


def test_03_where_the_map_starts(here: Client, there: Client) -> None:
    found = []
    for client in (here, there):
        data = re.search(r'<script id="page-data"[^>]*>(.*?)</script>', text(client), re.S)
        assert data
        found.append(json.loads(data[1])["start"]["box"])
    assert found[0][2] < found[1][0] + 0.01
    assert all(west < east and south < north for west, south, east, north in found)


def test_04_an_unknown_host_gets_the_default_and_a_stranger_nothing(client: Client) -> None:
    assert "<title>Amt Hier</title>" in text(client)
    for host in ("boese.example", f"{THERE}.boese.example", f"{THERE}@boese.example", f"x.{THERE}", "*"):
        assert client.get("/", headers={"Host": host}).status_code == 400, host
    # The port is the server's own business, capital letters are nobody's.
    assert "District There" in text(client, headers={"Host": f"{THERE.upper()}:8000"})
    change("hier", Wish(default=False))
    assert "<title>KRIT-GIS</title>" in text(client)


def test_05_addresses_are_those_of_the_site(there: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "https://karte.example"
    assert there.get("/ogc/?f=json").json()["links"][0]["href"].startswith(f"http://{THERE}/ogc/")
    assert there.get("/tiles/streets.json").json()["tiles"][0].startswith(f"http://{THERE}/tiles/")
    assert Client().get("/ogc/?f=json").json()["links"][0]["href"].startswith("https://karte.example/ogc/")
    change("dort", Wish(hosts=[THERE, "karte.example"]))
    known = Client(headers={"Host": "karte.example"}).get("/ogc/?f=json").json()
    assert known["links"][0]["href"].startswith("https://karte.example/ogc/")


DOORS: dict[str, Callable[[Client, str, Any], bool]] = {
    "map switch and legend": lambda c, name, row: f'value="{name}"' in text(c) or f'data-layer="{name}"' in text(c),
    "page data": lambda c, name, row: f'"name": "{name}"' in text(c),
    "contents": lambda c, name, row: f"/map/list/{name}" in text(c, "/map/contents/"),
    "list": lambda c, name, row: c.get(f"/map/list/{name}").status_code == 200,
    "list filters": lambda c, name, row: c.get(f"/map/filters/{name}").status_code == 200,
    "detail": lambda c, name, row: c.get(f"/map/detail/{name}/{row.pk}").status_code == 200,
    "history page": lambda c, name, row: c.get(f"/verlauf/{name}/{row.pk}/").status_code == 200,
    "history API": lambda c, name, row: c.get(f"/api/layers/{name}/features/{row.pk}/history").status_code == 200,
    "embed": lambda c, name, row: f'"name": "{name}"' in text(c, "/embed/"),
    "sheet": lambda c, name, row: f'"name": "{name}"' in text(c, f"/print/?layers={name}"),
    "style": lambda c, name, row: name in json.dumps(c.get("/tiles/style.json").json()["sources"]),
    "style of this": lambda c, name, row: c.get(f"/tiles/style.json?layers={name}").status_code == 200,
    "TileJSON": lambda c, name, row: c.get(f"/tiles/{name}.json").status_code == 200,
    "tile": lambda c, name, row: _in_tile(c, name, row),
    "tile beside another": lambda c, name, row: _in_tile(c, f"streets,{name}", row),
    "collections": lambda c, name, row: name in [
        one["id"] for one in c.get("/ogc/collections?f=json").json()["collections"]],
    "OGC landing page": lambda c, name, row: f"/collections/{name}" in text(c, "/ogc/?f=html"),
    "OpenAPI": lambda c, name, row: f"/collections/{name}" in c.get("/ogc/api?f=json").json()["paths"],
    "items": lambda c, name, row: c.get(f"/ogc/collections/{name}/items").status_code == 200,
    "item": lambda c, name, row: c.get(f"/ogc/collections/{name}/items/{row.pk}").status_code == 200,
    "queryables": lambda c, name, row: c.get(f"/ogc/collections/{name}/queryables").status_code == 200,
    "metadata": lambda c, name, row: c.get(f"/ogc/collections/{name}/metadata").status_code == 200,
    "tilesets": lambda c, name, row: c.get(f"/ogc/collections/{name}/tiles").status_code == 200,
    "all tilesets": lambda c, name, row: name in json.dumps(c.get("/ogc/tiles?f=json").json()),
    "REST list": lambda c, name, row: name in [one["name"] for one in c.get("/api/layers/").json()],
    "REST layer": lambda c, name, row: c.get(f"/api/layers/{name}/").status_code == 200,
    "REST features": lambda c, name, row: c.get(f"/api/layers/{name}/features/").status_code == 200,
    "REST feature": lambda c, name, row: c.get(f"/api/layers/{name}/features/{row.pk}/").status_code == 200,
    "search": lambda c, name, row: name in [
        one["layer"] for one in c.get("/api/search", {"q": row.name}).json()["hits"]],
    "search in this": lambda c, name, row: c.get("/api/search", {"q": row.name, "layers": name}).status_code == 200,
    "search page": lambda c, name, row: f"/map/detail/{name}/" in text(c, f"/map/search/?q={row.name}"),
    "reverse": lambda c, name, row: name in [one["layer"] for one in _reverse(c, row)["areas"]],
    "download": lambda c, name, row: c.get(f"/api/download/{name}?format=gpkg").status_code == 200,
    "streamed download": lambda c, name, row: c.get(f"/api/download/{name}?format=geojson").status_code == 200,
    "past": lambda c, name, row: c.get(
        f"/api/layers/{name}/features/", {"as_of": timezone.now().isoformat()}).status_code == 200,
    "catalogue": lambda c, name, row: f"catalog#{name}" in text(c, "/catalog.ttl"),
    "import page": lambda c, name, row: f'value="{name}"' in text(c, "/import/"),
}  # fmt: skip


def _in_tile(client: Client, names: str, row: Any) -> bool:
    x, y = row.geom.point_on_surface
    response = fetch(client, names, x - factories.X0, y - factories.Y0, 14)
    return response.status_code == 200 and names.split(",")[-1] in decode(response)


def _reverse(client: Client, row: Any) -> Any:
    place = row.geom.point_on_surface.transform(4326, clone=True)
    return client.get(f"/api/reverse?lon={place.x}&lat={place.y}").json()


@pytest.mark.parametrize("door", DOORS)
def test_06_a_service_that_is_switched_off_is_behind_no_door_of_that_site(
    door: str, here: Client, there: Client
) -> None:
    """Not even for an operator; and on the other site it is where it was."""
    row, boss = factories.municipality(), factories.operator()
    for client in (here, there):
        client.force_login(boss)
    assert DOORS[door](here, OFF, row), door
    assert not DOORS[door](there, OFF, row), door


def test_07_every_door_of_the_layer_contract_was_asked() -> None:
    """A new kind of address that takes a layer belongs into the table above."""
    from django.urls import get_resolver

    from gisapp.api.documented import _views

    routes = {route for route, _view in _views(get_resolver().url_patterns)}  # type: ignore[arg-type]
    named = [one for one in routes if re.search(r"<(slug:|str:)?(layer|name)>|\(\?P<names?>", one)]
    told = "".join(str(one.__code__.co_consts) for one in DOORS.values())
    for route in named:
        word = re.split(r"[<(^]", route)[0].strip("/").split("/")[-1]
        assert word in told or word in ("changes", "tenant"), route


def test_08_what_is_switched_off_takes_no_writes(here: Client, there: Client) -> None:
    row, boss = factories.municipality(), factories.operator()
    body = json.dumps({"properties": {"population": 7}})
    for client, expected in ((there, 404), (here, 200)):
        client.force_login(boss)
        answer = client.patch(f"/api/layers/{OFF}/features/{row.pk}/", body, content_type="application/json")
        assert answer.status_code == expected, answer.content


def test_09_a_site_gives_and_takes_no_right(here: Client, there: Client) -> None:
    """Sessions and keys see on each host what the rules say, and neither organisation the other's notes."""
    found: dict[str, set[int]] = {}
    mine, yours = (factories.note(tenants.organisation(key), key) for key in ("hier", "dort"))
    for key, own in (("hier", mine), ("dort", yours)):
        person = factories.member(Role.STAFF, tenants.organisation(key))
        _token, secret = tokens.make(person, "test", scopes=["read"], days=1)
        for client in (here, there):
            client.force_login(person)
            listed = client.get("/api/layers/notes/features/").json()
            found[key] = {one["id"] for one in listed["features"]}
            assert found[key] == {own.pk}
            client.logout()
            bearer = {"Authorization": f"Bearer {secret}"}
            again = client.get("/api/layers/notes/features/", headers=bearer).json()
            assert {one["id"] for one in again["features"]} == {own.pk}
            assert client.get("/api/layers/notes/features/").json()["features"] == []
    assert found == {"hier": {mine.pk}, "dort": {yours.pk}}
    assert Note.objects.count() == 2


def test_10_a_session_is_the_hosts_alone_and_forms_come_from_their_own_site() -> None:
    strict = Client(headers={"Host": THERE}, enforce_csrf_checks=True)
    factories.citizen()
    page = strict.get("/konto/anmelden/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode())
    assert token
    form = {"csrfmiddlewaretoken": token[1], "login": "buerger@example.org", "password": "ein langes Passwort"}
    foreign = strict.post("/konto/anmelden/", form, headers={"Origin": f"http://{HERE}"})
    assert foreign.status_code == 403
    own = strict.post("/konto/anmelden/", form, headers={"Origin": f"http://{THERE}"})
    assert own.status_code == 302, own.content[:300]
    assert all(cookie["domain"] == "" for cookie in own.cookies.values())


def test_11_pages_of_an_app_go_with_it(here: Client, there: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.http import HttpResponse
    from django.urls import path

    from gisapp.tenants import middleware

    def bank(request: Any) -> HttpResponse:
        return HttpResponse(registry.switched_on("notes"))

    app = registry.App(name="benches", urls=[path("baenke/", bank)], layers=[registry.find("notes")])  # type: ignore[list-item]
    monkeypatch.setitem(registry._apps, "benches", app)
    middleware._owners.cache_clear()
    change("dort", Wish(services=["streets"]))
    from gisapp.tenants.current import Visit, visiting
    from gisapp.tenants.directory import directory

    guard = middleware.Tenancy(lambda request: HttpResponse())
    request: Any = Client().get("/healthz").wsgi_request
    found = {}
    for host in (HERE, THERE):
        site = directory().of(host)
        assert site
        with visiting(Visit(site)):
            refused = guard.process_view(request, bank, (), {})
            found[host] = refused.status_code if refused else 200
    middleware._owners.cache_clear()
    assert found == {HERE: 200, THERE: 404}


def test_12_names_in_the_catalogue_the_landing_page_oembed_and_errors(here: Client, there: Client) -> None:
    assert there.get("/ogc/?f=json").json()["title"] == "District There"
    assert there.get("/ogc/api?f=json").json()["info"]["title"] == "District There"
    found = there.get("/oembed", {"url": f"http://{THERE}/"}).json()
    assert (found["provider_name"], found["title"]) == ("District There", "District There")
    published = text(there, "/catalog.ttl")
    assert '"Amt Dort"' in published and '"District There"@en' in published and '"Amt Dort"@de' in published
    assert "Amt Dort" in text(there, "/ogc/collections/streets/metadata")
    broken = there.get("/nix", headers={"Accept": "text/html"}).content.decode()
    assert "/tenant/" in broken and "District There" in broken
    assert 'value="District There"' in text(there)
    assert "District There · " in text(there, "/print/")
    assert "<h1>District There</h1>" in text(there, "/print/")
    assert str(catalogue("https://x.example").serialize(format="turtle")).count("Amt Dort") == 0


def test_13_mails_come_from_the_site(there: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "gisapp.mail.backend.Outbox"
    settings.MAIL_FROM = "Kreis Muster <karte@kreis.example>"
    factories.citizen()
    there.post("/konto/passwort/vergessen/", {"email": "buerger@example.org"})
    (row,) = Outgoing.objects.all()
    assert row.sender == "District There"
    assert row.subject.startswith("District There: ")
    assert f"http://{THERE}/konto/passwort/neu/" in row.text
    assert message(row)["From"] == "District There <karte@kreis.example>"
    settings.MAIL_FROM = ""
    assert message(row)["From"].startswith("District There <krit-gis@")
    # What is written outside of a request comes from the default site.
    assert send("test", "a@example.org", "de", {}, key="x")
    assert Outgoing.objects.get(key="x").sender == "Amt Hier"


def test_14_legal_texts_are_each_sites_own_escaped_and_linked(here: Client, there: Client) -> None:
    assert there.get("/impressum").status_code == 404
    assert "/impressum" not in text(there)
    LegalText.objects.create(kind="imprint", text_de="Für alle\n\nZweiter <b>Absatz</b> post@amt.example")
    LegalText.objects.create(kind="imprint", tenant_id=_id("dort"), text_de="Nur dort", text_en="There alone")
    LegalText.objects.create(kind="accessibility", text_de="Nicht alles geht.")
    everywhere = text(here, "/impressum")
    assert "<p>Für alle</p>" in everywhere
    assert "&lt;b&gt;Absatz" in everywhere and 'href="mailto:post@amt.example"' in everywhere
    assert "There alone" in text(there, "/impressum")
    assert "Nur dort" in text(there, "/impressum?lang=de")
    assert "Nicht alles geht." in text(there, "/barrierefreiheit")
    for client in (here, there):
        assert 'href="/impressum"' in text(client) and 'href="/barrierefreiheit"' in text(client)
        assert 'href="/datenschutz"' not in text(client)


def _id(key: str) -> int:
    from gisapp.tenants.putting import find

    return find(key).pk


def test_15_without_tenants_everything_is_as_before(client: Client) -> None:
    from gisapp.tenants.models import Tenant

    Tenant.objects.all().delete()
    page = text(client)
    assert "<title>KRIT-GIS</title>" in page
    assert "/tenant/" not in page
    assert client.get("/ogc/?f=json").json()["title"] == "KRIT-GIS"
    assert client.get("/", headers={"Host": THERE}).status_code == 400


def test_16_tiles_ask_no_more_of_the_database_than_before(there: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from gisapp.registry import kept

    factories.street()
    fetch(there, "streets", 2_000, 2_000, 14)
    asked: list[str] = []
    monkeypatch.setattr(kept, "fetch_rows", lambda sql, params: asked.append(sql) or [(0, "0", False)])
    for _turn in range(5):
        assert fetch(there, "streets", 2_000, 2_000, 14).status_code == 200
    assert asked == []
