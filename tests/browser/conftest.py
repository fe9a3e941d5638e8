"""Chromium against a real `gisapp serve` on a database of its own, so that what is measured is what people get."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from gisapp import cluster, programs
from gisapp.paths import CHECKOUT, data_dir
from tests.programs import reason

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip
DATABASE = "gisapp_browser"
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
MAPLIBRE = CHECKOUT / "gisapp/map/static/vendor/maplibre/maplibre-gl.mjs"
AXE = data_dir() / "vendor/axe.min.js"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.browser)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _fresh_database() -> None:
    """An empty database beside the demo's."""
    _drop_database()
    with psycopg.connect(**cluster.dsn("postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {cluster.TEMPLATE}")


def _drop_database() -> None:
    with psycopg.connect(**cluster.dsn("postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def _gisapp(environment: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gisapp", *arguments],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _attempt in range(150):
        assert process.poll() is None, "gisapp serve ended"
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"{address} does not answer")


def _compile_texts() -> None:
    """The English texts, which the set-up compiles from the catalogue as well."""
    source = CHECKOUT / "gisapp/locale/en/LC_MESSAGES/django.po"
    with source.open("rb") as catalogue, source.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, read_po(catalogue, locale="en"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a served town."""
    if not programs.chromium():
        pytest.fail(reason("chromium"))
    if not MAPLIBRE.exists():
        pytest.fail("MapLibre is not vendored: make setup")
    if os.environ.get("DATABASE_URL"):
        pytest.skip("the browser tests make a database in the private cluster; DATABASE_URL names another server")
    folder = tmp_path_factory.mktemp("site")
    settings = folder / "map.json"
    settings.write_text(json.dumps(MAP_CONFIG))
    _fresh_database()
    environment = {
        **os.environ, "GISAPP_DATABASE": DATABASE, "STATIC_ROOT": str(folder / "static"), "GISAPP_MAP_CONFIG": str(settings),
    }  # fmt: skip
    environment.pop("GISAPP_SERVING", None)
    _gisapp(environment, "manage", "migrate", "--verbosity", "0")
    _gisapp(environment, "manage", "collectstatic", "--noinput", "--verbosity", "0")
    _gisapp(environment, "manage", "shell", "-v", "0", "-c", "from tests.browser.town import build; build()")
    _compile_texts()
    port = _free_port()
    command = [sys.executable, "-m", "gisapp", "serve", "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/map/ping", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)
        _drop_database()


MAP_CONFIG = {
    "title": "Amt Probe",
    "centre": [9.70, 54.43],
    "zoom": 14,
    "imprint": "/map/contents/",
    "privacy": "/map/contents/",
    "links": [{"title": {"de": "Rathaus", "en": "Town hall"}, "url": "/map/contents/"}],
    # A path of the site itself: the tests permit no other host.
    "base_maps": [
        {
            "id": "luftbild",
            "title": {"de": "Luftbild", "en": "Aerial view"},
            "type": "xyz",
            "url": "/static/map/favicon.svg?{z}/{x}/{y}",
            "attribution": "© Niemand",
        }
    ],
}


@pytest.fixture(scope="session")
def browser(site: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=programs.chromium(), args=FLAGS)
        yield found
        found.close()


@dataclass
class Visitor:
    """Opens pages and notes everything that a good page does not do."""

    browser: Browser
    site: str
    problems: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def context(self, **options: Any) -> BrowserContext:
        made = self.browser.new_context(**{"locale": "de-DE", **DESKTOP, **options})
        made.set_default_timeout(20_000)
        self.contexts.append(made)
        return made

    def watch(self, page: Page) -> Page:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", self._request)
        return page

    def _console(self, message: Any) -> None:
        # The driver of the drawing library speaks of its own speed in software rendering.
        if message.type in ("error", "warning") and "GL Driver Message" not in message.text:
            self.problems.append(f"{message.type}: {message.text}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self.site, "data:", "blob:")):
            self.problems.append(f"request to another host: {request.url}")

    def __call__(self, path: str, *, wait: bool = True, **options: Any) -> Page:
        """The page at this path; with its map drawn, if it has one."""
        page = self.watch(self.context(**options).new_page())
        page.goto(self.site + path)
        if wait:
            drawn(page)
        return page


def drawn(page: Page) -> None:
    """Wait until the map has nothing left to draw."""
    page.wait_for_selector('#map[aria-busy="false"]')


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Visitor]:
    visitor = Visitor(browser, site)
    yield visitor
    for one in visitor.contexts:
        one.close()
    assert not visitor.problems, "\n".join(visitor.problems)


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Run axe-core in the page; each finding with the elements it is about."""
    if not AXE.exists():
        pytest.fail("axe-core is not vendored: make setup")
    source = AXE.read_text(encoding="utf-8")

    def findings(page: Page) -> list[str]:
        # The page's own policy forbids injected scripts; the protocol may evaluate.
        page.evaluate(source)
        found = page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        )
        return [
            f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']]}" for one in found["violations"]
        ]

    return findings
