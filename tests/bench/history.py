"""What the history and tenancy cost: single writes, bulk imports, tiles and pages for a member of three organisations.

Each figure is beside the same work without it, one after the other in one run: the table's triggers switched off, or an
anonymous asker. `python -m tests.bench --only history`.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench import importing, loading, servers

TURNS = 5
WRITES = 400
TOKENS = 3


def _execute(database: str, text: str, role: str = "gisapp") -> None:
    import psycopg

    from gisapp import cluster

    with psycopg.connect(**cluster.dsn(database, role), autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute(text)


@contextmanager
def _without_history(database: str, table: str) -> Iterator[None]:
    """The table's history triggers are off in the block."""
    names = ("pgtrigger_insert_insert", "pgtrigger_update_update", "pgtrigger_delete_delete")
    switch = """DO $$ DECLARE t record; BEGIN
      FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND ({names}) LOOP
        EXECUTE format('ALTER TABLE {table} {how} TRIGGER %I', t.tgname); END LOOP; END $$"""
    which = " OR ".join(f"tgname LIKE '{one}%'" for one in names)
    _execute(database, switch.format(table=table, names=which, how="DISABLE"))
    try:
        yield
    finally:
        _execute(database, switch.format(table=table, names=which, how="ENABLE"))


def _import(file: Path) -> float:
    environment = {**os.environ, "GISAPP_DATABASE": importing.DATABASE, "GISAPP_SERVING": ""}
    _execute(importing.DATABASE, "TRUNCATE basemap_poi, basemap_poievent CASCADE")
    begun = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "gisapp", "import", "pois", str(file), "--json"],
        env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    return time.monotonic() - begun


def _single_writes() -> float:
    """Seconds of one UPDATE of one row through Django, each in its own transaction."""
    code = (
        "import django; django.setup(); import time\n"
        "from layers.basemap.models import Poi; from gisapp.history.recording import recorded\n"
        f"keys = list(Poi.objects.order_by('id').values_list('id', flat=True)[:{WRITES}]); begun = time.monotonic()\n"
        "for key in keys:\n"
        "    with recorded('web', reason='Messung'):\n"
        "        Poi.objects.filter(pk=key).update(website=str(time.monotonic()))\n"
        "print((time.monotonic() - begun) / len(keys))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "gisapp.settings", "GISAPP_DATABASE": importing.DATABASE, "GISAPP_SERVING": ""},
    )  # fmt: skip
    return float(done.stdout)


def _pair(work: Callable[[], float], turns: int = TURNS) -> tuple[float, float]:
    """Medians of the seconds with the history and without it, taken in turns."""
    with_it, without = [], []
    for _turn in range(turns):
        with_it.append(work())
        with _without_history(importing.DATABASE, "basemap_poi"):
            without.append(work())
    return statistics.median(with_it), statistics.median(without)


def _row(what: str, count: float, ours: float, theirs: float) -> dict[str, Any]:
    return {
        "what": what, "connections": 1, "peer": "without history", "goal": None,
        "ours": {"per_second": round(count / ours)}, "theirs": {"per_second": round(count / theirs)},
        "ratio": round(theirs / ours, 2),
    }  # fmt: skip


def measure_history(count: int = 300_000) -> list[dict[str, Any]]:
    """Bulk import and single writes, with the history and without."""
    importing._empty_database()
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "pois.gpkg"
        importing.make_pois(file, count)
        kept, bare = _pair(lambda: _import(file), turns=3)
        rows = [_row(f"import of {count:,} pois with history", count, kept, bare)]
    kept, bare = _pair(_single_writes)
    return [*rows, _row("single write with history", 1, kept, bare)]


def _member() -> str:
    """A token of somebody who is staff of three organisations, made in the benchmark's database."""
    code = (
        "import django; django.setup()\n"
        "from gisapp.accounts import tokens; from gisapp.accounts.models import Membership, Organisation, User\n"
        "user, _ = User.objects.get_or_create(email='bench@example.org')\n"
        f"for number in range({TOKENS}):\n"
        "    one, _ = Organisation.objects.get_or_create(key=f'bench-{number}', defaults={'name': 'x', 'kind': 'amt'})\n"
        "    Membership.objects.get_or_create(user=user, organisation=one, role='staff')\n"
        "print(tokens.make(user, 'bench')[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "gisapp.settings", "GISAPP_DATABASE": servers.DATABASE, "GISAPP_SERVING": ""},
    )  # fmt: skip
    return done.stdout.strip()


def _notes() -> None:
    """20,000 public notices of one organisation in the region, for the layer whose rows depend on the asker."""
    _execute(
        servers.DATABASE,
        """INSERT INTO accounts_organisation (key, name, kind) VALUES ('bench-notes', 'x', 'amt') ON CONFLICT DO NOTHING;
        INSERT INTO notes_note (title, audience, organisation_id, geom, source, source_id)
        SELECT 'Hinweis ' || a.id, 'public', o.id, ST_Translate(a.geom, 3, 3), 'bench', a.id::text
          FROM (SELECT id, geom FROM regions_address ORDER BY id LIMIT 20000) a,
               (SELECT id FROM accounts_organisation WHERE key = 'bench-notes') o
        ON CONFLICT DO NOTHING""",
    )
    _execute(servers.DATABASE, "VACUUM ANALYZE notes_note")


def measure_member(seconds: int) -> list[dict[str, Any]]:
    """Tiles and pages of a layer whose rows depend on the asker: a member of three organisations beside the public."""
    _notes()
    token = _member()
    rows = []
    with servers.ours() as base:
        for what, path in (
            ("tile of notices z12", _tile_path()),
            ("page of 100 notices", "/ogc/collections/notes/items?f=json&limit=100"),
        ):
            public = loading.load(base, [path], 8, seconds)
            member = loading.load(base, [path], 8, seconds, token=token)
            rows.append(
                {"what": f"{what}, member of three", "connections": 8, "peer": "public", "goal": 0.85,
                 "ours": asdict(member), "theirs": asdict(public),
                 "ratio": round(member.per_second / public.per_second, 2)}
            )  # fmt: skip
    return rows


def _tile_path() -> str:
    """A tile in the middle of the notices."""
    import psycopg

    from gisapp import cluster

    with psycopg.connect(**cluster.dsn(servers.DATABASE)) as connection:  # type: ignore[arg-type]
        found = connection.execute(
            """SELECT floor((ST_X(p) + 180) / 360 * 4096)::int,
                      floor((1 - ln(tan(radians(ST_Y(p))) + 1 / cos(radians(ST_Y(p)))) / pi()) / 2 * 4096)::int
                 FROM (SELECT ST_Transform(ST_Centroid(ST_Collect(geom)), 4326) AS p FROM notes_note WHERE source = 'bench') s"""
        ).fetchone()
    assert found is not None
    return f"/tiles/notes/12/{found[0]}/{found[1]}.mvt"
