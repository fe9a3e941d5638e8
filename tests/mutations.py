"""Does a test fail when a guard is taken away? `python -m tests.mutations [WORD]` tries each guard alone.

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
from collections.abc import Sequence
from pathlib import Path

from gisapp.paths import CHECKOUT, data_dir
from tests.guards import MUTATIONS, Mutation

TABLE = CHECKOUT / "docs/mutations.md"


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


def _table(results: Sequence[tuple[Mutation, str]]) -> str:
    """docs/mutations.md."""
    missed = sum(not test for _one, test in results)
    lines = [
        "# Merkt es ein Test, wenn ein Wächter fehlt?",
        "",
        f"Geschrieben von `make mutate` am {datetime.date.today():%d.%m.%Y}: {len(results)} Wächter wurden einzeln weggenommen, "
        f"{len(results) - missed} Mal scheiterte ein Test. Die Liste steht in `tests/guards.py`; genannt ist der Test, der es zuerst "
        "merkte. Siehe [Sicherheit](security.md).",
        "",
        "| Wächter | steht in | bemerkt von |",
        "|---|---|---|",
        *(
            f"| {one.guard} | `{one.file}` | {f'`{test}`' if test else '**von keinem**'} |"
            for one, test in sorted(results, key=lambda each: each[0].guard)
        ),
    ]
    return "\n".join(lines) + "\n"


def main(word: str = "") -> int:
    """Try all guards whose description has the word; 1 when nobody would miss one of them."""
    wrong = misplaced()
    if wrong:
        raise SystemExit("\n".join(wrong))
    results: list[tuple[Mutation, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        _copy(copy)
        chosen = [one for one in MUTATIONS if word in one.guard]
        failing = _failing(sorted({test for one in chosen for test in one.tests}), copy)
        if failing:
            raise SystemExit(f"without any change {failing} fails")
        for mutation in chosen:
            begun = time.monotonic()
            noticed = _noticed(mutation, copy)
            results.append((mutation, noticed))
            word_for = "noticed " if noticed else "MISSED  "
            print(f"{word_for} {time.monotonic() - begun:5.0f} s  {mutation.guard}  {noticed}", flush=True)
    if not word:
        TABLE.write_text(_table(results), encoding="utf-8")
    missed = sum(not test for _one, test in results)
    print(f"{len(results) - missed} of {len(results)} guards are noticed")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2]))
