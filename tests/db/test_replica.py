"""A real streaming replica: what it answers, who still sees what he wrote, and how it may fail without a failed request."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from gisapp import cluster
from gisapp.accounts import roles
from gisapp.accounts.models import User
from tests.cluster import postgres
from tests.serving import served

MAX_LAG = 5.0
NOTES = "/ogc/collections/notes/items"
PASSWORD = "ein langes Passwort"
SET_PASSWORD = (
    "from gisapp.accounts.models import User; u = User.objects.get(email='verwaltung@demo.invalid'); "
    f"u.set_password({PASSWORD!r}); u.save()"
)
POINT = {"type": "Point", "coordinates": [9.75, 54.4]}


@dataclass
class Site:
    """A web process on a primary and its replica."""

    address: str
    first: postgres.Node
    copy: postgres.Node
    token: str

    def get(self, path: str, asker: requests.Session | None = None, **more: Any) -> requests.Response:
        return (asker or requests).get(self.address + path, timeout=20, **more)

    def where(self, asker: requests.Session | None = None) -> bool:
        """Does the replica answer this asker?"""
        answer = self.get("/t/where", asker)
        assert answer.status_code == 200
        return bool(answer.json()["replica"])

    def program(self) -> requests.Session:
        found = requests.Session()
        found.headers["Authorization"] = f"Bearer {self.token}"
        return found

    def write(self, asker: requests.Session, title: str, audience: str = "public") -> str:
        """Post a notice; its address."""
        properties = {"title": title, "audience": audience, "organisation": "amt-huettener-berge"}
        body = json.dumps({"type": "Feature", "geometry": POINT, "properties": properties})
        answer = asker.post(self.address + NOTES, body, headers={"Content-Type": "application/geo+json"}, timeout=20)
        assert answer.status_code == 201, answer.text
        return f"{NOTES}/{answer.headers['Location'].rpartition('/')[2]}"

    def part(self) -> dict[str, Any]:
        answer = self.get("/readyz").json()
        return next(one for one in answer["parts"] if one["name"] == "replica")

    def settle(self) -> None:
        """Wait until the replica is asked and has everything."""
        postgres.until(lambda: self.where() and self.where(self.program()), "the replica answers")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with postgres.folder() as top, postgres.primary(top) as first:
        owner = postgres.environment(first)
        postgres.gisapp(owner, "setup")
        postgres.gisapp(owner, "demo")
        postgres.gisapp(owner, "manage", "shell", "-c", SET_PASSWORD)
        made = postgres.gisapp(
            owner, "user", "token", "verwaltung@demo.invalid", "--scope", "read", "--scope", "write", "--json"
        )
        with postgres.replica_of(first, top) as copy:
            web = postgres.environment(
                first, DATABASE_URL=first.url(cluster.WEB_ROLE), REPLICA_URL=copy.url(cluster.WEB_ROLE),
                REPLICA_MAX_LAG=str(MAX_LAG), GISAPP_URLS="tests.cluster.urls",
            )  # fmt: skip
            with served(web, workers=1) as address:
                yield Site(address, first, copy, json.loads(made)["token"])


@pytest.fixture
def paused(site: Site) -> Iterator[Site]:
    """The replica follows no more, and nobody knows it yet."""
    site.settle()
    site.copy.ask("SELECT pg_wal_replay_pause()")
    yield site
    site.copy.ask("SELECT pg_wal_replay_resume()")
    site.settle()


def test_01_who_only_reads_is_answered_by_the_replica(site: Site) -> None:
    site.settle()
    assert site.get("/").status_code == 200
    assert site.get(f"{NOTES}?limit=1").json()["numberMatched"] >= 3
    assert site.get("/tiles/places/10/539/325.mvt").status_code in (200, 204)
    assert site.part() == {**site.part(), "ok": True, "warning": False}
    found = site.get("/metrics").text
    assert "gisapp_replica_in_use 1" in found
    assert 'gisapp_reads_total{where="replica"}' in found


def test_02_a_program_reads_its_write_and_others_wait_for_the_replica(paused: Site) -> None:
    writer = paused.program()
    before = paused.get(f"{NOTES}?limit=1").json()["numberMatched"]
    own = paused.write(writer, "Neu und gleich da")
    for _turn in range(20):
        assert paused.get(own, writer).json()["properties"]["title"] == "Neu und gleich da"
    assert paused.get(f"{NOTES}?limit=1").json()["numberMatched"] == before, "an anonymous reader was at the replica"
    assert not paused.where(writer)
    # The count that was remembered for the older state is not given to who sees the newer one, and the other way round.
    assert paused.get(f"{NOTES}?limit=1", writer).json()["numberMatched"] > before
    assert paused.get(f"{NOTES}?limit=1").json()["numberMatched"] == before


def test_03_a_browser_reads_its_write(paused: Site) -> None:
    """The mark is in a cookie, whoever the asker is; here a refused write suffices for one."""
    browser = requests.Session()
    assert paused.where(browser)
    assert browser.post(paused.address + NOTES, "{}", timeout=20).status_code in (401, 403)
    cookie = next(one for one in browser.cookies if one.name == "gisapp_seen")
    assert cookie.has_nonstandard_attr("HttpOnly")
    paused.write(paused.program(), "etwas Neues im Protokoll")
    browser.post(paused.address + NOTES, "{}", timeout=20)
    assert not paused.where(browser)
    forged = requests.Session()
    forged.cookies.set("gisapp_seen", browser.cookies["gisapp_seen"].replace(":", "x:", 1))
    assert paused.where(forged), "a number that we did not sign is nobody's"


def test_03b_of_two_writes_at_once_the_later_one_counts(paused: Site) -> None:
    """The marks of one program's parallel requests come in any order."""
    writer = paused.program()
    with ThreadPoolExecutor(6) as pool:
        places = list(pool.map(lambda number: paused.write(paused.program(), f"Zugleich {number}"), range(12)))
    for own in places:
        assert paused.get(own, writer).status_code == 200
    later = paused.first.ask("SELECT position FROM gisapp_seen WHERE who LIKE 'token %'")
    paused.first.ask("UPDATE gisapp_seen SET position = position + 1000000, at = now()")
    paused.write(paused.program(), "Danach")
    assert paused.first.ask("SELECT position FROM gisapp_seen WHERE who LIKE 'token %'") > later
    paused.first.ask("UPDATE gisapp_seen SET at = now() - interval '1 minute'")
    paused.write(paused.program(), "Noch später")
    there = paused.first.ask(
        "SELECT position <= (pg_current_wal_insert_lsn() - '0/0')::bigint FROM gisapp_seen WHERE who LIKE 'token %'"
    )
    assert there == [(True,)], "a position of another log does not stay for ever"


