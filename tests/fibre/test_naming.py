"""Names by rules: the next number where nobody gives a name, to nobody twice."""

import threading
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from tests import factories
from tests.fibre.drawing import network, node, one, refused, segment, sql, wkt
from tests.fibre.plant import Plant


def rule(net: UUID, kind: str, pattern: str) -> None:
    sql("INSERT INTO fibre_namingrule (network_id, kind, pattern) VALUES (%s, %s, %s)", net, kind, pattern)


def cabinet(net: UUID, x: float, name: str | None = None) -> str:
    found: str = one(
        "INSERT INTO fibre_node (network_id, kind, name, geom) VALUES (%s, 'cabinet', %s, %s) RETURNING name",
        net, name, wkt((x, 0)),
    )  # fmt: skip
    return found


@pytest.mark.django_db
def test_01_the_next_number_with_its_width() -> None:
    net = network()
    rule(net, "node/cabinet", "NVt-{n:02}")
    assert [cabinet(net, x * 10) for x in range(3)] == ["NVt-01", "NVt-02", "NVt-03"]
    assert cabinet(net, 100, "NVt-05") == "NVt-05"
    assert [cabinet(net, 200 + x) for x in range(2)] == ["NVt-04", "NVt-06"]
    sql("UPDATE fibre_namingcount SET last_number = 99 WHERE network_id = %s", net)
    assert cabinet(net, 300) == "NVt-100"


@pytest.mark.django_db
def test_02_each_network_and_kind_counts_for_itself() -> None:
    net, other = network(), network("anders", "b")
    rule(net, "node/cabinet", "NVt-{n}")
    rule(net, "segment", "T{n:04}")
    rule(other, "node/cabinet", "V{n}")
    assert (cabinet(net, 0), cabinet(other, 0), cabinet(net, 50)) == ("NVt-1", "V1", "NVt-2")
    trench = segment(net, (0, 10), (100, 10))
    assert one("SELECT name FROM fibre_segment WHERE id = %s", trench) == "T0001"
    node(net, 40, 10)
    assert {row[0] for row in sql("SELECT name FROM fibre_segment")} == {"T0001", "T0002"}
    # Branches have no rule, and no name.
    assert one("SELECT count(*) FROM fibre_node WHERE kind = 'branch' AND name IS NOT NULL") == 0


@pytest.mark.django_db
def test_03_without_a_rule_it_stays_as_it_was() -> None:
    net = network()
    with refused("fibre_node_structure_named"):
        cabinet(net, 0)
    trench = segment(net, (0, 0), (100, 0))
    assert one("SELECT name FROM fibre_segment WHERE id = %s", trench) is None


@pytest.mark.django_db
def test_04_every_kind_that_has_names() -> None:
    factories.municipality()
    plant = Plant()
    plant.street("A", "B")
    patterns = {
        "duct": "RV-{n}", "cable": "K{n} {knoten}", "enclosure": "{knoten}/{n:02}", "device": "OLT-{n}", "splitter": "SP {knoten} {n}",
        "premises": "{gemeindeschluessel}-{n}", "circuit": "S-{jahr}-{n:06}", "tube": "{rohr}/{position:02}",
    }  # fmt: skip
    for kind, pattern in patterns.items():
        rule(plant.net, kind, pattern)
    rows = {
        "duct": ("spec_id", "'7x7/4'"), "cable": ("spec_id, from_node_id, to_node_id", "'12', %(a)s, %(b)s"),
        "enclosure": ("node_id, spec_id", "%(a)s, 'huep-4'"), "device": ("node_id, kind", "%(a)s, 'olt'"), "premises": ("node_id", "%(a)s"),
        "circuit": ("kind", "'p2p'"),
    }  # fmt: skip
    names: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for kind, (columns, values) in rows.items():
            cursor.execute(
                f"INSERT INTO fibre_{kind} (network_id, {columns}) VALUES (%(net)s, {values}) RETURNING name, id",
                {"net": plant.net, "a": plant.nodes["A"], "b": plant.nodes["B"]},
            )
            names[kind] = cursor.fetchone()
    year = one("SELECT to_char(now() AT TIME ZONE 'Europe/Berlin', 'YYYY')")
    ags = one(
        "SELECT m.key FROM fibre_node n JOIN regions_municipality m ON m.id = n.municipality_id WHERE n.id = %s",
        plant.nodes["A"],
    )
    told = {kind: name for kind, (name, _key) in names.items()}
    assert told == {
        "duct": "RV-1", "cable": "K1 A", "enclosure": "A/01", "device": "OLT-1", "premises": f"{ags}-1", "circuit": f"S-{year}-000001",
    }  # fmt: skip
    splitter = one(
        "INSERT INTO fibre_splitter (enclosure_id, spec_id) VALUES (%s, '1:4') RETURNING name", names["enclosure"][1]
    )
    assert splitter == "SP A/01 1"
    tube = one("SELECT id FROM fibre_tube WHERE duct_id = %s AND position = 4", names["duct"][1])
    assert one("SELECT fibre_tube_label(%s)", tube) == "RV-1/04"
    sql("DELETE FROM fibre_namingrule WHERE kind = 'tube'")
    assert one("SELECT fibre_tube_label(%s)", tube) == "RV-1/4"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "pattern", "code"),
    [
        ("duct", "RV", "naming-without-number"), ("duct", "RV-{n}-{n}", "naming-without-number"), ("duct", "RV-{m}", "naming-pattern"),
        ("duct", "RV-{n", "naming-pattern"), ("duct", "RV-{n:2}", "naming-pattern"), ("duct", "RV-{n} {knoten}", "naming-pattern"),
        ("duct", " RV-{n}", "naming-pattern"), ("duct", "RV-{n}\n", "naming-pattern"), ("tube", "{rohr}/{n}", "naming-pattern"),
        ("tube", "{rohr}", "naming-without-number"), ("cable", "K{n} {knoten:02}", "naming-pattern"), ("", "{n}", "fibre_namingrule_kind"),
    ],
)  # fmt: skip
def test_05_patterns_that_cannot_be(kind: str, pattern: str, code: str) -> None:
    with refused(code):
        rule(network(), kind, pattern)


