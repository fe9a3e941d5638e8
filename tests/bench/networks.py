"""`gisapp import fibre` of a drawn network: `python -m tests.bench --only fibre-import`.

Beside it the same rows into tables of the same columns, indexes and constraints, but without the rules, the history and
foreign keys: what is between the two is what the rules and the history cost. (The topology is worked out only by us.)
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench.importing import DATABASE, _empty_database

X0, Y0, STEP = 540_000, 6_010_000, 100
TABLES = {
    "segments": ("fibre_node", "fibre_segment"),
    "ducts of 24 tubes": ("fibre_duct", "fibre_ductstep", "fibre_tube", "fibre_tubesection"),
    "single ducts": ("fibre_duct", "fibre_ductstep", "fibre_tube", "fibre_tubesection"),
}


def _write(path: Path, heads: str, rows: list[list[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(heads.split())
        writer.writerows(rows)


def make_segments(folder: Path, count: int) -> None:
    """Streets from west to east, ten segments of three points each; no node is given."""
    rows = []
    for number in range(count):
        x, y = X0 + number % 10 * STEP, Y0 + number // 10 * 7
        rows.append([f"s{number}", f"LINESTRING({x} {y},{x + 50} {y + 1},{x + STEP} {y})"])
    _write(folder / "trenches.csv", "id wkt", rows)


def make_ducts(folder: Path, count: int, spec: str, segments: int) -> None:
    """Ducts of five segments each, one after the other."""
    _write(folder / "ducts.csv", "id type", [[f"d{number}", spec] for number in range(count)])
    links = []
    for number in range(count):
        first = number * 5 % (segments - segments % 10)
        links += [[f"d{number}", f"s{first + step}"] for step in (3, 0, 4, 1, 2)]
    _write(folder / "duct_in_trench.csv", "duct segment", links)


def _sql(text: str) -> Any:
    import psycopg

    from gisapp import cluster

    with psycopg.connect(**cluster.dsn(DATABASE)) as connection:  # type: ignore[arg-type]
        found = connection.execute(text)
        return found.fetchall() if found.description else None


def _without_rules(tables: tuple[str, ...], since: str) -> float:
    """Seconds for the same rows without rules and history."""
    seconds = 0.0
    for table in tables:
        generated = _sql(
            f"SELECT string_agg(quote_ident(column_name), ',') FROM information_schema.columns WHERE table_name = '{table}' AND is_generated = 'NEVER'"
        )[0][0]
        _sql(f"DROP TABLE IF EXISTS peer; CREATE TABLE peer (LIKE {table} INCLUDING ALL)")
        held = "WHERE created_at >= '" + since + "'" if table in ("fibre_node", "fibre_segment", "fibre_duct") else ""
        if table in ("fibre_ductstep", "fibre_tube"):
            held = f"WHERE duct_id IN (SELECT id FROM fibre_duct WHERE created_at >= '{since}')"
        if table == "fibre_tubesection":
            held = f"WHERE tube_id IN (SELECT t.id FROM fibre_tube t JOIN fibre_duct d ON d.id = t.duct_id WHERE d.created_at >= '{since}')"
        started = time.monotonic()
        _sql(f"INSERT INTO peer ({generated}) OVERRIDING SYSTEM VALUE SELECT {generated} FROM {table} {held}")
        seconds += time.monotonic() - started
    return seconds


def _import(folder: Path, *more: str, database: str = DATABASE) -> tuple[float, dict[str, Any]]:
    environment = {**os.environ, "GISAPP_DATABASE": database, "GISAPP_SERVING": ""}
    command = [
        sys.executable,
        "-m",
        "gisapp",
        "import",
        "fibre",
        str(folder),
        "--source",
        "bench",
        "--network",
        "bench",
        "--json",
        *more,
    ]
    started = time.monotonic()
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return time.monotonic() - started, json.loads(done.stdout)


def measure_beside(database: str, segments: int = 100_000) -> dict[str, Any]:
    """The same beside the networks of that database: all of it but the last word, so that it stays as it was."""
    with tempfile.TemporaryDirectory() as name:
        make_segments(Path(name), segments)
        seconds, done = _import(Path(name), "--dry-run", database=database)
    part = done["layers"]["segments"]
    assert part["created"] == segments and done["rejected_count"] == 0, part
    return {
        "what": f"network import of {segments:,} segments beside them (dry run)", "connections": 1,
        "ours": {"per_second": round(segments / seconds)}, "theirs": None, "peer": "", "ratio": None, "goal": None,
    }  # fmt: skip


def measure_networks(segments: int = 100_000, bundles: int = 3_000, singles: int = 10_000) -> list[dict[str, Any]]:
    """The rows of the table; every rule and the history are on."""
    _empty_database()
    _sql(
        "INSERT INTO accounts_organisation (key, name, kind) VALUES ('bench', 'Bench', 'zweckverband') ON CONFLICT DO NOTHING"
    )
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for what, count, goal, spec in (
            ("segments", segments, None, ""), ("ducts of 24 tubes", bundles, 300, "24x7/4"), ("single ducts", singles, 1_000, "10/6"),
        ):  # fmt: skip
            folder = Path(name) / what.replace(" ", "-")
            folder.mkdir()
            if spec:
                make_ducts(folder, count, spec, segments)
                text = (folder / "ducts.csv").read_text().replace("\nd", f"\n{what[0]}d")
                (folder / "ducts.csv").write_text(text)
                links = (folder / "duct_in_trench.csv").read_text().replace("\nd", f"\n{what[0]}d")
                (folder / "duct_in_trench.csv").write_text(links)
            else:
                make_segments(folder, count)
            since = str(_sql("SELECT now()::text")[0][0])
            seconds, done = _import(folder)
            assert done["rejected_count"] == 0, done["rejected"][:3]
            part = done["layers"]["ducts" if spec else "segments"]
            assert part["created"] == count, part
            bare = _without_rules(TABLES[what], since)
            rows.append({
                "what": f"network import of {count:,} {what}", "connections": 1, "ours": {"per_second": round(count / seconds)},
                "theirs": {"per_second": round(count / bare)}, "peer": "the same rows without rules and history", "ratio": round(bare / seconds, 2),
                "goal": None, "goal_per_second": goal,
            })  # fmt: skip
    return rows
