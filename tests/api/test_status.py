"""Banners on every page, and maintenance at every door of the web."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from gisapp.fields import Text
from gisapp.problems import CONTENT_TYPE
from gisapp.status import maintenance
from gisapp.status.commands import BANNER, MAINTENANCE
from gisapp.status.models import Banner, Maintenance
from gisapp.tenants.putting import find
from tests import factories, tenants
from tests.tenants import HERE, THERE

pytestmark = pytest.mark.django_db
PAGE = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A data directory of its own; German, whatever language a page of another test was in last."""
    settings.DATA_DIR = tmp_path
    with translation.override("de"):
        yield tmp_path


def shown(client: Client, path: str) -> str:
    return str(client.get(path).content.decode())


# ------------------------------------------------------------------------------------------------ banners


def test_01_a_banner_is_on_every_page_escaped_and_in_the_askers_language(client: Client) -> None:
    place = factories.place()
    assert (
        tenants.run(
            BANNER, "set", "--text-de", "Netz <b>gestört</b>", "--text-en", "Network down", "--level", "disruption"
        )
        == 0
    )
    for path in ("/", "/embed/", "/print/", "/map/contents/", "/map/list/places", f"/map/detail/places/{place.pk}",
                 "/map/search/?q=haby", "/konto/anmelden/", "/ogc/?f=html"):  # fmt: skip
        page = shown(client, path)
        assert page.count("Netz &lt;b&gt;gestört&lt;/b&gt;") == 1, path
        assert 'role="alert"' in page and "status/notices." in page, path
    assert "Network down" in shown(client, "/?lang=en")
    broken = client.get("/nix", headers=PAGE).content.decode()
    assert "Netz &lt;b&gt;" in broken or "Network down" in broken
    assert "gestört" not in shown(client, f"/map/detail/places/{place.pk}?fragment=1")


def test_02_only_in_its_time_and_only_on_its_site() -> None:
    tenants.two()
    now = timezone.now()
    for text, level, since, until, tenant in (
        ("jetzt", "info", -1, 1, None), ("vorbei", "info", -2, -1, None), ("morgen", "warning", 1, 2, None),
        ("dort", "warning", -1, None, find("dort")),
    ):  # fmt: skip
        Banner.objects.create(
            text_de=text, text_en=text, level=level, tenant=tenant, valid_from=now + timedelta(hours=since),
            valid_until=now + timedelta(hours=until) if until is not None else None,
        )  # fmt: skip
    found = {}
    for host in (HERE, THERE):
        told = Client(headers={"Host": host}).get("/api/status").json()["banners"]
        found[host] = [one["text"]["de"] for one in told]
    assert found == {HERE: ["jetzt"], THERE: ["dort", "jetzt"]}


def test_03_set_clear_show(capsys: pytest.CaptureFixture[str]) -> None:
    def told() -> Any:
        return json.loads(capsys.readouterr().out)

    until = (timezone.now() + timedelta(days=1)).isoformat()
    asked = ["set", "--text-de", "a", "--text-en", "b", "--level", "warning", "--until", until, "--json"]
    assert tenants.run(BANNER, *asked) == 0
    assert told()["changed"] is True
    assert tenants.run(BANNER, *asked) == 0
    assert told()["changed"] is False
    assert tenants.run(BANNER, "set", "--text-de", "neu", "--text-en", "new", "--json") == 0
    assert told()["changed"] is True
    assert tenants.run(BANNER, "show", "--json") == 0
    (one,) = told()["banners"]
    assert (one["text"], one["level"], one["tenant"]) == ({"de": "neu", "en": "new"}, "info", None)
    assert tenants.run(BANNER, "clear", "--json") == 0
    assert told() == {"cleared": 1}
    assert Client().get("/api/status").json()["banners"] == []
    assert Banner.objects.filter(cleared_at__isnull=False).count() == 2
    assert Banner.objects.first().events.count() >= 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["--until", "2020-01-01T00:00"], "banner-over"), (["--tenant", "nix"], "tenant-unknown"),
        (["--text-de", "x" * 501], "banner-bad-text"), (["--text-en", " "], "banner-bad-text"),
    ],
)  # fmt: skip
def test_04_what_a_banner_may_not_be(more: list[str], code: str) -> None:
    from gisapp.errors import GisError

    with pytest.raises(GisError) as refused:
        tenants.run(BANNER, "set", "--text-de", "a", "--text-en", "b", *more)
    assert refused.value.code == code
    assert not Banner.objects.exists()


