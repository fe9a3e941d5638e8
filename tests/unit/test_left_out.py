"""Tests whose program is missing are left out and named; where the program must be there they fail."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import missing_programs

SUITE = """
import pytest
from tests.programs import PROGRAMS

PROGRAMS["gibt-es-nicht"] = "ein-paket"

@pytest.mark.browser("gibt-es-nicht")
def test_in_the_browser():
    pass

def test_plain():
    pass
"""
CONFTEST = """
from tests.programs import LeftOut

def pytest_configure(config):
    config.addinivalue_line("markers", "browser: drives a browser")
    config.pluginmanager.register(LeftOut(), "left-out")
"""


def run_suite(
    folder: Path, required: str, path: str = "/usr/bin:/bin", text: str = SUITE, processes: int = 0
) -> subprocess.CompletedProcess[str]:
    (folder / "test_suite.py").write_text(text)
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "pytest.ini").write_text("[pytest]\n")
    checkout = Path(__file__).resolve().parents[2]
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:django",
            "-p",
            "no:cacheprovider",
            "-n",
            str(processes),
            str(folder),
        ],
        env={"GISAPP_TEST_REQUIRE": required, "PYTHONPATH": str(checkout), "PATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("processes", [0, 2])
def test_missing_program_is_left_out_and_named(tmp_path: Path, processes: int) -> None:
    done = run_suite(tmp_path, "", processes=processes)
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("1 passed" if processes else "1 passed, 1 deselected") in done.stdout
    assert done.stdout.count("left out: 1 tests") == 1
    assert "apt-get install ein-paket" in done.stdout
    assert "test_suite.py::test_in_the_browser" in done.stdout


def test_missing_program_fails_where_it_is_required(tmp_path: Path) -> None:
    done = run_suite(tmp_path, "browser,qgis")
    assert done.returncode == 1
    assert "gibt-es-nicht is not on this machine" in done.stdout


def test_ubuntus_snap_is_left_out_and_named(tmp_path: Path) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    stub = bin_ / "chromium-browser"
    stub.write_text("#!/bin/sh\necho 'requires the chromium snap to be installed' >&2\nexit 1\n")
    stub.chmod(0o755)
    suite = tmp_path / "suite"
    suite.mkdir()
    done = run_suite(suite, "qgis", str(bin_), SUITE.replace('("gibt-es-nicht")', ""))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed, 1 deselected" in done.stdout
    assert f"left out: 1 tests; {stub} is a snap or does not start. Mend it: install Google Chrome" in done.stdout
    assert "test_suite.py::test_in_the_browser" in done.stdout


@pytest.mark.parametrize(
    ("mark", "present", "missing"),
    [
        (pytest.mark.browser, {"chromium"}, {}),
        (pytest.mark.browser, {"qgis_process"}, {"chromium": "browser"}),
        (pytest.mark.qgis, {"ogrinfo"}, {"qgis_process": "qgis"}),
        (pytest.mark.qgis("ogrinfo"), {"ogrinfo"}, {}),
        (pytest.mark.slow, set(), {}),
    ],
)
def test_a_marker_asks_for_its_program(mark: pytest.MarkDecorator, present: set[str], missing: dict[str, str]) -> None:
    assert missing_programs([mark.mark], lambda name: name if name in present else None) == missing
