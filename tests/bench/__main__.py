"""Run the benchmark: `python -m tests.bench [--only PART,PART] [--seconds 8]`; the parts stand in `_parts`."""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["GISAPP_DATABASE"] = "gisapp_bench"
os.environ["DJANGO_SETTINGS_MODULE"] = "gisapp.settings"
os.environ["GISAPP_SERVING"] = "1"

from gisapp import cluster
from tests.bench import report
from tests.bench.servers import DATABASE

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "performance.json"
SMALLER = "gisapp_bench_300k"


def _databases() -> None:
    """The l region, and a copy of it with 300,000 addresses; each made once."""
    import psycopg

    with psycopg.connect(**cluster.dsn("postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
        there = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        if DATABASE not in there:
            connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {cluster.TEMPLATE}")
        owner = {**os.environ, "GISAPP_DATABASE": DATABASE, "GISAPP_SERVING": ""}
        subprocess.run([sys.executable, "-m", "gisapp", "demo", "--size", "l"], env=owner, check=True)
        if SMALLER not in there:
            connection.execute(f"CREATE DATABASE {SMALLER} TEMPLATE {DATABASE}")
    if SMALLER not in there:
        with psycopg.connect(**cluster.dsn(SMALLER), autocommit=True) as connection:  # type: ignore[arg-type]
            connection.execute("DELETE FROM regions_address WHERE id > (SELECT min(id) + 299999 FROM regions_address)")
            connection.execute(
                "DELETE FROM regions_street s WHERE NOT EXISTS (SELECT 1 FROM regions_address a WHERE a.street_id = s.id)"
            )
            connection.execute("VACUUM ANALYZE regions_address")
            connection.execute("VACUUM ANALYZE regions_street")
    with psycopg.connect(**cluster.dsn(DATABASE), autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute("VACUUM ANALYZE")


def machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**3
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    processor = next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    return {"cores": os.cpu_count(), "memory_gb": memory, "processor": processor, "system": platform.platform()}


def _search(database: str, addresses: int) -> list[dict[str, Any]]:
    """In a process of its own, because a process has one database."""
    code = f"import django; django.setup(); import json; from tests.bench.searching import measure_search; print(json.dumps(measure_search({addresses})))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "GISAPP_DATABASE": database},
        check=True,
        capture_output=True,
        text=True,
    )
    return list(json.loads(done.stdout))


def _parts(seconds: int) -> dict[str, Callable[[], list[dict[str, Any]]]]:
    from tests.bench import fibre, history, importing, networks, replica, saving, tiles, venues

    return {
        "tiles": lambda: tiles.measure_tiles(seconds),
        "features": lambda: tiles.measure_features(seconds),
        "cache": lambda: tiles.measure_cache(seconds),
        "import": importing.measure_import,
        "fibre-import": networks.measure_networks,
        "fibre": lambda: fibre.measure_fibre(seconds),
        "replica": lambda: replica.measure_replica(seconds),
        "history": lambda: [*history.measure_history(), *history.measure_member(seconds)],
        "backup": saving.measure_backup,
        "start": importing.measure_start,
        "venues": venues.measure_venues,
        "search": lambda: [*_search(SMALLER, 300_000), *_search(DATABASE, 1_000_000)],
    }


def _show(row: dict[str, Any]) -> str:
    mine, other = row["ours"], row.get("theirs")
    text = f"{row['what']:<44}{row['connections']:>3}  " + "  ".join(f"{key} {value}" for key, value in mine.items())
    if other:
        text += f"  | {row['peer']}: " + "  ".join(f"{key} {value}" for key, value in other.items())
        text += f"  | ratio {row['ratio']}" + (f" (goal {row['goal']})" if row["goal"] else "")
    return text


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=int, default=8)
    arguments = parser.parse_args()
    with cluster.in_use():
        wanted = arguments.only.split(",") if arguments.only else []
        if not wanted or set(wanted) - {"import", "fibre-import", "fibre", "backup", "start", "replica", "venues"}:
            _databases()
        import django

        django.setup()
        parts = _parts(arguments.seconds)
        results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"parts": {}}
        results["machine"] = machine()
        for name in arguments.only.split(",") if arguments.only else parts:
            before = os.getloadavg()[0]
            rows = parts[name]()
            results["parts"][name] = rows
            results.setdefault("load", {})[name] = [round(before, 1), round(os.getloadavg()[0], 1)]
            for row in rows:
                print(_show(row), flush=True)
            RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
            report.write(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
