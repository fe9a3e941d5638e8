"""Database, web server and worker are killed at random for two minutes while people write: nothing is lost or half done.

GISAPP_KILL_SECONDS sets how long; the seed of the killing is printed and may be given as GISAPP_KILL_SEED.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gisapp import cluster
from gisapp.paths import CHECKOUT
from tests.killing.stage import PARTS, Stage, stage
from tests.killing.writers import POINTS, Importer, Writer

SECONDS = float(os.environ.get("GISAPP_KILL_SECONDS", "120"))
SEED = int(os.environ.get("GISAPP_KILL_SEED", str(random.SystemRandom().randrange(10**6))))
WRITERS = 3
PEOPLE = f"""
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from gisapp.accounts import tokens
from gisapp.accounts.models import Area, Membership, Organisation, User
from django.contrib.gis.geos import MultiPolygon, Polygon
area = Area.objects.create(key="own:all", name="Alles", geom=MultiPolygon(Polygon.from_bbox((400000, 5900000, 700000, 6200000)), srid=25832))
of = Organisation.objects.create(key="amt", name="Amt", kind="amt")
of.areas.add(area)
people = [User.objects.create_user(f"person{{number}}@example.org", "x") for number in range({WRITERS} + 1)]
for one in people:
    Membership.objects.create(user=one, organisation=of, role="staff")
session = SessionStore()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(people[-1].pk), "allauth.account.auth_backends.AuthenticationBackend"
session[HASH_SESSION_KEY] = people[-1].get_session_auth_hash()
session.create()
print(json.dumps({{"tokens": [tokens.make(one, "x", scopes=("read", "write"))[1] for one in people[:-1]], "session": session.session_key}}))
"""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    top = Path(tempfile.mkdtemp(prefix="gisapp-kill-"))
    top.chmod(0o755)
    monkeypatch.setenv("GISAPP_PG", str(top / "pg"))
    yield top
    shutil.rmtree(top)


def ask(sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(**cluster.dsn(), connect_timeout=5, autocommit=True) as connection:  # type: ignore[arg-type]
        return connection.execute(sql).fetchall()  # type: ignore[call-overload,no-any-return]


def watch(stop: threading.Event, seen: list[str]) -> None:
    """While all that goes on: an import is there as a whole or not at all."""
    while not stop.wait(0.4):
        try:
            halves = ask(f"SELECT source, count(*) FROM regions_place GROUP BY 1 HAVING count(*) <> {POINTS}")
        except psycopg.Error:
            continue
        seen.extend(map(str, halves))


def kill_for(stages: Stage, seconds: float) -> None:
    rng, until = random.Random(SEED), time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(rng.uniform(0.5, 5))
        stages.kill(rng.choice(PARTS), rng)


def test_killed_at_any_moment_nothing_is_lost_or_half_done(home: Path) -> None:
    told: dict[str, Any] = {}

    def people(one: Stage) -> None:
        made = subprocess.run(
            [sys.executable, "-m", "gisapp", "manage", "shell", "-v", "0", "-c", PEOPLE],
            env=one.environment, cwd=CHECKOUT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        told.update(json.loads(made.stdout.splitlines()[-1]))

    with stage(home, people) as stages:
        writers = [Writer(stages.address, token, number) for number, token in enumerate(told["tokens"])]
        importer, stop, halves = Importer(stages.address, told["session"], "c" * 32), threading.Event(), list[str]()
        threads = [threading.Thread(target=one.run, args=[stop]) for one in (*writers, importer)]
        threads.append(threading.Thread(target=watch, args=[stop, halves]))
        for one in threads:
            one.start()
        kill_for(stages, SECONDS)
        stop.set()
        for one in threads:
            one.join()
        stopped = time.monotonic()
        stages.wait_until_ready()
        says = {
            "seed": SEED, "killed": dict(Counter(part for _when, part in stages.killed)), "imports": len(importer.done), "given up": importer.given_up,
            "answered": dict(sum((one.answered for one in writers), Counter())), "sent again": sum(one.again for one in writers),
            "longest wait": round(max(one.longest for one in writers), 1),
            "ready after": round(time.monotonic() - stopped, 1),
        }  # fmt: skip
        print(json.dumps(says))
        trouble = [said for one in (*writers, importer) for said in one.trouble]
        assert trouble == [], says
        assert len(stages.killed) >= SECONDS / 8, says
        assert halves == []
        compare_notices(writers)
        compare_imports(importer)
        check_database()


def compare_notices(writers: list[Writer]) -> None:
    """What was answered is there, once, in its last state, with one event of the history for each write."""
    rows = dict(ask("SELECT id, title FROM notes_note"))
    assert rows == {key: kept.title for one in writers for key, kept in one.kept.items()}
    events = dict(ask("SELECT pgh_obj_id, count(*) FROM notes_noteevent GROUP BY 1"))
    assert events == {key: kept.changes for one in writers for key, kept in {**one.kept, **one.gone}.items()}
    last = dict(
        ask(
            "SELECT DISTINCT ON (pgh_obj_id) pgh_obj_id, pgh_label || title FROM notes_noteevent ORDER BY 1, pgh_id DESC"
        )
    )
    for one in writers:
        for key, kept in one.kept.items():
            assert last[key] in (f"insert{kept.title}", f"update{kept.title}")
        assert all(last[key] == f"delete{kept.title}" for key, kept in one.gone.items())
    nobody = "SELECT count(*) FROM notes_noteevent e LEFT JOIN pghistory_context c ON c.id = e.pgh_context_id WHERE c.metadata->>'user' IS NULL"
    assert ask(nobody) == [(0,)], "every write says whose it was"


def compare_imports(importer: Importer) -> None:
    """Every import that was begun is done, whole, once."""
    assert importer.done == importer.begun
    assert importer.done, "no import came through"
    found = dict(ask("SELECT source, count(*) FROM regions_place GROUP BY 1"))
    assert found == dict.fromkeys(importer.done, POINTS)
    assert ask("SELECT count(*) FROM regions_placeevent") == [(POINTS * len(importer.done),)]
    assert ask("SELECT count(*) FROM importers_importjob WHERE state = 'done'") == [(len(importer.done),)]
    # Given up is a run alone that lost its worker at its third try: that is what the queue does with whatever kills it.
    ends = dict(
        ask(
            "SELECT CASE status WHEN 'succeeded' THEN 'done' ELSE status || ' ' || coalesce(p.error_code, '') END, count(*) "
            "FROM procrastinate_jobs j LEFT JOIN tasks_progress p ON p.job_id = j.id WHERE task_name = 'importers.run' GROUP BY 1"
        )
    )
    assert ends.pop("done") == len(importer.done)
    assert ends == ({"failed worker-died": importer.given_up} if importer.given_up else {})


def check_database() -> None:
    """Every B-tree holds every row of its table, once; no transaction was left open."""
    with psycopg.connect(**cluster.dsn(role="postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        checked = connection.execute(
            "SELECT count(bt_index_check(c.oid, true)::text) FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid JOIN pg_am a ON a.oid = c.relam "
            "WHERE a.amname = 'btree' AND c.relpersistence <> 't' AND i.indisvalid"
        ).fetchone()
        assert checked and checked[0] > 50
        assert connection.execute("SELECT count(*) FROM pg_prepared_xacts").fetchone() == (0,)