def test_05_operators_set_it_in_the_administration_and_nobody_else(client: Client) -> None:
    form = {"text_de": "Aus der Verwaltung", "text_en": "From the administration", "level": "info",
            "valid_from_0": "2026-01-01", "valid_from_1": "00:00", "valid_until_0": "", "valid_until_1": "",
            "tenant": "", "cleared_at_0": "", "cleared_at_1": ""}  # fmt: skip
    client.force_login(factories.staff())
    assert client.post("/admin/status/banner/add/", form).status_code in (302, 403)
    assert not Banner.objects.exists()
    client.force_login(factories.operator())
    assert client.post("/admin/status/banner/add/", form).status_code == 302
    assert "Aus der Verwaltung" in shown(client, "/")
    assert "Aus der Verwaltung" in shown(client, "/admin/")


# -------------------------------------------------------------------------------------------- maintenance

READING = (
    "/", "/embed/", "/map/contents/", "/map/list/places", "/ogc/collections/places/items", "/api/layers/", "/api/search?q=a",
    "/api/download/places?format=csv", "/tiles/places/0/0/0.mvt", "/tiles/style.json", "/catalog.ttl", "/konto/",
    "/konto/neu/", "/api/schema/", "/import/", "/konto/sicherheit/passkeys/",
)  # fmt: skip
WRITING = (
    ("post", "/api/layers/places/features/"), ("put", "/api/layers/places/features/1/"),
    ("patch", "/api/layers/places/features/1/"), ("delete", "/api/layers/places/features/1/"),
    ("post", "/ogc/collections/places/items"), ("put", "/ogc/collections/places/items/1"),
    ("delete", "/ogc/collections/places/items/1"), ("post", "/import/upload"), ("post", "/konto/zugangsschluessel/"),
    ("post", "/konto/passwort/"), ("post", "/verlauf/places/1/zuruecknehmen/"), ("post", "/konto/organisation/amt/person/"),
    ("post", "/api/changes/00000000-0000-0000-0000-000000000000/revert"), ("post", "/konto/neu/"),
)  # fmt: skip
ALWAYS = (
    ("/healthz", 200), ("/api/status", 200), ("/admin/", 200), ("/admin/status/banner/", 200), ("/konto/anmelden/", 302),
    ("/konto/abmelden/", 200),
)  # fmt: skip


@pytest.mark.parametrize("path", READING)
def test_06_full_maintenance_answers_every_door_with_503(client: Client, path: str) -> None:
    maintenance.put(maintenance.FULL, Text("Neue Datenbank", "New database"), timezone.now() + timedelta(minutes=10))
    client.force_login(factories.operator())
    answer = client.get(path)
    assert answer.status_code == 503
    assert answer["Content-Type"] == CONTENT_TYPE
    assert (answer.json()["code"], answer.json()["detail"]) == ("maintenance", "Neue Datenbank")
    assert 590 <= int(answer["Retry-After"]) <= 600
    assert answer["Cache-Control"] == "no-store"
    page = client.get(path, headers=PAGE)
    assert page.status_code == 503 and page["Retry-After"]
    text = page.content.decode()
    assert "Neue Datenbank" in text and "New database" in text
    assert 'lang="de"' in text and 'lang="en"' in text
    assert "default-src 'self'" in page["Content-Security-Policy"]


@pytest.mark.parametrize(("method", "path"), WRITING)
@pytest.mark.parametrize("mode", [maintenance.READ_ONLY, maintenance.FULL])
def test_07_nothing_is_written_through_any_door(client: Client, method: str, path: str, mode: str) -> None:
    maintenance.put(mode, Text("Umzug", "Move"))
    client.force_login(factories.operator())
    answer = getattr(client, method)(path, "{}", content_type="application/json")
    assert answer.status_code == 503, answer.content
    code = "maintenance" if mode == maintenance.FULL else "maintenance-read-only"
    assert (answer.json()["code"], answer["Retry-After"]) == (code, "300")


@pytest.mark.parametrize(("path", "expected"), ALWAYS)
@pytest.mark.parametrize("mode", [maintenance.READ_ONLY, maintenance.FULL])
def test_08_what_goes_on(client: Client, path: str, expected: int, mode: str) -> None:
    client.force_login(factories.operator())
    maintenance.put(mode, Text("Umzug", "Move"))
    assert client.get(path).status_code == expected


def test_09_read_only_reads_and_says_so(client: Client) -> None:
    factories.place()
    maintenance.put(maintenance.READ_ONLY, Text("Umzug", "Move"))
    for path in ("/", "/ogc/collections/places/items", "/tiles/places/0/0/0.mvt", "/map/list/places", "/catalog.ttl"):
        assert client.get(path).status_code in (200, 204), path
    page = shown(client, "/map/contents/")
    assert "Zurzeit kann nichts gespeichert werden." in page and "Umzug" in page
    told = client.get("/api/status").json()["maintenance"]
    assert told == {"mode": "read-only", "reason": {"de": "Umzug", "en": "Move"}, "until": None}


