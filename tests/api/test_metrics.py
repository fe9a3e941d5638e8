"""/metrics adds up all processes, is for the monitoring alone, and has every metric that dashboard and alerts name."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.db import connection
from django.test import Client
from prometheus_client import Histogram
from prometheus_client.parser import text_string_to_metric_families

from gisapp import __version__
from gisapp.observe import exposition
from gisapp.observe.metrics import BOUNDS, TILE_ROUTE, observe_all
from gisapp.registry.facts import put
from tests import factories
from tests.api.test_logs import Server
from tests.api.test_tiles import fetch

DOCKER = Path(__file__).resolve().parents[2] / "docker"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    exposition.forget()
    yield
    exposition.forget()


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def read(client: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    return samples(response.content.decode())


def requests(route: str, status: int, method: str = "GET") -> tuple[str, tuple[tuple[str, str], ...]]:
    return "gisapp_requests_total", (("method", method), ("route", route), ("status", str(status)))


@pytest.mark.django_db
def test_01_requests_and_tiles_are_counted_by_pattern(client: Client) -> None:
    factories.place(x=100, y=100)
    before = read(client)
    sent = sum(len(fetch(client, "places", 100, 100, 14).content) for _ in range(3))
    assert sent > 0
    client.get("/nix?q=geheim")
    client.generic("FROBNICATE", "/")
    after = read(client)

    def more(key: tuple[str, tuple[tuple[str, str], ...]]) -> float:
        return after.get(key, 0) - before.get(key, 0)

    assert more(requests(TILE_ROUTE, 200)) == 3
    assert more(("gisapp_tile_bytes_total", ())) == sent
    assert more(("gisapp_tile_seconds_total", ())) > 0
    assert more(("gisapp_request_seconds_count", (("route", TILE_ROUTE),))) == 3
    assert more(requests("-", 404)) == 1
    assert more(requests("/", 405, "OTHER")) == 1
    assert not any("geheim" in str(key) for key in after)


@pytest.mark.django_db
def test_02_queue_backup_and_build(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'x'), ('default', 'y')"
        )
        cursor.execute("UPDATE procrastinate_events SET at = now() - interval '90 s'")
        cursor.execute("SELECT now() - interval '1 hour'")
        put("last_backup", cursor.fetchone()[0].isoformat())
    found = read(client)
    assert found["gisapp_queue_jobs", (("state", "todo"),)] == 2
    assert found["gisapp_queue_jobs", (("state", "failed"),)] == 0
    assert 90 <= found["gisapp_queue_oldest_seconds", ()] < 100
    assert found["gisapp_workers_alive", ()] == 1
    assert 3600 <= found["gisapp_backup_age_seconds", ()] < 3700
    assert found["gisapp_database_up", ()] == 1
    assert [dict(labels)["version"] for name, labels in found if name == "gisapp_build_info"] == [__version__]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("behind_proxy", "address", "headers", "allowed"),
    [
        (False, "127.0.0.1", {}, True),
        (False, "::1", {}, True),
        (False, "::ffff:127.0.0.1", {}, True),
        (False, "10.1.2.3", {}, True),
        (False, "192.168.0.9", {}, False),
        (False, "", {}, False),
        # A proxy stands between and nobody said that it may be believed: its address is not the asker's.
        (False, "127.0.0.1", {"X-Forwarded-For": "84.17.9.3"}, False),
        (False, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
        (False, "127.0.0.1", {"Forwarded": "for=84.17.9.3"}, False),
        (True, "127.0.0.1", {"X-Forwarded-For": "84.17.9.3"}, False),
        # What the asker himself wrote stands before what our proxy saw.
        (True, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1, 84.17.9.3"}, False),
        (True, "127.0.0.1", {"X-Forwarded-For": "84.17.9.3, 10.1.2.3"}, True),
        (False, "84.17.9.3", {"Authorization": "Bearer richtig-langes-wort"}, True),
        (True, "127.0.0.1", {"X-Forwarded-For": "84.17.9.3", "Authorization": "Bearer richtig-langes-wort"}, True),
        (False, "84.17.9.3", {"Authorization": "Bearer falsch"}, False),
        (False, "84.17.9.3", {"Authorization": "Bearer "}, False),
        (False, "84.17.9.3", {"Authorization": "Basic richtig-langes-wort"}, False),
    ],
)
def test_03_who_may_read_them(
    client: Client, settings: object, behind_proxy: bool, address: str, headers: dict[str, str], allowed: bool
) -> None:
    settings.METRICS_ALLOWED = ["127.0.0.0/8", "::1/128", "10.1.0.0/16"]  # type: ignore[attr-defined]
    settings.METRICS_TOKEN = "richtig-langes-wort"  # type: ignore[attr-defined]
    settings.BEHIND_PROXY = behind_proxy  # type: ignore[attr-defined]
    response = client.get("/metrics", headers=headers, REMOTE_ADDR=address)
    if allowed:
        assert response.status_code == 200
        assert b"gisapp_requests_total" in response.content
    else:
        # Word for word what any other address that does not exist answers.
        nothing = client.get("/nirgendwo", headers=headers, REMOTE_ADDR=address)
        assert (response.status_code, response.content) == (nothing.status_code, nothing.content)
        assert response.status_code == 404


@pytest.mark.django_db
def test_04_no_token_set_is_no_token_at_all(client: Client, settings: object) -> None:
    settings.METRICS_TOKEN = ""  # type: ignore[attr-defined]
    response = client.get("/metrics", headers={"Authorization": "Bearer "}, REMOTE_ADDR="84.17.9.3")
    assert response.status_code == 404


def test_05_all_processes_are_added_up_and_dead_ones_leave_no_gauge(tmp_path: Path, transactional_db: None) -> None:
    """Two real web processes; whichever answers /metrics knows of the requests of both."""
    import os

    from gisapp.paths import unpacked_system
    from tests.processes import children

    (tmp_path / "data").mkdir()
    if unpacked_system().exists():  # where nobody may install packages, the server lies in the data directory
        (tmp_path / "data/system").symlink_to(unpacked_system())
    server = Server(tmp_path, GISAPP_DATA=str(tmp_path / "data"), GISAPP_PG=str(_pg()))
    try:
        for _ in range(40):
            assert server.ask("/map/ping")[0] == 204
        until = time.monotonic() + 10
        while (found := samples(server.ask("/metrics")[2].decode())).get(requests("/map/ping", 204)) != 40:
            assert time.monotonic() < until, "the other process writes its counts within a second"
            time.sleep(0.2)
        folder = tmp_path / "data/metrics" / str(server.process.pid)
        pids = {path.stem.rpartition("_")[2] for path in folder.glob("*.db")}
        assert len(pids) == 2, "both processes have answered"
        dead = next(pid for pid in pids if int(pid) in children(server.process.pid))
        os.kill(int(dead), 9)
        until = time.monotonic() + 20
        while server.ask("/metrics")[0] != 200 or list(folder.glob(f"gauge_live*_{dead}.db")):
            assert time.monotonic() < until
            time.sleep(0.2)
        again = samples(server.ask("/metrics")[2].decode())
        assert again[requests("/map/ping", 204)] == 40, "what the dead process counted stays counted"
        assert ("gisapp_db_pool_connections", (("state", "open"),)) in found
    finally:
        server.stop()
    assert not folder.exists()


def test_05b_many_observed_at_once_are_many_observed() -> None:
    values = [0.0, 0.005, 0.0051, 0.3, 0.3, 10.0, 11.0, 500.0]
    one, all_at_once = (Histogram("x", "x", buckets=BOUNDS, registry=None) for _ in range(2))
    for value in values:
        one.observe(value)
    observe_all(all_at_once, values)

    def shown(made: Histogram) -> list[tuple[str, tuple[tuple[str, str], ...], float]]:
        found = [sample for family in made.collect() for sample in family.samples]
        return [(one.name, tuple(one.labels.items()), one.value) for one in found if not one.name.endswith("_created")]

    assert shown(one) == shown(all_at_once)
    assert len(shown(one)) == len(BOUNDS) + 2


def _pg() -> Path:
    from gisapp.cluster import cluster_dir

    return cluster_dir()


def _named(text: str) -> set[str]:
    return set(re.findall(r"\bgisapp_[a-z_]+", text))


def dashboards() -> list[Path]:
    return sorted((DOCKER / "grafana").rglob("*.json"))


@pytest.mark.django_db
def test_06_every_metric_that_the_dashboard_and_the_alerts_name_exists(client: Client) -> None:
    put("last_backup", "2026-11-01T00:00:00+00:00")
    factories.place(x=100, y=100)
    fetch(client, "places", 100, 100, 14)
    # A sample's family as well: histogram_quantile() names the buckets, help texts name the family.
    there = {name for name, _ in read(client)} | {"gisapp_db_pool_connections", "gisapp_replica_in_use"}
    boards, rules = dashboards(), sorted((DOCKER / "prometheus").glob("*.yml"))
    assert boards
    assert rules
    for path in (*boards, *rules):
        named = _named(path.read_text(encoding="utf-8")) - {"gisapp_overview"}
        assert named, path
        assert named - there == set(), path


def test_07_the_dashboard_is_whole() -> None:
    for path in dashboards():
        board = json.loads(path.read_text(encoding="utf-8"))
        panels = [panel for panel in board["panels"] if panel["type"] != "row"]
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        assert all(panel["targets"] and panel["title"] for panel in panels)
        assert all(target["expr"] for panel in panels for target in panel["targets"])
        shown = _named(json.dumps(board))
        assert {"gisapp_requests_total", "gisapp_tile_bytes_total", "gisapp_queue_jobs", "gisapp_outbox_mails"} <= shown
        assert {"gisapp_backup_age_seconds", "gisapp_build_info", "gisapp_db_pool_connections"} <= shown


def test_08_every_alert_is_whole_and_names_a_page_that_exists() -> None:
    rules = [
        rule
        for path in (DOCKER / "prometheus").glob("*.yml")
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]
    assert len(rules) >= 10
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["expr"] and rule["for"] and rule["labels"]["severity"] in {"warning", "critical"}
        notes = rule["annotations"]
        assert notes["summary"] and notes["summary_en"]
        assert (DOCKER.parent / notes["page"]).is_file(), notes["page"]
