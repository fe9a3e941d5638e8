"""Everybody who asks: visitors, staff with a browser, programs that write, and who starts jobs. Every answer is checked."""

import json
import random
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.cluster.content import INTERNAL, PASSWORD, Person

NOTES = "/ogc/collections/notes/items"
TILES = [
    f"/tiles/{layer}/{tile}.mvt"
    for layer in ("places", "buildings,roads", "municipalities,places", "addresses")
    for tile in ("8/134/81", "10/539/325", "12/2158/1302", "13/4316/2605")
]
PRIVATE_TILE = "/tiles/notes/8/134/81.mvt"
FEATURES = [
    "/ogc/collections/places/items?limit=20", "/ogc/collections/municipalities/items?limit=5",
    "/api/layers/", "/api/search?q=Dorf", "/ogc/collections/addresses/items?limit=10",
]  # fmt: skip
WRITE_PAUSE = 3.2
"""Seconds between two rounds of a writer: 60 writes a minute are what one person may."""
PLACE = {"type": "Point", "coordinates": [9.695, 54.413]}


@dataclass
class Book:
    """What happened: answers by kind, what was wrong with any, and what was acknowledged."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    answers: Counter[str] = field(default_factory=Counter)
    cached: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0
    notes: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Number of a notice -> the title that was acknowledged last, and whose it is."""
    jobs: dict[int, str] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def note(self, kind: str, seconds: float, problem: str) -> None:
        with self.lock:
            self.answers[kind] += 1
            self.slowest = max(self.slowest, seconds)
            if problem:
                self.wrong.append(f"{kind}: {problem}"[:300])


class Asker:
    """One client with its own cookies (or token), through nginx."""

    def __init__(self, book: Book, site: str, person: Person | None = None) -> None:
        self.book, self.site, self.person = book, site, person
        self.http = requests.Session()
        self.http.trust_env = False
        if person and person.token:
            self.http.headers["Authorization"] = f"Bearer {person.token}"

    def ask(
        self, kind: str, path: str, check: Callable[[requests.Response], str], method: str = "GET", **more: Any
    ) -> requests.Response | None:
        """Ask, and write into the book what `check` finds wrong ("" for nothing)."""
        begin, answer = time.monotonic(), None
        try:
            answer = self.http.request(method, self.site + path, timeout=20, **more)
            problem = check(answer)
            if problem:
                problem += f" ({method} {path}: {answer.status_code})"
        except requests.RequestException as error:
            problem = f"no answer: {type(error).__name__} ({method} {path})"
        self.book.note(kind, time.monotonic() - begin, problem)
        return answer

    def log_in(self) -> None:
        assert self.person is not None
        page = self.http.get(f"{self.site}/konto/anmelden/", timeout=20)
        assert page.status_code == 200
        form = {"login": self.person.email, "password": PASSWORD, "csrfmiddlewaretoken": self.http.cookies["csrftoken"]}
        done = self.http.post(f"{self.site}/konto/anmelden/", form, timeout=20, allow_redirects=False)
        assert done.status_code == 302 and "sessionid" in self.http.cookies, done.text[:300]


def _content(answer: requests.Response) -> bytes:
    """The body without the moment at which it was made."""
    return re.sub(rb'"timeStamp":"[^"]*"', b"", answer.content)


def same_as(wanted: tuple[int, bytes]) -> Callable[[requests.Response], str]:
    return lambda answer: "" if (answer.status_code, _content(answer)) == wanted else "another content than before"


def without_secrets(answer: requests.Response) -> str:
    if answer.status_code not in (200, 204):
        return "not answered"
    return "an internal notice was shown to a visitor" if INTERNAL.encode() in answer.content else ""


def only_own(person: Person) -> Callable[[requests.Response], str]:
    """The own organisation's internal notices, and none of the other's."""
    own = f"{INTERNAL}-{person.side}-0".encode()
    other = f"{INTERNAL}-{'verband' if person.side == 'amt' else 'amt'}".encode()

    def check(answer: requests.Response) -> str:
        if answer.status_code != 200:
            return "not answered"
        if other in answer.content:
            return "another organisation's internal notice was shown"
        return "" if own in answer.content else "the own internal notice is missing"

    return check


def references(web: str, site: str) -> dict[str, tuple[int, bytes]]:
    """What a web process answers to the public before anything is broken; nobody writes to these layers afterwards."""
    found = {}
    for path in TILES + FEATURES:
        answer = requests.get(web + path, timeout=30, headers={"Host": site.removeprefix("http://")})
        assert answer.status_code in (200, 204), (path, answer.status_code)
        found[path] = (answer.status_code, _content(answer))
    assert sum(len(body) > 1000 for _status, body in found.values()) >= 8, "these tiles are empty"
    return found


