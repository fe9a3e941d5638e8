"""Two sites of one installation: each as its tenant wants it, through every door, and no right more or less on either."""

import json
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone, translation

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
def both() -> Iterator[None]:
    """And no language of one of their pages left for the next test."""
    with translation.override("de"):
        tenants.two()
        yield


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


def opens(path: str) -> Callable[[Client, str, Any], bool]:
    """A door with an address of its own for the layer: it is there, or it is not."""

    def asked(client: Client, name: str, row: Any) -> bool:
        return client.get(path.format(name=name, key=row.pk)).status_code == 200

    asked.__doc__ = path
    return asked


def holds(path: str, what: str) -> Callable[[Client, str, Any], bool]:
    """A door that tells of all layers: this one is among what it tells of."""

    def asked(client: Client, name: str, row: Any) -> bool:
        word = urlencode({"q": row.name})[2:]
        return what.format(name=name) in text(client, path.format(name=name, word=word))

    asked.__doc__ = path
    return asked


def _in_tile(client: Client, name: str, row: Any) -> bool:
    x, y = row.geom.point_on_surface
    response = fetch(client, f"streets,{name}", x - factories.X0, y - factories.Y0, 14)
    return response.status_code == 200 and name in decode(response)


def _reverse(client: Client, name: str, row: Any) -> bool:
    place = row.geom.point_on_surface.transform(4326, clone=True)
    found = client.get(f"/api/reverse?lon={place.x}&lat={place.y}").json()
    return name in [one["layer"] for one in found["areas"]]


def _past(client: Client, name: str, row: Any) -> bool:
    now = timezone.now().isoformat()
    return client.get(f"/api/layers/{name}/features/{row.pk}/", {"as_of": now}).status_code == 200


DOORS: dict[str, Callable[[Client, str, Any], bool]] = {
    "map switch": holds("/", 'data-layer="{name}"'),
    "page data": holds("/", '"name": "{name}"'),
    "contents": holds("/map/contents/", "/map/list/{name}"),
    "list": opens("/map/list/{name}"),
    "list filters": opens("/map/filters/{name}"),
    "detail": opens("/map/detail/{name}/{key}"),
    "history page": opens("/verlauf/{name}/{key}/"),
    "history API": opens("/api/layers/{name}/features/{key}/history"),
    "embed": holds("/embed/", '"name": "{name}"'),
    "sheet": holds("/print/?layers={name}", '"name": "{name}"'),
    "style": holds("/tiles/style.json", '"source": "{name}"'),
    "style of this": opens("/tiles/style.json?layers={name}"),
    "TileJSON": opens("/tiles/{name}.json"),
    "tile": _in_tile,
    "collections": holds("/ogc/collections?f=json", "/collections/{name}"),
    "collection": opens("/ogc/collections/{name}?f=json"),
    "OGC landing page": holds("/ogc/?f=html", "/collections/{name}"),
    "OpenAPI of OGC": holds("/ogc/api?f=json", "/collections/{name}"),
    "items": opens("/ogc/collections/{name}/items"),
    "item": opens("/ogc/collections/{name}/items/{key}"),
    "schema": opens("/ogc/collections/{name}/schema"),
    "queryables": opens("/ogc/collections/{name}/queryables"),
    "metadata": opens("/ogc/collections/{name}/metadata"),
    "tilesets": opens("/ogc/collections/{name}/tiles"),
    "tileset": opens("/ogc/collections/{name}/tiles/WebMercatorQuad"),
    "all tilesets": holds("/ogc/tiles/WebMercatorQuad?f=json", "{name}"),
    "REST list": holds("/api/layers/", '"{name}"'),
    "REST layer": opens("/api/layers/{name}/"),
    "REST features": opens("/api/layers/{name}/features/"),
    "REST feature": opens("/api/layers/{name}/features/{key}/"),
    "search": holds("/api/search?q={word}", '"layer":"{name}"'),
    "search in this": opens("/api/search?q=haby&layers={name}"),
    "search page": holds("/map/search/?q={word}", "/map/detail/{name}/"),
    "reverse": _reverse,
    "download": opens("/api/download/{name}?format=gpkg"),
    "streamed download": opens("/api/download/{name}?format=geojson"),
    "past": _past,
    "catalogue": holds("/catalog.ttl", "catalog#{name}"),
    "import page": holds("/import/", 'value="{name}"'),
}


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


def test_07_every_address_that_takes_a_layer_was_asked() -> None:
    """A new one belongs into the table above; those that only write are asked below."""
    from django.urls import get_resolver

    from gisapp.api.documented import _views

    def plain(route: str) -> str:
        short = re.sub(r"<(slug:|str:|int:)?\w+>|\(\?P<\w+>[^)]*\)|\{\w+\}", "*", route)
        return re.sub(r"[\^$\\]", "", short).strip("/").split("?")[0]

    told = {plain(one.__doc__ or "") for one in DOORS.values()}
    told |= {"api/layers/*/features/*/history/*/revert", "verlauf/*/*/zuruecknehmen"}
    told |= {"tiles/*/*/*/*.mvt"}
    routes = {route for route, _view in _views(get_resolver().url_patterns)}  # type: ignore[arg-type]
    named = {plain(one) for one in routes if re.search(r"<(slug:|str:)?(layer|names?)>", one)}
    assert {one for one in named if not any(fnmatch(other, one) for other in told)} == set()


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

    guard = middleware.Tenancy(lambda _request: HttpResponse())
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
    monkeypatch.setattr(kept, "fetch_rows", lambda sql, _params: asked.append(sql) or [(0, "0", False)])
    for _turn in range(5):
        assert fetch(there, "streets", 2_000, 2_000, 14).status_code == 200
    assert asked == []
