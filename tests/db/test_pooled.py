"""Behind PgBouncer in transaction mode a session belongs to everybody in turn: nothing of one asker may stay in it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from gisapp import connecting, secret_files
from tests import factories
from tests.cluster.findings import LEFT_BEHIND

pytestmark = pytest.mark.django_db(transaction=True)
NOTES = "/ogc/collections/notes/items"
GEOJSON = "application/geo+json"


def left_behind() -> str:
    """What the session keeps, asked in the very session that was used."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT_BEHIND)
        return str(cursor.fetchone()[0])


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def post(client: Client, key: str = "") -> int:
    properties = {"title": "Neu", "audience": "public", "organisation": "amt"}
    body = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [9.75, 54.4]}, "properties": properties}
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.post(NOTES, json.dumps(body), GEOJSON, headers=headers)
    assert answer.status_code == 201, answer.content
    return int(answer["Location"].rpartition("/")[2])


ASKED: dict[str, Callable[[Client], object]] = {
    "a write in the history's context": post,
    "a write that is done once": lambda client: post(client, "one-key"),
    "a refused write": lambda client: client.post(NOTES, "{}", GEOJSON),
    "a search with its own planner settings": lambda client: client.get("/api/search?q=Dorfstr"),
    "a place and its address": lambda client: client.get("/api/reverse?lon=9.7&lat=54.4"),
    "the past": lambda client: client.get(f"{NOTES}?as_of=2024-01-01"),
    "a download through a server-side cursor": lambda client: b"".join(
        client.get("/api/download/notes?format=csv").streaming_content  # type: ignore[attr-defined]
    ),
    "a file": lambda client: client.get("/api/download/notes?format=gpkg").getvalue(),
    "a tile": lambda client: client.get("/tiles/notes,places/8/134/81.mvt"),
    "the page": lambda client: client.get("/"),
    "readiness": lambda client: client.get("/readyz"),
}


@pytest.mark.parametrize("what", list(ASKED))
def test_01_no_request_leaves_anything_in_its_session(client: Client, what: str) -> None:
    client.force_login(factories.staff())
    factories.place()
    post(client)
    before = backend()
    ASKED[what](client)
    assert backend() == before, "another session was asked"
    assert left_behind() == ""


@pytest.mark.parametrize(
    "statement",
    [
        "SET statement_timeout = '7s'",
        "SELECT set_config('pghistory.context_id', 'somebody else', false)",
        "SELECT pg_advisory_lock(1)",
        "LISTEN somebody",
        "PREPARE mine AS SELECT 1",
    ],
)
def test_02_what_would_stay_is_noticed(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    try:
        assert left_behind() != ""
    finally:
        connection.close()


def test_03_only_the_web_server_goes_through_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers, set-up and backups need sessions: LISTEN, advisory locks, server-side cursors."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://web:a%40b@pooler:6432/gis")
    monkeypatch.setenv("DATABASE_DIRECT_URL", "postgresql://owner@primary/gis?sslmode=require")
    monkeypatch.setenv("REPLICA_URL", "postgresql://web@copy/gis")
    serving, working = connecting.databases(True), connecting.databases(False)
    assert (serving["default"]["HOST"], serving["default"]["PASSWORD"]) == ("pooler", "a@b")
    assert serving["default"]["DISABLE_SERVER_SIDE_CURSORS"] is True
    options = working["default"]["OPTIONS"]
    assert isinstance(options, dict)
    assert (working["default"]["HOST"], options["sslmode"]) == ("primary", "require")
    assert (set(serving), set(working)) == ({"default", "replica"}, {"default"})


def test_04_secrets_come_from_files_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "database"
    secret.write_text("postgresql://web:geheim@pooler/gis\n")
    for name in ("DATABASE_URL", "REPLICA_URL"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("DATABASE_URL_FILE", str(secret))
    secret_files.read()
    assert connecting.databases(False)["default"]["PASSWORD"] == "geheim"
    monkeypatch.setenv("REPLICA_URL_FILE", str(tmp_path / "missing"))
    with pytest.raises(secret_files.SecretError, match="REPLICA_URL_FILE"):
        secret_files.read()
