"""/healthz and /readyz tell the truth by their status code, part by part, and give nothing away."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from gisapp import health
from tests.db.test_serve_stops import free_port


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    health.forget()
    yield
    health.forget()


def beat(seconds_ago: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))",
            [seconds_ago],
        )


def asked(client: Client) -> tuple[int, dict[str, Any]]:
    response = client.get("/readyz")
    assert response["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response
    found = response.json()
    assert found["ready"] is (response.status_code == 200)
    return response.status_code, {part["name"]: part for part in found["parts"]}


def test_01_alive_without_a_database(client: Client) -> None:
    """No `django_db` here: the database is closed to this test."""
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"alive": True})
    assert response["Cache-Control"] == "no-store"
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_02_ready_when_all_parts_are(client: Client) -> None:
    beat(1)
    status, parts = asked(client)
    assert status == 200, parts
    assert set(parts) == {"database", "postgis", "migrations", "worker", "disk-data", "disk-media"}
    assert all(part["ok"] and part["de"] and part["en"] for part in parts.values())


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("break_it", "part"),
    [
        ("DELETE FROM django_migrations WHERE app = 'registry' AND name = '0002_fact'", "migrations"),
        ("DELETE FROM procrastinate_workers", "worker"),
        ("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 s'", "worker"),
    ],
)
def test_03_one_part_that_fails_is_named_and_makes_503(client: Client, break_it: str, part: str) -> None:
    beat(1)
    with connection.cursor() as cursor:
        cursor.execute(break_it)
    status, parts = asked(client)
    assert status == 503
    assert [name for name, one in parts.items() if not one["ok"]] == [part]


_FETCH = health.fetch_rows


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [[("3.1.9",)], []])
def test_03b_an_old_postgis_or_none(client: Client, monkeypatch: pytest.MonkeyPatch, rows: list[tuple[str]]) -> None:
    """The catalogue belongs to the server; the answer to this one question is replaced."""
    beat(1)
    monkeypatch.setattr(health, "fetch_rows", lambda sql, params: rows if "postgis" in sql else _FETCH(sql, params))
    status, parts = asked(client)
    assert status == 503
    assert [name for name, one in parts.items() if not one["ok"]] == ["postgis"]


@pytest.mark.django_db
def test_04_a_full_disk(client: Client, settings: Any) -> None:
    beat(1)
    settings.READY_FREE_MB = 10**9
    status, parts = asked(client)
    assert status == 503
    assert {name for name, one in parts.items() if not one["ok"]} == {"disk-data", "disk-media"}


@pytest.mark.django_db
def test_05_without_a_worker_where_none_is_needed(client: Client, settings: Any) -> None:
    settings.READY_NEEDS_WORKER = False
    status, parts = asked(client)
    assert (status, "worker" in parts) == (200, False)


@pytest.mark.django_db
def test_06_many_questions_ask_the_database_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    beat(1)
    asked_sql: list[str] = []

    def counted(sql: str, params: Any) -> Any:
        asked_sql.append(sql)
        return _FETCH(sql, params)

    monkeypatch.setattr(health, "fetch_rows", counted)
    for _ in range(50):
        asked(client)
    assert 0 < len(asked_sql) <= 5


def test_07_a_server_whose_database_is_away_lives_and_is_not_ready() -> None:
    """A real server; its DATABASE_URL leads to a closed port, and its password into no answer."""
    port, away = free_port(), free_port()
    secret = "geheimes-kennwort"
    env = {
        **os.environ,
        "DATABASE_URL": f"postgresql://nutzer:{secret}@127.0.0.1:{away}/gis?connect_timeout=2",
        "PUBLIC_URL": "https://karte.amt.example",  # TLS ends at the proxy; the probe asks without it
    }
    command = [sys.executable, "-m", "gisapp", "serve", "--port", str(port), "--workers", "1"]
    server = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    try:
        assert _get(port, "healthz")[0] == 200
        status, body = _get(port, "readyz")
        assert status == 503
        states = {part["name"]: part["ok"] for part in json.loads(body)["parts"]}
        assert states == {
            "database": False, "postgis": False, "migrations": False, "worker": False,
            "disk-data": True, "disk-media": True,
        }  # fmt: skip
        assert not any(word in body for word in (secret, "nutzer", str(away), "gis?"))
    finally:
        server.terminate()
        server.wait(timeout=15)


def _get(port: int, path: str) -> tuple[int, str]:
    until = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=20) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)