def visit(book: Book, site: str, wanted: dict[str, tuple[int, bytes]], seed: int) -> None:
    """A visitor: public tiles and lists must be what they were, and notices the public ones alone."""
    dice, asker = random.Random(seed), Asker(book, site)
    while not book.ended.is_set():
        path = dice.choice(TILES)
        answer = asker.ask("visitor: tile", path, same_as(wanted[path]))
        if answer is not None:
            with book.lock:
                book.cached[answer.headers.get("X-Tile-Cache", "-")] += 1
        path = dice.choice(FEATURES)
        asker.ask("visitor: features", path, same_as(wanted[path]))
        asker.ask("visitor: notices", f"{NOTES}?limit=200", without_secrets)
        asker.ask("visitor: tile of notices", PRIVATE_TILE, _uncached)
        book.ended.wait(0.02)


def _uncached(answer: requests.Response) -> str:
    if answer.headers.get("X-Tile-Cache") == "HIT":
        return "a tile that depends on who asks came from the store"
    return without_secrets(answer)


def read_inside(book: Book, site: str, person: Person) -> None:
    """Staff with a session: lists and tiles with the own internal notices, and writing with the session's cookie."""
    asker = Asker(book, site, person)
    asker.log_in()
    asker.http.headers["X-CSRFToken"] = asker.http.cookies["csrftoken"]
    written, rounds = 0.0, 0
    while not book.ended.is_set():
        asker.ask("staff: notices", f"{NOTES}?limit=1000&audience=internal", only_own(person))
        asker.ask("staff: tile", PRIVATE_TILE, only_own(person))
        if time.monotonic() >= written + WRITE_PAUSE:
            written, rounds = time.monotonic(), rounds + 1
            write_once(asker, rounds)
        book.ended.wait(0.1)


def write(book: Book, site: str, person: Person) -> None:
    """A program that writes and reads what it wrote."""
    asker, rounds = Asker(book, site, person), 0
    while not book.ended.is_set():
        rounds += 1
        write_once(asker, rounds)
        book.ended.wait(WRITE_PAUSE)


def write_once(asker: Asker, number: int) -> None:
    """Post a notice (now and then twice, as after a lost answer), read it, change it under its version, read it again."""
    person = asker.person
    assert person is not None
    audience = "internal" if number % 2 else "public"
    title = f"{INTERNAL if audience == 'internal' else 'OFFEN'}-{person.side}-{person.name}-{number}"
    body = json.dumps({
        "type": "Feature", "geometry": PLACE,
        "properties": {"title": title, "audience": audience, "organisation": person.organisation},
    })  # fmt: skip
    headers = {"Content-Type": "application/geo+json", "Idempotency-Key": str(uuid.uuid4())}
    made = asker.ask("write: post", NOTES, _status(201), "POST", data=body, headers=headers)
    if made is None or made.status_code != 201:
        return
    key = made.headers["Location"].rpartition("/")[2]
    asker.book.notes[key] = (title, person.number)
    if number % 3 == 0:
        place = made.headers["Location"]
        asker.ask("write: post again", NOTES, lambda one: _replayed(one, place), "POST", data=body, headers=headers)
    found = _read_own(asker, key, title)
    if found is None or "ETag" not in found.headers:
        return
    change = json.dumps({"type": "Feature", "properties": {"title": f"{title} neu"}})
    headers = {"Content-Type": "application/geo+json", "If-Match": found.headers["ETag"]}
    # From here on either title may stand there, should the answer get lost.
    done = asker.ask("write: change", f"{NOTES}/{key}", _status(200, 204), "PATCH", data=change, headers=headers)
    if done is not None and done.status_code in (200, 204):
        asker.book.notes[key] = (f"{title} neu", person.number)
        for _turn in range(3):
            _read_own(asker, key, f"{title} neu")


def _read_own(asker: Asker, key: str, title: str) -> requests.Response | None:
    def check(answer: requests.Response) -> str:
        if answer.status_code != 200:
            return "the own write is not there"
        return "" if answer.json()["properties"]["title"] == title else "the own write is not what is read"

    return asker.ask("write: read own", f"{NOTES}/{key}", check)


def _status(*wanted: int) -> Callable[[requests.Response], str]:
    return lambda answer: "" if answer.status_code in wanted else f"refused: {answer.text[:120]}"


def _replayed(answer: requests.Response, place: str) -> str:
    if answer.status_code != 201 or answer.headers.get("Location") != place:
        return "the same request once more made something else"
    return "" if answer.headers.get("Idempotency-Replayed") == "true" else "done twice"


def start_jobs(book: Book) -> None:
    """Put jobs into the queue: short ones, and such that are at work for a while in one transaction."""
    from django.db import connection

    from gisapp.tasks.declare import start
    from tests.jobs import tasks

    number = 0
    while not book.ended.is_set():
        number += 1
        if number % 3:
            book.jobs[start(tasks.quick, number=number)] = "quick"
        else:
            book.jobs[start(tasks.long, seconds=0.8)] = "long"
        book.ended.wait(0.35)
    connection.close()
