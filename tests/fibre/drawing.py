"""Networks drawn in metres, by raw SQL: the rules are the database's, so the tests ask the database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from tests.factories import X0, Y0, organisation

Corner = tuple[float, float]


def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def one(statement: str, *values: Any) -> Any:
    return sql(statement, *values)[0][0]


def swept() -> None:
    """Clear away what a large network has left. Left to itself the server does it while a later test is drawing: it then
    counts no rows in tables that this test has filled and not committed, and every plan is made for empty tables.
    """
    tables = sql("SELECT string_agg(relname, ', ') FROM pg_class WHERE relname LIKE 'fibre\\_%%' AND relkind = 'r'")[0][
        0
    ]
    sql(f"VACUUM {tables}")


def network(key: str = "netz", of: str = "zweckverband") -> UUID:
    owner = organisation(of, kind="zweckverband").pk
    found: UUID = one(
        "INSERT INTO fibre_network (key, name, organisation_id) VALUES (%s, %s, %s) RETURNING id", key, key, owner
    )
    return found


def wkt(*corners: Corner) -> str:
    places = ", ".join(f"{X0 + x} {Y0 + y}" for x, y in corners)
    return f"SRID=25832;{'POINT' if len(corners) == 1 else 'LINESTRING'}({places})"


def node(of: UUID, x: float, y: float, name: str | None = None, kind: str = "branch") -> UUID:
    found: UUID = one(
        "INSERT INTO fibre_node (network_id, kind, name, geom) VALUES (%s, %s, %s, %s) RETURNING id",
        of,
        kind,
        name,
        wkt((x, y)),
    )
    return found


def segment(
    of: UUID, *corners: Corner, from_node: UUID | None = None, to_node: UUID | None = None, **more: Any
) -> UUID:
    names = ["network_id", "geom", "from_node_id", "to_node_id", *more]
    found: UUID = one(
        f"INSERT INTO fibre_segment ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))}) RETURNING id",
        of, wkt(*corners), from_node, to_node, *more.values(),
    )  # fmt: skip
    return found


def line(key: UUID) -> list[Corner]:
    """The corners of a segment."""
    rows = sql(
        "SELECT ST_X(p.geom), ST_Y(p.geom) FROM fibre_segment s, LATERAL ST_DumpPoints(s.geom) p WHERE s.id = %s ORDER BY p.path",
        key,
    )
    return [(round(x - X0, 3), round(y - Y0, 3)) for x, y in rows]


def graph(of: UUID) -> set[tuple[Corner, Corner, float]]:
    """Every segment as (where it begins, where it ends, length): what the network is, whatever its keys are."""
    rows = sql(
        "SELECT ST_X(a.geom), ST_Y(a.geom), ST_X(b.geom), ST_Y(b.geom), s.length_m FROM fibre_segment s "
        "JOIN fibre_node a ON a.id = s.from_node_id JOIN fibre_node b ON b.id = s.to_node_id WHERE s.network_id = %s",
        of,
    )
    return {
        ((round(x1 - X0, 2), round(y1 - Y0, 2)), (round(x2 - X0, 2), round(y2 - Y0, 2)), round(length, 2))
        for x1, y1, x2, y2, length in rows
    }


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The block is refused by the database's own rule of that code, in words and with a hint or a constraint's name."""
    from django.db import DatabaseError, transaction

    from gisapp.errors import CATALOGUE

    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        yield
    cause = caught.value.__cause__
    assert isinstance(cause, psycopg.Error)
    if cause.sqlstate == "KG001":
        assert cause.diag.message_detail == f"code: {code}", cause
        assert code in CATALOGUE, f"{code} has no text"
    else:
        assert cause.diag.constraint_name == code, cause


