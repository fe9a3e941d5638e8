"""`make audit`, asked of an index and a registry that are real servers with made-up answers."""

import datetime
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gisapp.paths import CHECKOUT
from tests import audit

ADVISORY = {
    "id": "PYSEC-2026-7", "aliases": ["CVE-2026-0007"], "summary": "reads too far", "fixed_in": ["2.1"], "withdrawn": None,
}  # fmt: skip
NPM = {
    "id": 1109,
    "url": "https://advisories.example/GHSA-aaaa",
    "title": "prototype pollution",
    "vulnerable_versions": "<1.2",
}
TODAY = datetime.date(2026, 11, 22)


class Index:
    """The answers of a package index and of a registry; what is not in `python` is safe."""

    def __init__(self) -> None:
        self.python: dict[str, Any] = {}
        self.npm: Any = {}
        self.asked: list[str] = []
        self.sent: Any = None
        self.login = ""


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    found = Index()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, content: Any) -> None:
            self.send_response(200 if content is not None else 404)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def do_GET(self) -> None:
            found.asked.append(self.path)
            found.login = self.headers.get("Authorization", "")
            _, _pypi, name, version, _json = self.path.split("/")
            self._answer(found.python.get(f"{name}=={version}", {"vulnerabilities": []}))

        def do_POST(self) -> None:
            found.asked.append(self.path)
            found.sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(found.npm)

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("PIP_INDEX_URL", f"{address}/simple")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", f"{address}/")
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def locks(tmp_path: Path) -> tuple[Path, Path]:
    """Locks of two Python packages and a browser's package."""
    (tmp_path / "base.txt").write_text("alpha==1.0 \\\n    --hash=sha256:00\nbeta==2.0 ; python_version > '3'\n")
    (tmp_path / "audit-ignore.toml").write_text("")
    lock = tmp_path / "package-lock.json"
    lock.write_text(json.dumps({"packages": {"": {}, "node_modules/@a/gamma": {"version": "1.1"}}}))
    return tmp_path, lock


def ignore(folder: Path, **entry: Any) -> None:
    lines = [
        f"{name} = {value if isinstance(value, datetime.date) else json.dumps(value)}" for name, value in entry.items()
    ]
    (folder / "audit-ignore.toml").write_text("[[ignore]]\n" + "\n".join(lines) + "\n")


def test_01_every_locked_package_is_asked_and_safe_ones_are_no_finding(
    index: Index, locks: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.main(*locks, TODAY) == 0
    assert sorted(index.asked) == [
        "/-/npm/v1/security/advisories/bulk", "/pypi/alpha/1.0/json", "/pypi/beta/2.0/json",
    ]  # fmt: skip
    assert index.sent == {"@a/gamma": ["1.1"]}
    assert "3 locked packages, 0 known vulnerabilities." in capsys.readouterr().out


def test_02_a_known_vulnerability_is_told_with_its_remedy(
    index: Index, locks: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    index.python["beta==2.0"] = {
        "vulnerabilities": [ADVISORY, {**ADVISORY, "id": "PYSEC-0", "withdrawn": "2026-01-01"}]
    }
    assert audit.main(*locks, TODAY) == 1
    said = capsys.readouterr().out
    for word in ("beta", "PYSEC-2026-7", "CVE-2026-0007", "2.1", "1 known vulnerabilities"):
        assert word in said, word
    assert "PYSEC-0" not in said


def test_03_so_is_one_of_the_browsers_packages(
    index: Index, locks: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    index.npm = {"@a/gamma": [NPM]}
    assert audit.main(*locks, TODAY) == 1
    assert "GHSA-aaaa" in capsys.readouterr().out


@pytest.mark.parametrize("broken", ["python", "npm", "python-shape", "npm-shape"])
def test_04_what_could_not_be_asked_is_not_taken_for_safe(
    index: Index, locks: tuple[Path, Path], broken: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if broken.startswith("python"):
        index.python["beta==2.0"] = {"info": {}} if broken == "python-shape" else None
    else:
        index.npm = [] if broken == "npm-shape" else None
    assert audit.main(*locks, TODAY) == 2
    said = capsys.readouterr().out
    assert "NOTHING" in said
    assert "could not be asked" in said


def test_05_without_a_server_it_ends_with_2(locks: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9")
    assert audit.main(*locks, TODAY) == 2


def test_06_an_entry_with_reason_and_end_holds_under_any_name_of_the_vulnerability(
    index: Index, locks: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    index.python["beta==2.0"] = {"vulnerabilities": [ADVISORY]}
    why = "Nobody here calls the function."
    ignore(locks[0], id="CVE-2026-0007", package="beta", reason=why, until=TODAY + datetime.timedelta(days=30))
    assert audit.main(*locks, TODAY) == 0
    assert why in capsys.readouterr().out
    ignore(locks[0], id="CVE-2026-0007", package="alpha", reason=why, until=TODAY + datetime.timedelta(days=30))
    assert audit.main(*locks, TODAY) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"until": TODAY - datetime.timedelta(days=1)},
        {"until": TODAY + datetime.timedelta(days=audit.LONGEST + 1)},
        {"until": "soon"},
        {"reason": "later"},
        {"package": ""},
    ],
)
def test_07_an_entry_that_ended_or_says_too_little_is_an_error_of_its_own(
    index: Index, locks: tuple[Path, Path], wrong: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    entry = {"id": "CVE-2026-0007", "package": "beta", "reason": "Nobody here calls the function.", "until": TODAY}
    ignore(locks[0], **{**entry, **wrong})
    assert audit.main(*locks, TODAY) == 1
    assert "CVE-2026-0007" in capsys.readouterr().out


def test_08_our_own_locks_are_read_whole() -> None:
    python = audit.python_pins(CHECKOUT / "requirements")
    assert {"django", "granian", "pytest", "tipg"} <= {name for name, _version in python}
    browser = dict(audit.browser_pins(CHECKOUT / "gisapp/map/vendor/package-lock.json"))
    assert {"maplibre-gl", "leaflet", "axe-core", "@mapbox/point-geometry"} <= set(browser)
    entries, wrong = audit.ignored(CHECKOUT / "requirements/audit-ignore.toml", datetime.date.today())
    assert not wrong, wrong
    assert all(one.reason for one in entries)


def test_09_a_log_in_in_the_index_address_is_used_and_not_shown(
    index: Index, locks: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = os.environ["PIP_INDEX_URL"]
    monkeypatch.setenv("PIP_INDEX_URL", address.replace("//", "//ich:geheim@"))
    index.python["beta==2.0"] = None
    assert audit.main(*locks, TODAY) == 2
    assert "geheim" not in capsys.readouterr().out
    assert index.login == "Basic aWNoOmdlaGVpbQ=="
