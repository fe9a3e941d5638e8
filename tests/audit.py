"""Does a locked package have a known vulnerability? `python -m tests.audit`, or `make audit`.

Every pin of requirements/*.txt is asked of the package index that pip is set to (its JSON interface tells the advisories
of a version), every package of the browser's lock of the registry that npm is set to. Findings that do not concern us
stand in requirements/audit-ignore.toml, each with a reason and an end.

Exit codes: 0 nothing found, 1 something found or an entry that ended, 2 not everything could be asked. What could not
be asked is never taken for safe.
"""

import base64
import datetime
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from pip._internal.models.index import PyPI
from rich.console import Console
from rich.table import Table

from gisapp.paths import CHECKOUT

LONGEST = 180
"""Days that an entry of the ignore file holds at most."""
TIMEOUT = 20
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


class CannotAsk(Exception):
    """A service does not answer, or not as it should. The text says which and why."""


@dataclass(frozen=True)
class Finding:
    """One known vulnerability of a locked package. `names` are all identifiers that it goes by."""

    package: str
    version: str
    names: tuple[str, ...]
    summary: str
    fixed_in: str


@dataclass(frozen=True)
class Ignored:
    name: str
    package: str
    reason: str
    until: datetime.date

    def covers(self, finding: Finding) -> bool:
        return self.package == finding.package and self.name in finding.names


def python_pins(folder: Path) -> list[tuple[str, str]]:
    """Name and version of every locked Python package, over all locks."""
    found: set[tuple[str, str]] = set()
    for path in sorted(folder.glob("*.txt")):
        found.update(_PIN.findall(path.read_text(encoding="utf-8")))
    return sorted(found)


def browser_pins(lock: Path) -> list[tuple[str, str]]:
    """Name and version of every package of the browser's lock."""
    packages: Mapping[str, Any] = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return sorted((path.rpartition("node_modules/")[2], one["version"]) for path, one in packages.items() if path)


def ignored(path: Path, today: datetime.date) -> tuple[list[Ignored], list[str]]:
    """The entries that hold, and what is wrong with the others."""
    holding, wrong = [], []
    for one in tomllib.loads(path.read_text(encoding="utf-8")).get("ignore", []):
        name, until, reason = one.get("id", "?"), one.get("until"), one.get("reason", "").strip()
        if not one.get("package") or len(reason) < 20:
            wrong.append(f"{name}: package or reason (20 characters at least) is missing")
        elif not isinstance(until, datetime.date) or until > today + datetime.timedelta(days=LONGEST):
            wrong.append(f"{name}: until is missing or more than {LONGEST} days ahead")
        elif until < today:
            wrong.append(f"{name}: ended on {until}; update the package, or look at it anew")
        else:
            holding.append(Ignored(name, one["package"], reason, until))
    return holding, wrong


def _pip_settings() -> dict[str, str]:
    """What pip is set to, by the last part of the setting's name; the environment stands last and wins."""
    done = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, timeout=60)
    found = {}
    for line in done.stdout.splitlines():
        name, _, value = line.partition("=")
        found[name.rpartition(".")[2]] = value.strip().strip("'\"")
    return found


def _npm_registry() -> str:
    """The address of the registry that npm is set to. Raises CannotAsk where there is no npm."""
    set_to = os.environ.get("NPM_CONFIG_REGISTRY")
    if set_to:
        return set_to.rstrip("/")
    if not shutil.which("npm"):
        raise CannotAsk("the browser's packages: npm is missing, and NPM_CONFIG_REGISTRY is not set")
    done = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True, timeout=60, cwd="/")
    return done.stdout.strip().rstrip("/")


def _fetch(address: str, context: ssl.SSLContext, content: bytes | None = None) -> Any:
    parts = urlsplit(address)
    shown = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = urllib.request.Request(shown, data=content, headers={"Accept": "application/json"})
    if parts.password is not None:  # an index may have its log-in in its address
        login = f"{unquote(parts.username or '')}:{unquote(parts.password)}"
        request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    if content is not None:
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT, context=context) as answer:
            return json.load(answer)
    except (OSError, ValueError) as error:
        raise CannotAsk(f"{shown}: {error}") from error


