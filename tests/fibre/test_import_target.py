"""Into which network an import goes when nobody names one."""

from pathlib import Path
from typing import Any

import pytest

from gisapp.accounts.roles import Role
from gisapp.errors import BadInput, Forbidden
from importers.reach import Person
from layers.fibre.models import Network, Segment
from tests import factories
from tests.fibre.test_import_network import imported
from tests.fibre.test_import_parts import wkt

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "Trassen Förderung.csv"
    found.write_text(f"id;name;wkt\nt1;TR-1;{wkt((0, 0), (100, 0))}\n", encoding="utf-8")
    return found


def networks(*pairs: tuple[str, str]) -> None:
    for key, of in pairs:
        factories.fibre_network(factories.organisation(of, kind="zweckverband"), key)


def where() -> list[str]:
    return sorted(Segment.objects.values_list("network__key", flat=True))


def engineer(of: str, role: Role = Role.ENGINEER) -> Person:
    return Person(factories.member(role, factories.organisation(of), email=f"{of}@example.org"))


def test_01_the_only_network_that_the_person_may_draw_in_is_meant(path: Path) -> None:
    networks(("nord", "a"), ("ost", "b"))
    report = imported(path, person=engineer("b"))
    assert where() == ["ost"] and any("ost" in note for note in report.notes)
    assert Network.objects.count() == 2


def test_02_of_several_the_choices_are_named(path: Path) -> None:
    networks(("nord", "a"), ("ost", "b"), ("west", "b"))
    with pytest.raises(BadInput) as caught:
        imported(path, person=engineer("b"))
    assert (caught.value.code, caught.value.values["possible"]) == ("which-network", "ost, west")
    with pytest.raises(BadInput) as caught:
        imported(path)
    assert caught.value.values["possible"] == "nord, ost, west"
    assert where() == [] and Network.objects.count() == 3


def test_03_a_newer_delivery_goes_where_the_first_one_went(path: Path) -> None:
    networks(("nord", "a"), ("ost", "b"), ("west", "b"))
    imported(path, into="west", source="alt")
    assert not imported(path, source="alt").changed
    assert where() == ["west"]
    # In two by now: it is asked again.
    imported(path, into="ost", source="alt")
    with pytest.raises(BadInput, match="which-network"):
        imported(path, source="alt")


def test_04_the_mapping_may_name_it(path: Path) -> None:
    networks(("nord", "a"), ("ost", "b"))
    table = path.with_suffix(".toml")
    table.write_text(
        f'source = "alt"\nnetwork = "nord"\n[[segments]]\nfile = "{path.name}"\n[segments.fields]\nid = "id"\n'
    )
    imported(path, map_file=table)
    assert where() == ["nord"]
    imported(path, map_file=table, into="ost")
    assert where() == ["nord", "ost"]


@pytest.mark.parametrize("into", ["", "nord", "neu"])
@pytest.mark.parametrize("role", [Role.STAFF, Role.PLANNER, Role.CONTRACTOR])
def test_05_who_may_draw_nowhere_is_refused(path: Path, into: str, role: Role) -> None:
    networks(("nord", "a"))
    with pytest.raises(Forbidden):
        imported(path, person=engineer("a", role), into=into)
    assert where() == [] and Network.objects.count() == 1


def test_05b_who_may_draw_in_an_area_would_draw_beyond_it(path: Path) -> None:
    networks(("nord", "a"))
    limited = factories.member(Role.ENGINEER, factories.organisation("a"), factories.area("own:a"))
    with pytest.raises(Forbidden):
        imported(path, person=Person(limited), into="nord")
    assert where() == []


def test_05c_operators_draw_everywhere_and_those_who_lead_at_home(path: Path) -> None:
    networks(("nord", "a"), ("ost", "b"))
    imported(path, person=Person(factories.operator()), into="nord")
    imported(path, person=engineer("b", Role.ADMIN))
    assert where() == ["nord", "ost"]


def test_06_anothers_network_is_refused_and_a_new_one_is_ones_own(path: Path) -> None:
    networks(("nord", "a"))
    person = engineer("b")
    with pytest.raises(Forbidden):
        imported(path, person=person, into="nord")
    imported(path, person=person, into="neu")
    assert Network.objects.get(key="neu").organisation.key == "b"
    assert where() == ["neu"]


def test_07_where_there_is_none_it_is_called_after_the_source(path: Path) -> None:
    factories.organisation("a", kind="zweckverband")
    report = imported(path)
    assert where() == ["trassen-foerderung"] and any("Neues Netz" in note for note in report.notes)
    Network.objects.all().update(key="anders")
    assert not imported(path).changed


def test_09_anothers_network_may_be_called_so(path: Path) -> None:
    networks(("trassen-foerderung", "a"))
    imported(path, person=engineer("b"))
    assert where() == ["trassen-foerderung-2"]
    assert Network.objects.get(key="trassen-foerderung-2").organisation.key == "b"


def test_08_an_owner_that_there_is_not_is_refused_with_those_that_there_are(path: Path) -> None:
    factories.organisation("a")
    options: dict[str, Any] = {"person": Person.named("", "gibtsnicht")}
    with pytest.raises(BadInput) as caught:
        imported(path, into="neu", **options)
    assert (caught.value.code, caught.value.values["possible"]) == ("which-organisation", "a")
