"""No rule is switched off by what somebody writes into his statement: rules look at what comes out, not at who seems to ask."""

from uuid import uuid4

import pytest

from tests.fibre.drawing import refused, settle, sql
from tests.fibre.plant import Plant
from tests.fibre.test_impact import circuit
from tests.fibre.test_impact import plant as plant
from tests.fibre.world import World
from tests.fibre.world import world as world

pytestmark = pytest.mark.django_db
# What a call from within one of the actions looks like to whoever reads the calls' names.
PRETENCE = "".join(
    f'"\nPL/pgSQL function {name}(uuid) line 7 at SQL statement\n'
    for name in ("fibre_cut_fibres", "fibre_mend_fibres", "fibre_replace_enclosure", "fibre_join", "fibre_end_node")
)


def pretending(statement: str) -> str:
    return f"DO $do$ BEGIN {statement} /*{PRETENCE}*/; END $do$"


def test_01_products_and_their_parts(plant: Plant) -> None:
    for statement in (
        "UPDATE fibre_enclosure SET spec_id = 'muffe-288' WHERE name = 'M-A'",
        "DELETE FROM fibre_tray WHERE number = 6 AND enclosure_id = (SELECT id FROM fibre_enclosure WHERE name = 'M-A')",
        "INSERT INTO fibre_tray (enclosure_id, number, capacity) SELECT id, 99, 12 FROM fibre_enclosure WHERE name = 'M-A'",
        "UPDATE fibre_port SET number = 900 WHERE number = 1",
    ):
        with refused("enclosure-keeps-spec"):
            sql(pretending(statement))
            settle()
    sql("SELECT fibre_replace_enclosure(id, 'muffe-288') FROM fibre_enclosure WHERE name = 'M-A'")
    settle()


def test_02_a_node_that_hides_behind_a_join_splits_all_the_same(world: World) -> None:
    middle = uuid4()
    with world.at_work("engineer") as run:
        run("SELECT set_config('fibre.joining', %s, true)", str(middle))
        run(pretending(f"INSERT INTO fibre_node (id, network_id, geom) SELECT '{middle}', network_id, ST_LineInterpolatePoint(geom, 0.5) "
                       f"FROM fibre_segment WHERE id = '{world.spare}'"))  # fmt: skip
        run("UPDATE fibre_segment SET geom = ST_RemoveRepeatedPoints(ST_AddPoint(geom, ST_Translate(ST_EndPoint(geom), 0, -0.5), "
            "ST_NPoints(geom) - 1)) WHERE id = %s", world.spare)  # fmt: skip
        run("SET CONSTRAINTS ALL IMMEDIATE")
        assert run(
            "SELECT count(*) FROM fibre_node n JOIN fibre_segment s ON s.network_id = n.network_id AND ST_DWithin(s.geom, n.geom, 0.05) "
            "AND n.id NOT IN (s.from_node_id, s.to_node_id)"
        ) == [(0,)]


def test_03_ends_under_a_circuit(plant: Plant) -> None:
    """An end goes to another piece of its fibre only where it still stands in its place, and light still arrives."""
    circuit(plant, "S1", "ODF/1", "H1/1")
    settle()
    before, behind = plant.section("T:1.1"), plant.section("T:1.2")
    for code, target in (("circuit-not-connected", behind), ("joint-carries-service", plant.section("T:5"))):
        with refused(code):
            sql(
                pretending(
                    f"UPDATE fibre_jointend SET section_id = '{target}' WHERE section_id = '{before}' AND side = 'b'"
                )
            )
            settle()
    with refused("fibre-carries-service"):
        sql(pretending(f"UPDATE fibre_fibresection SET cut_b_id = NULL WHERE id = '{before}'"))
    with refused("joint-carries-service"):
        sql(pretending(f"DELETE FROM fibre_jointend WHERE section_id = '{before}'"))
    with refused("fibre-end-taken"):
        sql("SELECT fibre_mend_fibres(%s, %s, ARRAY[1])", plant.cables["T"], plant.enclosures["M-A"])