def _of_version(name: str, version: str, index: str, context: ssl.SSLContext) -> list[Finding]:
    told = _fetch(f"{index}/{name}/{version}/json", context)
    if not isinstance(told, dict) or not isinstance(told.get("vulnerabilities"), list):
        raise CannotAsk(f"{name} {version}: the index does not tell of vulnerabilities")
    return [
        Finding(
            name, version, (one["id"], *one.get("aliases", ())), one.get("summary") or one.get("details", "")[:120],
            ", ".join(one.get("fixed_in") or ()) or "–",
        )
        for one in told["vulnerabilities"]
        if not one.get("withdrawn")
    ]  # fmt: skip


def ask_python(pins: Sequence[tuple[str, str]]) -> tuple[list[Finding], list[str]]:
    """What the package index knows of these, and what could not be asked of it."""
    known = _pip_settings()
    index = known.get("index-url", PyPI.simple_url).rstrip("/").removesuffix("/simple") + "/pypi"
    context = ssl.create_default_context(cafile=known.get("cert") or None)

    def one(pin: tuple[str, str]) -> list[Finding] | CannotAsk:
        try:
            return _of_version(*pin, index, context)
        except CannotAsk as error:
            return error

    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(one, pins))
    missed = [str(each) for each in answers if isinstance(each, CannotAsk)]
    return [found for each in answers if isinstance(each, list) for found in each], missed


def ask_browser(pins: Sequence[tuple[str, str]]) -> tuple[list[Finding], list[str]]:
    """What the registry knows of these, by the question that `npm audit` asks."""
    versions: dict[str, list[str]] = {}
    for name, version in pins:
        versions.setdefault(name, []).append(version)
    try:
        address = f"{_npm_registry()}/-/npm/v1/security/advisories/bulk"
        cafile = os.environ.get("NODE_EXTRA_CA_CERTS") or None
        told = _fetch(address, ssl.create_default_context(cafile=cafile), json.dumps(versions).encode())
        if not isinstance(told, dict):
            raise CannotAsk(f"{address}: not the answer that was expected")
    except CannotAsk as error:
        return [], [str(error)]
    found = [
        Finding(
            name, ", ".join(versions.get(name, ["?"])),
            (one["url"].rpartition("/")[2], str(one["id"])), one["title"], f"nicht {one['vulnerable_versions']}",
        )
        for name, advisories in told.items()
        for one in advisories
    ]  # fmt: skip
    return found, []


def report(
    console: Console, findings: Sequence[Finding], wrong: Sequence[str], missed: Sequence[str], asked: int
) -> int:
    """Print it all; the exit code."""
    if findings:
        table = Table("package", "version", "vulnerability", "what", "fixed in")
        for one in findings:
            table.add_row(one.package, one.version, "\n".join(one.names), one.summary, one.fixed_in)
        console.print(table)
    for text in wrong:
        console.print(f"requirements/audit-ignore.toml: {text}", markup=False, soft_wrap=True)
    for text in missed[:5]:
        console.print(f"could not be asked: {text}", markup=False, soft_wrap=True)
    said = (
        f"{len(missed)} questions about {asked} packages were not answered; that says NOTHING about their safety."
        if missed
        else f"{asked} locked packages, {len(findings)} known vulnerabilities."
    )
    console.print(said, markup=False, soft_wrap=True)
    return 1 if findings or wrong else 2 if missed else 0


def main(
    folder: Path = CHECKOUT / "requirements",
    lock: Path = CHECKOUT / "gisapp/map/vendor/package-lock.json",
    today: datetime.date | None = None,
) -> int:
    python, browser = python_pins(folder), browser_pins(lock)
    entries, wrong = ignored(folder / "audit-ignore.toml", today or datetime.date.today())
    answers = [ask_python(python), ask_browser(browser)]
    found = [one for findings, _missed in answers for one in findings]
    missed = [one for _findings, texts in answers for one in texts]
    left = [one for one in found if not any(entry.covers(one) for entry in entries)]
    console = Console()
    for entry in entries:
        used = any(entry.covers(one) for one in found)
        console.print(
            f"{'ignored' if used else 'no longer needed'}: {entry.name} until {entry.until}: {entry.reason}",
            markup=False,
        )
    return report(console, left, wrong, missed, len(python) + len(browser))


if __name__ == "__main__":
    raise SystemExit(main())
