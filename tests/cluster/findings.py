"""What must be true when the load is over, asked of the primary itself and of what nginx has stored."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import requests
from django.db import connection

from tests.cluster import postgres
from tests.cluster.content import INTERNAL
from tests.cluster.traffic import Book

LEFT_BEHIND = """
SELECT coalesce(nullif(current_setting('pghistory.context_id', true), ''), '') ||
       coalesce((SELECT string_agg(name, ',') FROM pg_settings WHERE source = 'session'
                 AND name NOT IN ('client_encoding', 'application_name', 'DateStyle', 'TimeZone',
                                  'standard_conforming_strings', 'intervalstyle', 'IntervalStyle')), '') ||
       coalesce((SELECT string_agg(locktype, ',') FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'), '') ||
       coalesce((SELECT string_agg(name, ',') FROM pg_prepared_statements), '') ||
       coalesce((SELECT string_agg(channel, ',') FROM pg_listening_channels() AS channel), '')
"""
"""What a session of the server keeps from who used it before; empty is right."""


def writes(book: Book) -> Iterator[str]:
    """Every acknowledged notice is there once, as it was acknowledged last, and its history names its writer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id::text, title FROM notes_note WHERE title LIKE 'OFFEN-%%' OR title LIKE %s", [f"{INTERNAL}-%-%-%"]
        )
        there = dict(cursor.fetchall())
        cursor.execute(
            "SELECT e.pgh_obj_id::text, array_agg(DISTINCT c.metadata ->> 'user') FROM notes_noteevent e "
            "LEFT JOIN pghistory_context c ON c.id = e.pgh_context_id GROUP BY 1"
        )
        writers = dict(cursor.fetchall())
    for key, (title, user) in book.notes.items():
        if there.get(key) != title:
            yield f"write lost: notice {key} is {there.get(key)!r} and was acknowledged as {title!r}"
        if writers.get(key) != [str(user)]:
            yield f"history: notice {key} of user {user} is said to be of {writers.get(key)}"
    more = set(there) - set(book.notes)
    titles = list(there.values())
    if more:
        yield f"{len(more)} notices that nobody was told of"
    if len(titles) != len(set(titles)):
        yield "a notice is there twice"


def jobs(book: Book, twice_allowed: int) -> Iterator[str]:
    """Every job was done; the work of those that a killed worker held may have been done twice, and no other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, status::text FROM procrastinate_jobs WHERE id = ANY(%s)", [list(book.jobs)])
        states = dict(cursor.fetchall())
        cursor.execute("SELECT job, count(*) FROM test_steps WHERE step = 'inside' OR step LIKE 'quick%' GROUP BY job")
        done = dict(cursor.fetchall())
    unfinished = [job for job in book.jobs if states.get(job) != "succeeded"]
    if unfinished:
        yield f"{len(unfinished)} jobs are not done: {[(one, states.get(one)) for one in unfinished[:5]]}"
    missing = [job for job in book.jobs if not done.get(job)]
    if missing:
        yield f"{len(missing)} jobs left no work behind"
    twice = [job for job in book.jobs if done.get(job, 0) > 1]
    if len(twice) > twice_allowed:
        yield f"{len(twice)} jobs were done more than once, {twice_allowed} may be"


def unfinished_jobs(book: Book) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE id = ANY(%s) AND status IN ('todo', 'doing')",
            [list(book.jobs)],
        )
        return int(cursor.fetchone()[0])


def stored_tiles(cache: Path) -> tuple[int, list[str]]:
    """How many tiles nginx has stored, and what is wrong with any: internal words, or a layer that is not for everyone."""
    problems, count = [], 0
    for path in cache.rglob("*"):
        if not path.is_file():
            continue
        count += 1
        content = path.read_bytes()
        key = re.search(rb"KEY: (\S+)", content)
        if key is None or b"/tiles/" not in key[1] or b"notes" in key[1]:
            problems.append(f"stored though not a public tile: {key and key[1]!r}")
        head, _blank, body = content.partition(b"\r\n\r\n")
        if body.startswith(b"\x1f\x8b"):
            body = gzip.decompress(body)
        if INTERNAL.encode() in body or re.search(rb"(?i)\r\n(set-cookie|cache-control: private)", head):
            problems.append("something private is in the store of tiles")
    return count, problems


def reads(webs: list[str]) -> tuple[dict[str, float], bool]:
    """Who answered the reading requests, over all web processes; and whether every one uses the replica now."""
    found: dict[str, float] = {}
    used = True
    for web in webs:
        text = requests.get(f"{web}/metrics", timeout=10).text
        for where, count in re.findall(r'gisapp_reads_total\{where="(\w+)"\} ([\d.e+]+)', text):
            found[where] = found.get(where, 0) + float(count)
        used = used and "gisapp_replica_in_use 1.0" in text
    return found, used


def left_behind(url: str) -> list[str]:
    """What the sessions behind PgBouncer kept of those who used them; several at once, to see several."""
    found = set()
    held = [psycopg.connect(url, prepare_threshold=None) for _number in range(5)]
    try:
        for one in held:  # transactions stay open, so that each has a server's session of its own
            row = one.execute(LEFT_BEHIND).fetchone()
            assert row is not None
            found.add(str(row[0]))
    finally:
        for one in held:
            one.close()
    return sorted(one for one in found if one)


def maps(site: str) -> Iterator[str]:
    """QGIS Server behind nginx: the public notices through WFS, no internal one, no other project, nothing but reading."""
    asked = "SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=notes&OUTPUTFORMAT=GeoJSON"
    answer = requests.get(f"{site}/qgis/?{asked}", timeout=60)
    titles = [one["properties"]["title"] for one in answer.json()["features"]] if answer.status_code == 200 else []
    if not any(title.startswith("OFFEN") for title in titles):
        yield f"QGIS Server shows no public notice ({answer.status_code})"
    if any(INTERNAL in title for title in titles):
        yield "QGIS Server shows an internal notice"
    for query, wanted in (
        (f"MAP=/etc/x.qgs&{asked}", 403),
        (f"map=/etc/x.qgs&{asked}", 403),
        (f"M%2541P=/etc/x&{asked}", 400),
    ):
        found = requests.get(f"{site}/qgis/?{query}", timeout=20).status_code
        if found != wanted:
            yield f"another project could be named: {query[:12]} is answered with {found}"
    if requests.post(f"{site}/qgis/?{asked}", "<x/>", timeout=20).status_code != 403:
        yield "QGIS Server takes what is posted"


def readiness(webs: list[str]) -> list[str]:
    """Web processes that do not call themselves ready."""
    problems = []
    for web in webs:
        answer = requests.get(f"{web}/readyz", timeout=10)
        if answer.status_code != 200:
            problems.append(f"not ready: {[one['name'] for one in answer.json()['parts'] if not one['ok']]}")
    return problems


def replayed(first: postgres.Node, copy: postgres.Node) -> bool:
    """Has the replica everything that the primary has?"""
    position = first.ask("SELECT pg_current_wal_lsn()")[0][0]
    return bool(copy.ask(f"SELECT pg_last_wal_replay_lsn() >= '{position}'")[0][0])