def test_04_what_the_replica_does_not_know_yet_is_asked_of_the_primary(paused: Site) -> None:
    """A client without cookies and tokens follows a Location, or names the version that it was told."""
    own = paused.write(paused.program(), "Für alle sofort")
    answer = paused.get(own)
    assert answer.status_code == 200 and answer.json()["properties"]["title"] == "Für alle sofort"
    assert paused.get(own, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert paused.get(f"{NOTES}/99999999").status_code == 404


def test_05_a_right_that_is_taken_away_is_gone_at_once(paused: Site) -> None:
    reader = paused.program()
    internal = f"{NOTES}?audience=internal"
    assert paused.where(reader)
    assert paused.get(internal, reader).json()["numberMatched"] > 0
    owner = postgres.environment(paused.first)
    role = ("verwaltung@demo.invalid", "amt-huettener-berge", "staff")
    postgres.gisapp(owner, "user", "grant", "--revoke", *role)
    try:
        assert paused.get(internal, reader).json()["numberMatched"] == 0
    finally:
        postgres.gisapp(owner, "user", "grant", *role)
    assert paused.get(internal, reader).json()["numberMatched"] > 0


def test_05a_memberships_are_asked_of_the_primary_wherever_a_view_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has shown a second factor is not asked for his roles before the view: then the view asks, at the primary."""
    inside: list[bool] = [False]
    asked: list[bool] = []

    @contextmanager
    def primary() -> Iterator[None]:
        inside[0] = True
        yield
        inside[0] = False

    def rows(*_arguments: object) -> list[tuple[object, ...]]:
        asked.append(inside[0])
        return []

    monkeypatch.setattr(roles, "primary", primary)
    monkeypatch.setattr(roles, "fetch_rows", rows)
    assert roles.grants_of(User(pk=7, is_active=True)) == ()
    assert asked == [True]


def test_05b_a_session_that_was_ended_is_over_at_once(paused: Site) -> None:
    """And one that has just begun is there, though the replica has never heard of it."""
    browser = requests.Session()
    browser.get(f"{paused.address}/konto/anmelden/", timeout=20)
    form = {
        "login": "verwaltung@demo.invalid",
        "password": PASSWORD,
        "csrfmiddlewaretoken": browser.cookies["csrftoken"],
    }
    done = browser.post(f"{paused.address}/konto/anmelden/", form, timeout=20, allow_redirects=False)
    assert done.status_code == 302
    stranger = requests.Session()  # the same session without the mark of the writer
    stranger.cookies.set("sessionid", browser.cookies["sessionid"])
    answer = paused.get("/t/where", stranger).json()
    assert answer == {"replica": True, "user": "verwaltung@demo.invalid"}
    paused.first.ask("DELETE FROM django_session")
    assert paused.get("/t/where", stranger).json() == {"replica": True, "user": ""}


def test_06_a_replica_that_lags_is_left_alone(paused: Site) -> None:
    before = paused.get(f"{NOTES}?limit=1").json()["numberMatched"]
    paused.write(paused.program(), "Das kommt spät an")
    begin = time.monotonic()
    postgres.until(lambda: not paused.where(), "the lagging replica is left", MAX_LAG + 5)
    assert time.monotonic() - begin > MAX_LAG - 2, "not before its time"
    assert paused.get(f"{NOTES}?limit=1").json()["numberMatched"] == before + 1
    assert paused.part()["warning"] and paused.part()["ok"]
    assert paused.get("/readyz").status_code == 200
    assert "gisapp_replica_in_use 0" in paused.get("/metrics").text


def test_07_what_is_old_is_never_shown_after_the_lag(site: Site) -> None:
    """An idle primary makes nobody late: nothing happens for longer than the limit, and the replica is still asked."""
    site.settle()
    end = time.monotonic() + MAX_LAG + 1.5
    while time.monotonic() < end:
        assert site.where()
        time.sleep(0.2)


def test_08_a_view_that_writes_or_streams_is_asked_again_at_the_primary(site: Site) -> None:
    site.settle()
    for number in range(3):
        answer = site.get(f"/t/writes?value={number}")
        assert (answer.status_code, answer.text) == (200, str(number))
        assert "gisapp_seen" in answer.headers["Set-Cookie"]
    assert site.get("/t/streams").text == "0:False 1:False 2:False "
    assert site.where(), "none of it was the replica's fault"
    assert site.get("/api/download/notes?format=csv").text.count("\r\n") > 3
    then = site.get(f"{NOTES}?limit=1&as_of=2020-01-01").json()
    assert then["numberMatched"] == 0, "the past is the past at the replica, too"
    known = site.get("/map/list/notes").text
    assert "Spielplatz wird erneuert" in known
    assert "Spielplatz wird erneuert" not in site.get("/map/list/notes?as_of=2020-01-01").text, (
        "through the ORM as well"
    )


def _all_answered(site: Site, break_it: Any, seconds: float = 2.5) -> list[float]:
    """Ask all the time from eight sides while the replica is broken; the seconds that each request took."""
    ended, times = threading.Event(), []
    paths = ["/t/where?sleep=0.05", f"{NOTES}?limit=2", "/tiles/places/10/539/325.mvt", "/api/search?q=Wald", "/"]

    def ask(number: int) -> None:
        while not ended.is_set():
            begin = time.monotonic()
            answer = site.get(paths[number % len(paths)])
            assert answer.status_code in (200, 204), answer.text
            times.append(time.monotonic() - begin)

    with ThreadPoolExecutor(8) as pool:
        asking = [pool.submit(ask, number) for number in range(8)]
        try:
            time.sleep(0.5)
            break_it()
            time.sleep(seconds)
        finally:
            ended.set()
        for one in asking:
            one.result()
    return times


def test_09_killed_in_the_middle_and_back(site: Site) -> None:
    site.settle()
    times = _all_answered(site, site.copy.kill)
    assert len(times) > 50 and max(times) < 6
    assert not site.where() and site.part()["warning"]
    site.copy.start()
    site.settle()
    assert _all_answered(site, lambda: None, 1)


def test_10_silent_in_the_middle_and_back(site: Site) -> None:
    """Stopped, not dead: its kernel still takes what is sent, and nothing ever comes back."""
    site.settle()
    try:
        times = _all_answered(site, lambda: site.copy.signal(signal.SIGSTOP), 5)
    finally:
        site.copy.signal(signal.SIGCONT)
    assert max(times) < 8, "those that waited were cut off"
    assert len(times) > 50
    site.settle()


def test_11_restarted_in_the_middle(site: Site) -> None:
    site.settle()

    def again() -> None:
        site.copy.stop()
        site.copy.start()

    assert max(_all_answered(site, again, 3)) < 6
    site.settle()


def test_12_the_public_map_outlives_the_primary(site: Site) -> None:
    """While the primary is away - stopped, or silent - visitors are answered, and nobody can write."""
    site.settle()
    public = [f"{NOTES}?limit=2", "/tiles/places/10/539/325.mvt", "/api/layers/"]
    site.first.stop()
    try:
        for _turn in range(5):
            assert {site.get(path).status_code for path in public} <= {200, 204}
            time.sleep(0.5)
        assert site.program().post(site.address + NOTES, "{}", timeout=20).status_code >= 500
        assert site.get("/readyz").status_code == 503
    finally:
        site.first.start()
    site.settle()
    site.first.signal(signal.SIGSTOP)
    try:
        end = time.monotonic() + 4
        while time.monotonic() < end:
            assert {site.get(path).status_code for path in public} <= {200, 204}
    finally:
        site.first.signal(signal.SIGCONT)
    site.settle()


def test_13_a_replica_that_became_a_primary_is_none(site: Site) -> None:
    """Last: there is no way back. What it is asked would be another truth, and what is written there would be lost."""
    site.settle()
    site.copy.ask("SELECT pg_promote(true, 30)")
    postgres.until(lambda: not site.where(), "the promoted replica is left")
    time.sleep(1.5)
    assert not site.where() and site.part()["warning"]
    assert site.get("/t/writes?value=x").text == "x"
    assert site.copy.ask("SELECT value FROM registry_fact WHERE name = 'tests-cluster'") == [("2",)]