def test_10_operators_can_log_in_and_work_in_the_administration() -> None:
    factories.operator()
    maintenance.put(maintenance.FULL, Text("Umzug", "Move"))
    client = Client()
    form = {"login": "betrieb@example.org", "password": "ein langes Passwort"}
    assert client.post("/konto/anmelden/", form).status_code == 302
    assert client.get("/konto/sicherheit/").status_code in (200, 302)


def test_11_the_command_begins_tells_and_ends(
    client: Client, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gisapp.status import commands

    monkeypatch.setattr("django.db.connections.close_all", lambda: None)
    monkeypatch.setattr(commands, "_database", lambda: __import__("contextlib").nullcontext())
    assert tenants.run(MAINTENANCE, "on", "--reason", "Umzug", "--reason-en", "Move", "--read-only", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "mode": "read-only", "reason": {"de": "Umzug", "en": "Move"}, "until": None, "database": True,
    }  # fmt: skip
    assert (data / maintenance.FILE).exists()
    assert tenants.run(MAINTENANCE, "status") == 0
    assert "Es wird nur gelesen. Umzug" in capsys.readouterr().out
    assert tenants.run(MAINTENANCE, "off", "--json") == 0
    assert json.loads(capsys.readouterr().out)["mode"] == "off"
    assert not (data / maintenance.FILE).exists()
    assert client.get("/").status_code == 200
    assert Maintenance.objects.get().events.count() == 2  # type: ignore[attr-defined]
    with pytest.raises(SystemExit) as ended:
        tenants.run(MAINTENANCE, "on")
    assert ended.value.code == 2


def test_12_the_file_holds_while_an_older_database_is_put_in_place(client: Client, data: Path) -> None:
    maintenance.put(maintenance.FULL, Text("Wiederherstellung", "Restore"))
    Maintenance.objects.all().delete()  # what was restored knows nothing of it
    assert client.get("/").status_code == 503
    maintenance.put(maintenance.OFF)
    assert client.get("/").status_code == 200


def test_13_a_machine_that_hears_of_it_keeps_it_and_forgets_it_with_the_end(client: Client, data: Path) -> None:
    now = timezone.now()
    Maintenance.objects.create(pk=1, mode="full", reason_de="Andere", changed_at=now)
    assert client.get("/").status_code == 503
    kept = json.loads((data / maintenance.FILE).read_text())
    assert kept["reason_de"] == "Andere"
    row = Maintenance.objects.get()
    row.mode, row.changed_at = "off", now + timedelta(seconds=1)
    row.save()
    assert client.get("/").status_code == 200
    assert not (data / maintenance.FILE).exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"mode": "halb"}',
        '{"mode": "off", "reason_de": "", "reason_en": "", "until": null, "changed_at": "gestern"}',
    ],
)
def test_14_a_file_that_nobody_understands_closes_the_site_until_it_is_ended(
    client: Client, data: Path, content: str
) -> None:
    (data / maintenance.FILE).write_text(content)
    assert client.get("/").status_code == 503
    maintenance.put(maintenance.OFF)
    assert client.get("/").status_code == 200


def test_15_without_a_database_it_holds_on_this_machine(
    client: Client, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def away(_wanted: Any) -> None:
        raise OperationalError("weg")

    monkeypatch.setattr(maintenance, "_store", away)
    state, stored = maintenance.put(maintenance.FULL, Text("Kaputt", "Broken"))
    assert (state.mode, stored) == ("full", False)
    assert client.get("/").status_code == 503
    with pytest.raises(OperationalError):
        maintenance.put(maintenance.OFF)
    assert client.get("/").status_code == 503


def test_16_static_files_of_the_site_are_not_maintained_away(client: Client) -> None:
    tenants.two()
    maintenance.put(maintenance.FULL, Text("Umzug", "Move"))
    page = client.get("/", headers={**PAGE, "Host": THERE}).content.decode()
    sheet = re.search(r'href="(/tenant/[0-9a-f]{16}\.css)"', page)
    assert sheet and "District There" in page
    assert client.get(sheet[1], headers={"Host": THERE}).status_code == 200


def test_17_a_tile_asks_no_table_for_it(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from gisapp.registry import kept

    client.get("/tiles/places/0/0/0.mvt")
    asked: list[str] = []
    monkeypatch.setattr(kept, "fetch_rows", lambda sql, _params: asked.append(sql) or [(0, "0", False)])
    for _turn in range(5):
        client.get("/tiles/places/0/0/0.mvt")
    assert asked == []
