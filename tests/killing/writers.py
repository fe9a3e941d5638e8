"""Who writes while parts are killed. Each keeps a book of what the installation has answered."""

import json
import random
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests

NOTES = "/api/layers/notes/features/"
GEOJSON = {"Content-Type": "application/geo+json"}
TIRED = 60.0
"""So long (seconds) a writer tries one write: the longest outage is far shorter."""
POINTS = 150


@dataclass
class Kept:
    """A notice as it was last answered; `changes` counts its answered writes."""

    title: str
    changes: int
    etag: str


class Refused(AssertionError):
    """An answer that no interruption explains."""


@dataclass
class Writer:
    """Makes, changes and deletes notices of its own through REST, each write with a key, until it is answered."""

    address: str
    token: str
    number: int
    kept: dict[int, Kept] = field(default_factory=dict)
    gone: dict[int, Kept] = field(default_factory=dict)
    answered: Counter[str] = field(default_factory=Counter)
    again: int = 0
    longest: float = 0
    trouble: list[str] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        rng = random.Random(self.number)
        while not stop.is_set():
            try:
                self._step(rng)
            except Exception as error:
                self.trouble.append(repr(error))
                return

    def _step(self, rng: random.Random) -> None:
        what = rng.random()
        if len(self.kept) < 5 or what < 0.3:
            title = f"Notiz {uuid.uuid4()}"
            answer = self._send("POST", NOTES, 201, feature(title, rng))
            self.kept[int(answer.json()["id"])] = Kept(title, 1, answer.headers["ETag"])
            return
        key = rng.choice(list(self.kept))
        one = self.kept[key]
        if what < 0.9:
            title = f"Notiz {uuid.uuid4()}"
            answer = self._send("PATCH", f"{NOTES}{key}/", 200, feature(title, rng), one.etag)
            self.kept[key] = Kept(title, one.changes + 1, answer.headers["ETag"])
        else:
            self._send("DELETE", f"{NOTES}{key}/", 204, None, one.etag)
            self.gone[key] = Kept(one.title, one.changes + 1, "")
            del self.kept[key]

    def _send(self, method: str, path: str, expected: int, content: Any, etag: str = "") -> requests.Response:
        """Once done, however often it is sent: the key stays the same."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": str(uuid.uuid4()), **GEOJSON}
        if etag:
            headers["If-Match"] = etag
        began = time.monotonic()
        while time.monotonic() - began < TIRED:
            try:
                answer = requests.request(
                    method,
                    self.address + path,
                    data=json.dumps(content) if content else None,
                    headers=headers,
                    timeout=10,
                )
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code == expected:
                self.answered[method] += 1
                self.longest = max(self.longest, time.monotonic() - began)
                return answer
            in_flight = answer is not None and answer.status_code == 409 and "in-flight" in answer.text
            if answer is not None and answer.status_code < 500 and not in_flight:
                raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
            self.again += 1
            time.sleep(0.1)
        raise Refused(f"{method} {path}: no answer in {TIRED:.0f} s")


def feature(title: str, rng: random.Random) -> dict[str, Any]:
    point = [9.7 + rng.random() / 10, 54.4 + rng.random() / 10]
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": point},
            "properties": {"title": title, "audience": rng.choice(["public", "internal"])}}  # fmt: skip


@dataclass
class Importer:
    """Imports files of places in the browser's way: upload, run, wait. Each is done in the end, and done once.

    A run that was given up is begun again, as a person would do; why it was, the test asks the queue afterwards.
    """

    address: str
    session: str
    csrf: str
    done: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    given_up: int = 0
    trouble: list[str] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._import(f"datei-{len(self.begun)}")
            except Exception as error:
                self.trouble.append(repr(error))
                return

    def _ask(self, method: str, path: str, **more: Any) -> requests.Response:
        began = time.monotonic()
        while time.monotonic() - began < TIRED:
            try:
                answer = requests.request(
                    method, self.address + path, timeout=15, allow_redirects=False,
                    cookies={"sessionid": self.session, "csrftoken": self.csrf},
                    headers={"X-CSRFToken": self.csrf, "Referer": self.address + "/"}, **more,
                )  # fmt: skip
                if answer.status_code < 500:
                    return answer
            except requests.RequestException:
                pass
            time.sleep(0.2)
        raise Refused(f"{method} {path}: no answer in {TIRED:.0f} s")

    def _import(self, source: str) -> None:
        points = [[9.7 + number / 10_000, 54.45] for number in range(POINTS)]
        features = [
            {"type": "Feature", "properties": {"nr": str(number), "name": f"{source} {number}"},
             "geometry": {"type": "Point", "coordinates": one}} for number, one in enumerate(points)
        ]  # fmt: skip
        file = (f"{source}.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
        # An upload whose answer was lost is a file that nobody runs; a second one is another file.
        sent = self._ask("POST", "/import/upload", files={"file": file}, data={"layer": "places"})
        if sent.status_code != 302:
            raise Refused(f"upload: {sent.status_code} {sent.text[:200]}")
        page, fields = (
            sent.headers["Location"],
            {"field_name": "name", "id_column": "nr", "source": source, "run": "real"},
        )
        self.begun.append(source)
        while (state := self._run_once(page, fields)) != "done":
            if state != "refused":
                raise Refused(f"{source} ended as {state}")
            self.given_up += 1
        self.done.append(source)

    def _run_once(self, page: str, fields: dict[str, str]) -> str:
        """Start it and wait; the state it comes to."""
        run = self._ask("POST", f"{page}run", data=fields)
        # Sent again after a lost answer, it is on its way already.
        if run.status_code != 302 and "import-busy" not in run.text:
            raise Refused(f"run: {run.status_code} {run.text[:300]}")
        until = time.monotonic() + 3 * TIRED
        while (found := self._ask("GET", f"{page}state").json())["state"] == "running":
            if time.monotonic() > until:
                raise Refused(f"{fields['source']} does not end: {found}")
            time.sleep(0.3)
        return str(found["state"])
