"""Tests that drive a program of the distribution: run, left out and named, or - where it must be there - failed.

`@pytest.mark.browser` needs chromium, `@pytest.mark.qgis` needs QGIS; `@pytest.mark.qgis("ogrinfo")` needs just that.
GISAPP_TEST_REQUIRE="browser,qgis" (set by `make test` where they can be installed) turns leaving out into failing.
"""

import os
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from gisapp import programs

# A marker's program and its package.
PROGRAMS = {
    "chromium": "chromium",
    "qgis_process": "qgis python3-qgis",
    "ogrinfo": "gdal-bin",
    "ogr2ogr": "gdal-bin",
    "pdfinfo": "poppler-utils",
    "qgis_mapserv.fcgi": "qgis-server",
}
MARKERS = {"browser": "chromium", "qgis": "qgis_process"}


def missing_programs(marks: list[pytest.Mark], find: Callable[[str], str | None] = programs.find) -> dict[str, str]:
    """For the marks of one test: missing program -> the marker that asks for it."""
    missing = {}
    for mark in marks:
        if mark.name in MARKERS:
            for program in mark.args or (MARKERS[mark.name],):
                if not find(program):
                    missing[program] = mark.name
    return missing


def required_markers() -> set[str]:
    return {name.strip() for name in os.environ.get("GISAPP_TEST_REQUIRE", "").split(",") if name.strip()}


def reason(program: str) -> str:
    stub = programs.undrivable_chromium() if program == "chromium" else None
    if stub:
        return (
            f"{stub} is a snap or does not start. Mend it: install Google Chrome or set CHROMIUM to one that is no snap"
        )
    return f"{program} is not on this machine. Mend it: apt-get install {PROGRAMS.get(program, program)}"


class LeftOut:
    """The pytest plugin: deselects what cannot run here and lists it at the end."""

    def __init__(self) -> None:
        self.tests: dict[str, list[str]] = defaultdict(list)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        required, staying, leaving = required_markers(), [], []
        for item in items:
            missing = missing_programs(list(item.iter_markers()))
            excused = [program for program, marker in missing.items() if marker not in required]
            if missing and len(excused) == len(missing):
                self.tests[reason(excused[0])].append(item.nodeid)
                leaving.append(item)
            else:
                staying.append(item)
        if leaving:
            config.hook.pytest_deselected(items=leaving)
            items[:] = staying

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        for program in missing_programs(list(item.iter_markers())):
            pytest.fail(f"{reason(program)} (GISAPP_TEST_REQUIRE says it must be)", pytrace=False)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A process that runs a part of the suite tells the one that reports."""
        told = getattr(session.config, "workeroutput", None)
        if told is not None:
            told["left out"] = dict(self.tests)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        # Each of them collects the whole suite.
        self.tests.update(getattr(node, "workeroutput", {}).get("left out", {}))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for why, tests in sorted(self.tests.items()):
            terminalreporter.section(f"left out: {len(tests)} tests; {why}")
            for test in tests:
                terminalreporter.line(test)
