"""What follows an import: areas made of their parts, and places, streets and addresses linked to what they lie in.

Each step is set-based SQL in `sql/link_*.sql`, runs inside the importer's transaction, and touches only rows that
change, so that the same file again changes nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import connection

from gisapp.errors import BadInput
from gisapp.layer import DERIVED

_SQL = Path(__file__).resolve().parent / "sql"
NEAR_M = 1000
"""An address without a locality belongs to the street of its name within this distance (metres)."""


def _statements(name: str) -> list[str]:
    text = (_SQL / name).read_text(encoding="utf-8")
    return [part for part in text.split(";\n") if part.strip()]


def _run(name: str, names: Mapping[str, str] | None = None, **values: Any) -> int:
    """Run the statements of the file one after the other; the number of rows that they wrote.

    `names` are tables and columns for the {words} of the file.
    """
    written = 0
    with connection.cursor() as cursor:
        for statement in _statements(name):
            for word, name_of in (names or {}).items():
                statement = statement.replace(f"{{{word}}}", connection.ops.quote_name(name_of))
            cursor.execute(statement, {"derived": DERIVED, **values})
            if "-- counts" in statement:
                written += max(cursor.rowcount, 0)
    return written


def retire_demo(source: str) -> int:
    """Areas of the demo region step aside where real ones were imported."""
    return _run("demo_gives_way.sql")


def derive_areas(source: str) -> int:
    """Districts as the union of their municipalities and countries of their districts, where none was imported."""
    return _run("link_areas.sql")


def derive_aemter(source: str) -> int:
    """Ämter as the union of the municipalities that the mapping table gives them."""
    return _run("link_aemter.sql")


def link_places(source: str) -> int:
    return _run("link_positions.sql", {"table": "regions_place", "position": "geom"})


def link_streets(source: str) -> int:
    return _run("link_positions.sql", {"table": "regions_street", "position": "centre"})


def link_addresses(source: str) -> int:
    """Each address to its municipality and to the street of its name and locality.

    A street known from addresses alone is created.
    """
    return _run("link_addresses.sql", near=NEAR_M)


def group_streets(relation: str) -> None:
    """Make one street of the staged pieces of one name in one locality (municipality, else the nearest place).

    `relation` is a table of this transaction with source_id, name, locality, postcode and geom (EPSG:25832).
    """
    with connection.cursor() as cursor:
        for statement in _statements("group_streets.sql"):
            cursor.execute(statement.replace("{relation}", connection.ops.quote_name(relation)))


def load_memberships(rows: list[dict[str, str]]) -> tuple[int, int, int]:
    """Replace the mapping AGS -> Amt by these rows. Raises BadInput("bad-membership") for an AGS without 8 digits."""
    by_ags: dict[str, dict[str, str]] = {}
    for number, row in enumerate(rows, start=1):
        ags = row["ags"].strip().zfill(8)
        if not (ags.isdecimal() and len(ags) == 8) or not row["amt_key"].strip() or not row["amt_name"].strip():
            raise BadInput("bad-membership", row=number, ags=row["ags"])
        by_ags[ags] = {"ags": ags, "amt_key": row["amt_key"].strip(), "amt_name": row["amt_name"].strip()}
    columns = [[one[name] for one in by_ags.values()] for name in ("ags", "amt_key", "amt_name")]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM regions_amtmembership WHERE ags <> ALL (%s)", [columns[0]])
        cursor.execute((_SQL / "load_memberships.sql").read_text(encoding="utf-8"), columns)
        flags = [created for (created,) in cursor.fetchall()]
    created = sum(flags)
    return created, len(flags) - created, len(by_ags) - len(flags)
