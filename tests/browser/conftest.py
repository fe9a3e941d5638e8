"""Chromium against a real `gisapp serve` on a database of its own, so that what is measured is what people get."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from gisapp import programs
from gisapp.paths import CHECKOUT, data_dir
from tests.browser.maps import MapServer
from tests.programs import reason
from tests.serving import fresh_database, gisapp, served, working

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


@pytest.fixture(scope="session")
def map_server() -> Iterator[MapServer]:
    """Another house's WMS and WMTS."""
    made = MapServer()
    server = made.serve()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory, map_server: MapServer) -> Iterator[dict[str, str]]:
    """The environment of a town's `gisapp`, with a database of its own."""
    if not programs.chromium():
        pytest.fail(reason("chromium"))
    if not MAPLIBRE.exists():
        pytest.fail("MapLibre is not vendored: make setup")
    folder = tmp_path_factory.mktemp("site")
    settings = folder / "map.json"
    base_maps = [*MAP_CONFIG["base_maps"], *map_server.base_maps()]
    settings.write_text(json.dumps({**MAP_CONFIG, "base_maps": base_maps}))
    with fresh_database(DATABASE) as database:
        environment = {
            **database, "STATIC_ROOT": str(folder / "static"), "GISAPP_MAP_CONFIG": str(settings),
            "DJANGO_SETTINGS_MODULE": "tests.browser.settings", "PYTHONPATH": str(CHECKOUT),
        }  # fmt: skip
        gisapp(environment, "manage", "collectstatic", "--noinput", "--verbosity", "0")
        gisapp(environment, "manage", "shell", "-v", "0", "-c", "from tests.browser.town import build; build()")
        yield environment


@pytest.fixture(scope="session")
def site(town: dict[str, str]) -> Iterator[str]:
    """The address of a served town."""
    with served(town) as address:
        yield address


@pytest.fixture
def worker(town: dict[str, str]) -> Iterator[None]:
    """A `gisapp worker` of the town, for the length of a test."""
    with working(town):
        yield


MAP_CONFIG: dict[str, Any] = {
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
    friends: tuple[str, ...] = ()
    """Origins of other hosts that the operator has configured and the test has chosen."""
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
        if not request.url.startswith((self.site, "data:", "blob:", *self.friends)):
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