@pytest.mark.django_db
def test_06_a_number_is_not_given_again() -> None:
    net = network()
    rule(net, "node/cabinet", "NVt-{n}")
    cabinet(net, 0)
    sql("DELETE FROM fibre_node")
    assert cabinet(net, 0) == "NVt-2"
    # Nor under another pattern, nor by a new rule.
    sql("DELETE FROM fibre_namingrule")
    rule(net, "node/cabinet", "V{n}")
    assert cabinet(net, 50) == "V3"


@pytest.mark.django_db
def test_07_what_others_are_called_is_no_pattern() -> None:
    plant = Plant()
    plant.street("{n} {jahr}", "B")
    rule(plant.net, "enclosure", "{knoten}/{n}")
    made = one("INSERT INTO fibre_enclosure (network_id, node_id, spec_id) VALUES (%s, %s, 'huep-4') RETURNING name", plant.net,
               plant.nodes["{n} {jahr}"])  # fmt: skip
    assert made == "{n} {jahr}/1"


@pytest.mark.django_db(transaction=True)
def test_08_two_engineers_at_once() -> None:
    net = network()
    rule(net, "circuit", "S{n}")
    names: list[str] = []
    begun = threading.Barrier(2)

    def draw() -> None:
        begun.wait()
        for _ in range(20):
            with transaction.atomic():
                names.append(one("INSERT INTO fibre_circuit (network_id, kind) VALUES (%s, 'p2p') RETURNING name", net))
        connection.close()

    workers = [threading.Thread(target=draw) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sorted(names) == sorted(f"S{n}" for n in range(1, 41))


@pytest.mark.django_db
def test_09_the_administration_says_what_is_wrong(client: Any) -> None:
    net = network()
    client.force_login(factories.operator())
    sent = {"network": str(net), "kind": "duct", "pattern": "RV"}
    answer = client.post("/admin/fibre/namingrule/add/", sent)
    assert answer.status_code == 200 and "genau eine Nummer" in answer.content.decode()
    assert client.post("/admin/fibre/namingrule/add/", sent | {"pattern": "RV-{n}"}).status_code == 302
    assert one("SELECT pattern FROM fibre_namingrule") == "RV-{n}"


@pytest.mark.django_db
def test_10_many_at_once_and_a_savepoint_that_goes_back() -> None:
    """Numbers come in blocks where one transaction names many things: each once, in order, and none is lost to a rollback."""
    net = network()
    rule(net, "circuit", "S{n}")
    sql("INSERT INTO fibre_circuit (network_id, kind) SELECT %s, 'p2p' FROM generate_series(1, 300)", net)
    names = {row[0] for row in sql("SELECT name FROM fibre_circuit")}
    assert names == {f"S{n}" for n in range(1, 301)}
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        sql("INSERT INTO fibre_circuit (network_id, kind) SELECT %s, 'p2p' FROM generate_series(1, 500)", net)
        raise ZeroDivisionError
    made = one("INSERT INTO fibre_circuit (network_id, kind) VALUES (%s, 'p2p') RETURNING name", net)
    assert made == "S301"
    assert one("SELECT last_number FROM fibre_namingcount") >= 301


@pytest.mark.django_db(transaction=True)
def test_11_few_at_once_leave_no_gaps() -> None:
    net = network()
    rule(net, "circuit", "S{n}")
    for _ in range(3):
        with transaction.atomic():
            sql("INSERT INTO fibre_circuit (network_id, kind) SELECT %s, 'p2p' FROM generate_series(1, 7)", net)
    assert one("SELECT last_number FROM fibre_namingcount") == 21 == one("SELECT count(*) FROM fibre_circuit")
