"""A whole network of another tool, with its faults: imported as it is, and traced right."""

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from importers.progress import Reporter
from importers.sets.running import Request, run
from layers.fibre.intake.load import FIBRE
from tests.factories import organisation
from tests.fibre.drawing import one, sql, swept

pytestmark = pytest.mark.django_db

Fibre = tuple[str, int]


@pytest.fixture(scope="module", autouse=True)
def _swept(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    yield
    with django_db_blocker.unblock():
        swept()


def events() -> dict[str, int]:
    """The number of rows in every table of the history of the network."""
    tables = sql("SELECT relname FROM pg_class WHERE relname LIKE 'fibre_%%event' AND relkind = 'r' ORDER BY 1")
    return {name: one(f"SELECT count(*) FROM {name}") for (name,) in tables}


def imported(path: Path, **more: Any) -> Any:
    """The report of an import of this folder or file."""
    from gisapp.history.recording import recorded

    with recorded("import"):
        return run(Request(FIBRE, path, **more), Reporter())


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Chains:
    """Fibres that hang together, by union-find on the file's splices: no line of it is the product's."""

    def __init__(self, folder: Path) -> None:
        self.parent: dict[Fibre, Fibre] = {}
        for cable in table(folder, "cables"):
            for number in range(1, int(cable["fiber_count"]) + 1):
                self.parent[(cable["name"], number)] = (cable["name"], number)
        for splice in table(folder, "splices"):
            a = self.root((splice["cable_a"], int(splice["fibre_a"])))
            b = self.root((splice["cable_b"], int(splice["fibre_b"])))
            self.parent[a] = b

    def root(self, fibre: Fibre) -> Fibre:
        while self.parent[fibre] != fibre:
            self.parent[fibre] = self.parent[self.parent[fibre]]
            fibre = self.parent[fibre]
        return fibre

    def groups(self) -> dict[Fibre, set[Fibre]]:
        found: dict[Fibre, set[Fibre]] = {}
        for fibre in self.parent:
            found.setdefault(self.root(fibre), set()).add(fibre)
        return found


# Every fibre followed both ways by the database's own trace; a fibre's chain is all that it comes to.
_FOLLOWED = """
WITH every AS (SELECT array_agg(f.id ORDER BY f.id) AS ids FROM fibre_fibresection f JOIN fibre_cable c ON c.id = f.cable_id WHERE c.spec_id = %s),
     both_ways AS (
        SELECT (every.ids)[w.start] AS id, w.thing FROM every, fibre_follow(every.ids, array_fill('a'::text, ARRAY[cardinality(every.ids)])) w
        UNION
        SELECT (every.ids)[w.start], w.thing FROM every, fibre_follow(every.ids, array_fill('b'::text, ARRAY[cardinality(every.ids)])) w)
SELECT c.name, f.number, array_agg(d.name || ':' || g.number) FROM both_ways w JOIN fibre_fibresection f ON f.id = w.id JOIN fibre_cable c ON c.id = f.cable_id
  JOIN fibre_fibresection g ON g.id = w.thing JOIN fibre_cable d ON d.id = g.cable_id GROUP BY c.name, f.number"""


def followed() -> dict[Fibre, set[Fibre]]:
    found = {}
    for (spec,) in sql("SELECT DISTINCT spec_id FROM fibre_cable"):
        for name, number, reached in sql(_FOLLOWED, spec):
            found[(name, number)] = {(word.rpartition(":")[0], int(word.rpartition(":")[2])) for word in reached}
    return found


@pytest.mark.slow
def test_01_the_whole_network_comes_in_and_every_fibre_leads_where_the_files_say(real_data: Path) -> None:
    folder = real_data / "network_20k"
    organisation("zweckverband", kind="zweckverband")
    report = imported(folder)
    parts = {part.layer: part for part in report.layers}
    assert (parts["nodes"].read, parts["nodes"].rejected_count) == (12_595, 0)
    assert parts["nodes"].created + parts["nodes"].joined == 12_595
    assert (parts["segments"].created, parts["segments"].rejected_count) == (20_000, 0)
    assert (parts["cables"].created, parts["splices"].created) == (2_000, 57_144)
    assert (parts["ducts"].created, parts["ducts"].rejected_count) == (4_992, 8)
    refused = {problem.id: problem.code for problem in report.rejected}
    assert len(refused) == 8
    assert set(refused.values()) == {"duct-walk-repeats"}
    # Only the cables of those stay unplaced; two leave their tube on the way, which is cut there.
    no_duct = {cable["name"]: cable["uuid"] for cable in table(folder, "cables") if cable["uuid_conduit"] in refused}
    assert sorted(no_duct) == ["C24-0185-00", "C24-0439-01", "C24-0706-01"]
    said = {one_.id: one_.code for one_ in report.repaired if one_.field == "cables"}
    assert {key for key, code in said.items() if code == "import-cable-unplaced"} == set(no_duct.values())
    assert sorted(said.values()) == ["import-cable-unplaced"] * 3 + ["import-tube-cut"] * 2
    unplaced = sql(
        "SELECT c.name FROM fibre_cable c WHERE NOT EXISTS (SELECT FROM fibre_cablestep s WHERE s.cable_id = c.id) ORDER BY 1"
    )
    assert [name for (name,) in unplaced] == sorted(no_duct)
    # Nothing of the drawing is lost: as long as the trenches of the file, split or not.
    drawn = one(
        "SELECT sum(ST_Length(ST_GeomFromText(wkt))) FROM unnest(%s::text[]) wkt",
        [row["wkt"] for row in table(folder, "trenches")],
    )
    assert one("SELECT sum(length_m) FROM fibre_segment") == pytest.approx(drawn, abs=1)

    independent = Chains(folder).groups()
    assert Counter(len(group) for group in independent.values()) == {2: 16_824, 4: 4_800, 11: 2_592}
    ours = followed()
    assert len(ours) == sum(len(group) for group in independent.values())
    for group in independent.values():
        for fibre in group:
            assert ours[fibre] == group
    assert len(ours[("C144-0000-00", 17)]) == len(ours[("C144-0003-05", 17)]) == 11

    # The same files again change nothing, and say so.
    before = events()
    again = imported(folder)
    assert (again.created, again.updated, again.retired) == (0, 0, 0)
    assert not again.changed
    assert events() == before
