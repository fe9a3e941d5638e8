"""Does a test fail when a guard is taken away? `python -m tests.mutations [WORD ...]` tries each guard alone.

A copy of the checkout gets one change at a time, and the tests of rights run on it. A guard whose removal no test
notices ends this with exit code 1. It takes half an hour, so it is no part of `make test`; `make mutate` runs it and writes
docs/mutations.md: each guard, and the test that noticed. tests/guards.py has the list.
"""

import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from gisapp.paths import CHECKOUT, data_dir
from tests.guards import MUTATIONS, Mutation

TABLE = CHECKOUT / "docs/mutations.md"
NOBODY = "**von keinem**"


def _copy(to: Path) -> None:
    """The checkout as it is now, without what is made."""
    left = shutil.ignore_patterns(".git", ".venv", ".data", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")
    shutil.copytree(CHECKOUT, to, ignore=left, dirs_exist_ok=True)


class CannotRun(Exception):
    """The tests end without one of them having failed: nothing is proven."""


def _failing(tests: Sequence[str], copy: Path) -> str:
    """The first test that fails in the copy; empty where all pass. Raises CannotRun."""
    environment = {**os.environ, "GISAPP_DATABASE": "mutant", "GISAPP_DATA": str(data_dir()), "PYTHONPATH": str(copy)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "--timeout=120", "-p", "no:cacheprovider", *tests],
        cwd=copy, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode == 0:
        return ""
    failed = re.search(r"^FAILED (\S+)", done.stdout, re.MULTILINE)
    if done.returncode != 1 or failed is None:
        raise CannotRun(f"{done.stdout[-3000:]}{done.stderr[-2000:]}")
    return failed[1].partition("[")[0]


def _noticed(mutation: Mutation, copy: Path) -> str:
    """The test that fails with this change; empty where none does."""
    path = copy / mutation.file
    kept = path.read_text(encoding="utf-8")
    path.write_text(kept.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        return _failing(mutation.tests, copy)
    except CannotRun as error:
        print(f"{mutation.guard}: {error}", flush=True)
        return ""
    finally:
        path.write_text(kept, encoding="utf-8")


def misplaced() -> list[str]:
    """The guards whose text does not stand exactly once in their file, and those whose tests are not there."""
    found = []
    for one in MUTATIONS:
        count = (CHECKOUT / one.file).read_text(encoding="utf-8").count(one.old)
        if count != 1:
            found.append(f"{one.file}: the guard stands {count} times in it: {one.guard}")
        found += [f"{one.guard}: {name} is missing" for name in one.tests if not (CHECKOUT / name).is_file()]
    return found


_ROW = re.compile(r"^\| (?P<guard>[^|]+) \| `[^`]+` \| (?P<test>[^|]+) \| (?P<day>\d{4}-\d{2}-\d{2}) \|$", re.MULTILINE)


def table(results: Mapping[str, str], before: str) -> str:
    """docs/mutations.md: the test that noticed each guard's removal, and when; what was not tried now stays as it was."""
    known = {row["guard"]: (row["test"], row["day"]) for row in _ROW.finditer(before)}
    today = datetime.date.today().isoformat()
    known |= {guard: (f"`{test}`" if test else NOBODY, today) for guard, test in results.items()}
    rows = [
        f"| {one.guard} | `{one.file}` | {' | '.join(known[one.guard])} |"
        for one in sorted(MUTATIONS, key=lambda each: each.guard)
        if one.guard in known
    ]
    lines = [
        "# Merkt es ein Test, wenn ein Wächter fehlt?",
        "",
        "Geschrieben von `make mutate` (`tests/mutations.py`): Jeder Wächter aus `tests/guards.py` wird einzeln weggenommen, und ein Test muss",
        "scheitern. Genannt ist der Test, der es zuerst merkte, und der Tag. Siehe [Sicherheit](security.md).",
        "",
        f"{len(rows)} von {len(MUTATIONS)} Wächtern geprüft, {sum(NOBODY not in row for row in rows)} bemerkt.",
        "",
        "| Wächter | steht in | bemerkt von | am |",
        "|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def main(*words: str) -> int:
    """Try all guards, or those whose description has one of the words; 1 when nobody would miss one of them."""
    wrong = misplaced()
    if wrong:
        raise SystemExit("\n".join(wrong))
    chosen = [one for one in MUTATIONS if not words or any(word in one.guard for word in words)]
    if not chosen:
        raise SystemExit(f"no guard has one of these words: {' '.join(words)}")
    results: list[tuple[Mutation, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        _copy(copy)
        failing = _failing(sorted({test for one in chosen for test in one.tests}), copy)
        if failing:
            raise SystemExit(f"without any change {failing} fails")
        for mutation in chosen:
            begun = time.monotonic()
            noticed = _noticed(mutation, copy)
            results.append((mutation, noticed))
            word_for = "noticed " if noticed else "MISSED  "
            print(f"{word_for} {time.monotonic() - begun:5.0f} s  {mutation.guard}  {noticed}", flush=True)
        before = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
        TABLE.write_text(table({one.guard: test for one, test in results}, before), encoding="utf-8")
    missed = sum(not test for _one, test in results)
    print(f"{len(results) - missed} of {len(results)} guards are noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