def broken(of: UUID) -> Sequence[str]:
    """What must never be: said by statements of the tests' own, from the tables alone."""
    found = []
    checks = {
        "an end away from its node": "SELECT count(*) FROM fibre_segment s JOIN fibre_node a ON a.id = s.from_node_id JOIN fibre_node b "
        "ON b.id = s.to_node_id WHERE s.network_id = %s AND (ST_Distance(ST_StartPoint(s.geom), a.geom) > 0 OR "
        "ST_Distance(ST_EndPoint(s.geom), b.geom) > 0)",
        "a node on a segment that is none of its ends": "SELECT count(*) FROM fibre_segment s JOIN fibre_node n ON n.network_id = "
        "s.network_id AND ST_DWithin(n.geom, s.geom, 0.05) WHERE s.network_id = %s AND n.id NOT IN (s.from_node_id, s.to_node_id)",
        "two nodes on one spot": "SELECT count(*) FROM fibre_node a JOIN fibre_node b ON a.network_id = b.network_id AND a.id < b.id AND "
        "ST_DWithin(a.geom, b.geom, 0.05) WHERE a.network_id = %s",
        "another organisation than the network's": "SELECT count(*) FROM fibre_segment s JOIN fibre_network n ON n.id = s.network_id "
        "WHERE n.id = %s AND s.organisation_id <> n.organisation_id",
    }
    for what, statement in checks.items():
        if one(statement, of):
            found.append(what)
    return [*found, *_broken_ducts(of)]


def _broken_ducts(of: UUID) -> Iterator[str]:
    """Each walk followed by hand, and each tube's sections laid end to end along it."""
    for (key,) in sql("SELECT id FROM fibre_duct WHERE network_id = %s", of):
        steps = sql(
            "SELECT CASE WHEN d.forward THEN s.from_node_id ELSE s.to_node_id END, CASE WHEN d.forward THEN s.to_node_id ELSE "
            "s.from_node_id END FROM fibre_ductstep d JOIN fibre_segment s ON s.id = d.segment_id WHERE d.duct_id = %s ORDER BY d.ordinal",
            key,
        )
        if not steps:
            yield "a duct without a walk"
            continue
        if any(before[1] != after[0] for before, after in pairwise(steps)):
            yield "a walk with a gap"
        places = [steps[0][0], *(end for _begin, end in steps)]
        for (tube,) in sql("SELECT id FROM fibre_tube WHERE duct_id = %s", key):
            left, here = sql("SELECT from_node_id, to_node_id FROM fibre_tubesection WHERE tube_id = %s", tube), 0
            while left:
                following = next((row for row in left if row[0] == places[here]), None)
                if following is None:
                    yield "sections that do not lie end to end"
                    break
                left.remove(following)
                ahead = [number for number in range(here + 1, len(places)) if places[number] == following[1]]
                if not ahead:
                    yield "a section that ends off the walk"
                    break
                here = ahead[-1]
            if not left and here != len(places) - 1:
                yield "a tube that ends before its duct"


def settle() -> None:
    """What a commit would check, now."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET CONSTRAINTS ALL DEFERRED")


def duct(of: UUID, segments: Sequence[UUID], spec: str = "10/6", name: str | None = None) -> UUID:
    found: UUID = one("SELECT fibre_lay(%s, %s, %s, %s)", of, spec, name, list(segments))
    settle()
    return found


def place(of: UUID, x: float, y: float) -> UUID:
    """The node there."""
    found: UUID = one("SELECT id FROM fibre_node WHERE network_id = %s AND ST_DWithin(geom, %s, 0.5)", of, wkt((x, y)))
    return found


def walk(of: UUID) -> list[tuple[float, bool]]:
    """The steps of a duct: where each segment is drawn from (x), and whether it is walked that way."""
    rows = sql(
        "SELECT ST_X(ST_StartPoint(s.geom)), d.forward FROM fibre_ductstep d JOIN fibre_segment s ON s.id = d.segment_id "
        "WHERE d.duct_id = %s ORDER BY d.ordinal",
        of,
    )
    return [(round(x - X0, 2), forward) for x, forward in rows]


def sections(of: UUID) -> list[tuple[int, float, float]]:
    """The sections of a duct's tubes: (position, x of its beginning, x of its end)."""
    rows = sql(
        "SELECT t.position, ST_X(a.geom), ST_X(b.geom) FROM fibre_tubesection s JOIN fibre_tube t ON t.id = s.tube_id "
        "JOIN fibre_node a ON a.id = s.from_node_id JOIN fibre_node b ON b.id = s.to_node_id WHERE t.duct_id = %s",
        of,
    )
    return sorted((position, round(x1 - X0, 2), round(x2 - X0, 2)) for position, x1, x2 in rows)
