"""Who imports: only what the person may change, before and after; owned layers need an organisation."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gisapp import layer as contract
from gisapp.accounts.roles import Role, System
from gisapp.errors import BadInput, Forbidden, NotFound
from gisapp.layer import App, Field, Geometry, Target, Text, Type
from importers import pipeline
from importers.plan import Options
from importers.progress import Reporter
from importers.reach import Person
from layers.notes.models import Note
from layers.regions.models import Place
from tests import factories
from tests.db.importers.conftest import write_file

pytestmark = pytest.mark.django_db
X, Y = factories.X0, factories.Y0


def places(folder: Path, *positions: tuple[float, float], name: str = "orte") -> Path:
    shapes = [f"POINT ({X + x} {Y + y})" for x, y in positions]
    columns: dict[str, list[Any]] = {
        "id": [str(number) for number in range(len(shapes))], "name": [f"Ort {number}" for number in range(len(shapes))],
        "kind": ["village"] * len(shapes),
    }  # fmt: skip
    return write_file(folder / f"{name}.gpkg", shapes, columns, kind="Point", driver="GPKG")


def bring(layer: str, file: Path, person: Person, **options: bool) -> Any:
    target = contract.target(layer)
    assert target is not None
    return pipeline.run_import(pipeline.Request(target, file, options=Options(**options), person=person), Reporter())


@pytest.fixture
def near() -> Person:
    """Staff of an Amt that is responsible for ten kilometres around the corner."""
    amt = factories.organisation("nah", factories.area("own:near", -5_000, -5_000, 10_000))
    return Person(factories.member(Role.STAFF, amt))


def test_01_within_reach_it_is_done(near: Person, tmp_path: Path) -> None:
    done = bring("places", places(tmp_path, (0, 0), (100, 100)), near)
    assert (done.created, Place.objects.count()) == (2, 2)
    # The same person again: unchanged; and one is moved within reach.
    assert bring("places", places(tmp_path, (0, 0), (200, 100)), near).updated == 1


def test_02_one_row_beyond_reach_and_nothing_is_written(near: Person, tmp_path: Path) -> None:
    with pytest.raises(Forbidden, match="import-out-of-reach") as refused:
        bring("places", places(tmp_path, (0, 0), (50_000, 0)), near)
    assert (refused.value.values["count"], refused.value.values["which"]) == (1, "1")
    assert not Place.objects.exists()


def test_03_what_others_imported_under_that_name_stays(near: Person, tmp_path: Path) -> None:
    bring("places", places(tmp_path, (50_000, 0)), Person(System()))
    # Moved into reach it would have been theirs before.
    for options in ({}, {"sync": True}):
        with pytest.raises(Forbidden, match="import-out-of-reach"):
            bring("places", places(tmp_path, (0, 0)), near, **options)
    assert Place.objects.get().geom.x == X + 50_000


def test_04_a_dry_run_tells_the_same(near: Person, tmp_path: Path) -> None:
    with pytest.raises(Forbidden, match="import-out-of-reach"):
        bring("places", places(tmp_path, (50_000, 0)), near, dry_run=True)


@pytest.mark.parametrize("role", [Role.PLANNER, Role.CONTRACTOR, Role.CITIZEN])
def test_05_who_may_not_write_may_not_import(tmp_path: Path, role: Role) -> None:
    with pytest.raises(Forbidden, match="forbidden"):
        bring("places", places(tmp_path, (0, 0)), Person(factories.member(role)))


@pytest.fixture
def notes() -> Iterator[None]:
    target = Target(
        layer="notes", model="notes.Note", geometry=Geometry.POINT, required=("title",),
        fields=(Field("title", Type.STRING, Text("Titel", "Title")),), aliases={"title": ("name",)}, id_aliases=("id",),
    )  # fmt: skip
    contract.register(App(name="throw-away", targets=[target]))
    yield
    contract.unregister("throw-away")


def test_06_owned_rows_belong_to_the_chosen_organisation(notes: None, tmp_path: Path) -> None:
    one, two = factories.organisation("eins"), factories.organisation("zwei")
    user = factories.member(Role.STAFF, one, email="beide@example.org")
    file = places(tmp_path, (0, 0), name="hinweise")
    assert bring("notes", file, Person(user)).created == 1  # the only one needs no choice
    assert Note.objects.get().organisation == one
    factories.member(Role.STAFF, two, email="beide@example.org")
    user = type(user).objects.get(pk=user.pk)
    with pytest.raises(BadInput, match="which-organisation"):
        bring("notes", file, Person(user))
    with pytest.raises(Forbidden, match="out-of-reach"):
        bring("notes", file, Person(user, "drei"))
    other = factories.member(Role.STAFF, two, email="zwei@example.org")
    with pytest.raises(Forbidden, match="import-out-of-reach"):
        bring("notes", file, Person(other))
    assert Note.objects.get().organisation == one


def test_07_the_command_takes_the_name(near: Person, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from gisapp.cli import _parse
    from gisapp.layer import all_commands

    file = places(tmp_path, (50_000, 0))
    command = next(one for one in all_commands() if one.name == "import")

    def run(*more: str) -> int:
        return command.run(_parse(["import", "places", str(file), "--json", *more], [command]))

    with pytest.raises(Forbidden, match="import-out-of-reach"):
        run("--as", near.user.email)
    with pytest.raises(NotFound):
        run("--as", "niemand@example.org")
    assert run("--as", factories.operator().email) == 0
    assert json.loads(capsys.readouterr().out)["created"] == 1
    event = Place.objects.get().events.get()
    assert event.pgh_context.metadata["user"] == factories.User.objects.get(is_superuser=True).pk
