"""`gisapp tenant`: a second Amt by configuration only, its boundary out of a file, and what is refused."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.gis.geos import MultiPolygon
from django.db import DatabaseError, connection, connections, transaction
from django.utils import translation

from gisapp.accounts.models import Area, Organisation
from gisapp.errors import BadInput, Conflict, GisError, NotFound, from_database
from gisapp.tenants import directory
from gisapp.tenants.commands import TENANT
from gisapp.tenants.models import Host, Tenant
from gisapp.tenants.putting import Wish, change, create, remove
from tests import tenants
from tests.db.importers.conftest import square, write_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def german() -> Iterator[None]:
    """Whatever language a page of another test was in last."""
    with translation.override("de"):
        yield


@pytest.fixture
def boundary(tmp_path: Path) -> Path:
    """Two municipalities side by side, and an exclave."""
    shapes = [square(550_000, 6_030_000, 1_000), square(551_000, 6_030_000, 1_000), square(560_000, 6_030_000, 500)]
    return write_file(tmp_path / "grenze.gpkg", shapes, {"name": ["a", "b", "c"]})


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_01_from_nothing_to_a_site_and_again_nothing(
    boundary: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logo = tmp_path / "wappen.png"
    logo.write_bytes(tenants.picture())
    asked = ["create", "amt-x", "--name", "Amt X", "--title-en", "District X", "--boundary", boundary, "--host",
             "karte.amt-x.example", "--host", "amt-x.example", "--language", "en", "--language", "de", "--primary",
             "#5B2A86", "--accent", "#b3123f", "--logo", logo, "--service", "pois", "--default", "--json"]  # fmt: skip
    assert tenants.run(TENANT, *asked) == 0
    made = told(capsys)
    assert {"organisation", "tenant", "boundary"} <= set(made["changed"])
    assert made["hosts"] == ["karte.amt-x.example", "amt-x.example"]
    assert (made["primary"], made["languages"], made["services"]) == ("#5b2a86", ["en", "de"], ["pois"])
    area = Area.objects.get(key="own:amt-x")
    assert isinstance(area.geom, MultiPolygon) and area.geom.valid
    # The two that touch have become one.
    assert (len(area.geom), round(area.geom.area)) == (2, 2_250_000)
    assert Organisation.objects.get(key="amt-x").areas.get() == area
    assert tenants.run(TENANT, *asked) == 0
    assert told(capsys)["changed"] == []
    assert tenants.run(TENANT, *asked[:-1]) == 0
    assert "unverändert" in capsys.readouterr().out
    assert tenants.run(TENANT, "list", "--json") == 0
    (listed,) = told(capsys)["tenants"]
    assert listed == {name: value for name, value in made.items() if name != "changed"}
    assert Tenant.objects.get().events.count() == 1  # type: ignore[attr-defined]


def test_02_changes_one_thing_and_leaves_the_rest(boundary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, _second = tenants.two()
    assert tenants.run(TENANT, "change", "hier", "--primary", "#123456", "--json") == 0
    changed = told(capsys)
    assert (changed["changed"], changed["primary"], changed["hosts"]) == (["primary_colour"], "#123456", [tenants.HERE])
    assert tenants.run(TENANT, "change", "hier", "--boundary", boundary, "--json") == 0
    assert told(capsys)["changed"] == ["boundary"]
    assert tenants.run(TENANT, "change", "dort", "--default", "--all-services", "--no-logo", "--no-host", "--json") == 0
    there = told(capsys)
    assert (there["default"], there["services"], there["logo"], there["hosts"]) == (True, None, None, [])
    first.refresh_from_db()
    assert first.is_default is False
    assert tenants.run(TENANT, "change", "dort", "--name", "Amt Neu", "--json") == 0
    renamed = told(capsys)
    # A title of its own stays.
    assert (renamed["organisation"], renamed["title"]) == ("Amt Neu", {"de": "Amt Dort", "en": "District There"})


def test_03_a_retired_site_leaves_everything_else(capsys: pytest.CaptureFixture[str]) -> None:
    _first, second = tenants.two()
    assert tenants.run(TENANT, "remove", "dort", "--json") == 0
    assert told(capsys)["changed"] == ["retired_at"]
    assert Organisation.objects.filter(key="dort", active=True).exists()
    assert Area.objects.filter(key="own:dort").exists()
    assert list(Host.objects.values_list("host", flat=True)) == [tenants.HERE]
    with pytest.raises(NotFound) as refused:
        remove("dort")
    assert refused.value.text("de") == "Den Mandanten dort gibt es nicht; es gibt: hier"
    # Its host is free, and it may come back.
    change("hier", Wish(hosts=[tenants.HERE, tenants.THERE]))
    with pytest.raises(Conflict):
        create("dort", Wish(name="Amt Dort"))
    change("hier", Wish(hosts=[tenants.HERE]))
    assert create("dort", Wish(name="Amt Dort", hosts=[tenants.THERE])).tenant.pk == second.pk
    assert directory.directory().of(tenants.THERE).key == "dort"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Wish(name="Amt X", hosts=[tenants.HERE]), "host-taken"),
        (Wish(name="Amt X", hosts=["*"]), "tenant-bad-host"),
        (Wish(name="Amt X", primary="#ffff00"), "tenant-unreadable"),
        (Wish(name="Amt X", languages=["fr"]), "tenant-no-language"),
        (Wish(name="Amt X", services=["nix"]), "tenant-no-service"),
        (Wish(name="Amt X", logo=b"<svg/>"), "logo-svg"),
        (Wish(name="Amt X", kind="reich"), "bad-value"),
        (Wish(name=" "), "tenant-bad-title"),
        (Wish(name="Amt X"), "tenant-without-boundary"),
        (Wish(name="Amt X", boundary=Path("/nirgends.gpkg")), "no-such-file"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_04_what_is_refused_leaves_nothing(wish: Wish, code: str) -> None:
    tenants.two()
    with pytest.raises(GisError) as refused:
        create("amt-x", wish)
    assert refused.value.code == code
    assert refused.value.text("de") != refused.value.text("en")
    assert "?" not in refused.value.text("de")
    assert not Tenant.objects.filter(key="amt-x").exists()
    assert not Organisation.objects.filter(key="amt-x").exists()


def test_05_wrong_usage_is_told_by_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["create", "x"], ["create"], ["change", "x", "--language", "fr"], ["list", "x"], []):
        with pytest.raises(SystemExit) as ended:
            tenants.run(TENANT, *wrong)
        assert ended.value.code == 2


BOW_TIE = "POLYGON ((550000 6030000, 551000 6031000, 551000 6030000, 550000 6031000, 550000 6030000))"
BARELY = "POLYGON ((550000 6030000, 551000 6030000, 551000 6031000, 550000 6031000, 550000 6030500, 549999.9 6030500, 550000 6030500, 550000 6030000))"


@pytest.mark.parametrize(
    ("shapes", "reason"),
    [
        ([square(550_000, 6_030_000), "POINT (550000 6030000)"], "2: falsche Art von Geometrie"),
        ([BOW_TIE], "1: ungültige Geometrie"),
        ([square(550_000, 6_030_000), square(551_000, 6_030_000), square(900, 900)], "3: liegt außerhalb"),
        ([None, square(550_000, 6_030_000)], "1: "),
    ],
    ids=["point", "bow tie", "elsewhere", "nothing"],
)
def test_06_faults_of_a_boundary_are_named(shapes: list[str], reason: str, tmp_path: Path) -> None:
    file = write_file(tmp_path / "grenze.gpkg", shapes, {"n": list(range(len(shapes)))})
    with pytest.raises(BadInput) as refused:
        create("amt-x", Wish(name="Amt X", boundary=file))
    assert refused.value.code == "boundary-rejected"
    assert f"grenze.gpkg ist nicht zu gebrauchen, Objekt {reason}" in refused.value.text("de")
    assert not Organisation.objects.filter(key="amt-x").exists()


def test_07_a_boundary_that_can_be_mended_is_and_twice_the_same_is_once(tmp_path: Path) -> None:
    shapes = [BARELY, square(550_000, 6_030_000, 1_000), square(550_000, 6_030_000, 1_000)]
    file = write_file(tmp_path / "grenze.gpkg", shapes, {"n": [1, 2, 3]})
    create("amt-x", Wish(name="Amt X", boundary=file))
    area = Area.objects.get(key="own:amt-x")
    assert area.geom.valid
    assert round(area.geom.area) == 1_000_000


@pytest.mark.parametrize("name", ["grenze.geojson", "grenze.fgb", "grenze.kml", "grenze.shp", "grenze.gml"])
def test_08_any_format_and_system_that_an_import_reads(name: str, tmp_path: Path) -> None:
    driver = {"geojson": "GeoJSON", "fgb": "FlatGeobuf", "kml": "LIBKML", "shp": "ESRI Shapefile", "gml": "GML"}
    shape = "POLYGON ((9.7 54.4, 9.8 54.4, 9.8 54.45, 9.7 54.45, 9.7 54.4))"
    file = write_file(
        tmp_path / name, [shape], {"n": [1]}, kind="Polygon", crs="EPSG:4326", driver=driver[name.split(".")[1]]
    )
    create("amt-x", Wish(name="Amt X", boundary=file))
    area = Area.objects.get(key="own:amt-x")
    west, south, east, north = area.geom.transform(4326, clone=True).extent
    assert (round(west, 3), round(south, 3), round(east, 3), round(north, 3)) == (9.7, 54.4, 9.8, 54.45)


def test_09_a_file_that_does_not_say_its_system_needs_to_be_told(tmp_path: Path) -> None:
    file = write_file(tmp_path / "g.shp", [square(550_000, 6_030_000)], {"n": [1]}, kind="Polygon", crs=None)
    with pytest.raises(BadInput) as refused:
        create("amt-x", Wish(name="Amt X", boundary=file))
    assert refused.value.code == "crs-missing"
    create("amt-x", Wish(name="Amt X", boundary=file, crs="EPSG:25832"))
    assert round(Area.objects.get(key="own:amt-x").geom.area) == 10_000


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tenants_tenant SET hosts = ARRAY['hier.example'] WHERE key = 'dort'",
        "UPDATE tenants_tenant SET hosts = ARRAY['a.example', 'a.example'] WHERE key = 'dort'",
        "UPDATE tenants_tenant SET hosts = ARRAY['*'] WHERE key = 'dort'",
        "UPDATE tenants_tenant SET is_default = true WHERE key = 'dort'",
        "UPDATE tenants_tenant SET primary_colour = 'red' WHERE key = 'dort'",
        "UPDATE tenants_tenant SET languages = '{}' WHERE key = 'dort'",
        "UPDATE tenants_tenant SET title_de = '' WHERE key = 'dort'",
    ],
)
def test_10_the_database_keeps_the_rules_whoever_writes(statement: str) -> None:
    tenants.two()
    with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    found = from_database(refused.value)
    assert found is not None
    assert found.code in ("host-taken", "rule-violated", "duplicate")


@pytest.mark.django_db(transaction=True)
def test_11_two_who_want_one_host_at_once_do_not_both_get_it() -> None:
    for key in ("a", "b"):
        tenants.organisation(key)
        create(key, Wish(name=f"Amt {key}"))
    start = threading.Barrier(2)

    def take(key: str) -> str:
        start.wait()
        try:
            change(key, Wish(hosts=["karte.example"]))
        except Conflict as refused:
            return refused.code
        except DatabaseError as error:
            found = from_database(error)
            return found.code if found else "?"
        finally:
            connections.close_all()
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(take, ["a", "b"]))
    assert found == ["host-taken", "taken"]
    assert Tenant.objects.filter(hosts=["karte.example"]).count() == 1 == Host.objects.count()


def test_12_who_changed_what_is_in_the_history() -> None:
    from gisapp.history.recording import recorded

    first, _second = tenants.two()
    with recorded("command", command="tenant"):
        change("hier", Wish(primary="#123456"))
    last = first.events.order_by("pgh_id").last()  # type: ignore[attr-defined]
    assert (last.pgh_label, last.primary_colour) == ("update", "#123456")
    assert last.pgh_context.metadata["command"] == "tenant"


def test_13_processes_learn_of_a_change_by_its_version_and_ask_nothing_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gisapp.registry import kept

    tenants.two()
    asked: list[str] = []
    real: Callable[..., Any] = kept.fetch_rows
    monkeypatch.setattr(kept, "fetch_rows", lambda sql, params: asked.append(sql) or real(sql, params))
    assert directory.directory().of(tenants.THERE).key == "dort"  # type: ignore[union-attr]
    for _turn in range(100):
        directory.directory()
    assert len(asked) == 1
    with connection.cursor() as cursor:  # past Django's signals
        cursor.execute("UPDATE tenants_tenant SET title_de = 'Neu' WHERE key = 'dort'")
    monkeypatch.setattr(directory._kept, "_until", 0.0)
    assert directory.directory().of(tenants.THERE).title.de == "Neu"  # type: ignore[union-attr]


def test_14_without_a_database_the_last_known_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import OperationalError

    from gisapp.registry import kept

    def away(*_arguments: Any) -> Any:
        raise OperationalError("weg")

    tenants.two()
    assert directory.directory().of(tenants.THERE) is not None
    monkeypatch.setattr(directory._kept, "_until", 0.0)
    monkeypatch.setattr(kept, "fetch_rows", away)
    assert directory.directory().of(tenants.THERE).key == "dort"  # type: ignore[union-attr]
    directory.changed()
    assert directory.directory().of(tenants.THERE).key == "dort"  # type: ignore[union-attr]
    kept.forget_all()
    assert directory.directory().of(tenants.THERE) is None


def test_15_the_demo_has_two_and_the_second_time_changes_nothing() -> None:
    from gisapp.layer import all_apps
    from gisapp.tenants import demo

    for part in sorted((part for app in all_apps() for part in app.demo), key=lambda part: part.order):
        part.build("s", 1, lambda _text: None)
    first, second = directory.directory().sites
    assert (first.is_default, first.hosts, second.hosts) == (True, ("127.0.0.1", "localhost"), (demo.SECOND_HOST,))
    assert second.languages == ("en", "de")
    assert first.services is None and second.services
    assert first.primary != second.primary and first.logo != second.logo
    inside = first.box and second.box and first.box[0] <= second.box[0] and second.box[2] <= first.box[2] + 1e-5
    assert inside
    events = Tenant.objects.get(key=demo.SECOND).events.count()  # type: ignore[attr-defined]
    shape = Area.objects.get(key=f"own:{demo.SECOND}").geom.wkb
    demo.build("s", 1, lambda _text: None)
    assert Tenant.objects.get(key=demo.SECOND).events.count() == events  # type: ignore[attr-defined]
    assert Area.objects.get(key=f"own:{demo.SECOND}").geom.wkb == shape
