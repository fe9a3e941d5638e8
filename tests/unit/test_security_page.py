"""What docs/security.md claims to be proven is proven by a test that exists."""

import re
from pathlib import Path

from tests.guards import MUTATIONS
from tests.mutations import misplaced, table

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`((?:api|db|unit|qgis|browser|fibre|venues)/[\w/]+\.py)::(test_\w+)`")


def test_01_every_named_test_exists() -> None:
    found = NAMED.findall(PAGE)
    assert len(found) > 60
    missing = []
    for name, test in found:
        path = ROOT / "tests" / name
        names = (
            re.findall(r"^ *def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE) if path.is_file() else []
        )
        if not any(one == test or one.startswith(f"{test}_") for one in names):
            missing.append(f"{name}::{test}")
    assert not missing, missing


def test_02_every_threat_has_a_guard_and_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"^\| [STRIDE] \|", line)]
    assert len(rows) > 35
    for row in rows:
        _, _letter, threat, guard, tests, _ = (part.strip() for part in row.split("|"))
        assert threat and guard and NAMED.search(tests), row


def test_03_every_guard_stands_where_the_list_says() -> None:
    assert not misplaced(), "\n".join(misplaced())
    names = [one.guard for one in MUTATIONS]
    assert len(names) == len(set(names))


def test_04_the_page_of_the_guards_names_each_one_and_none_is_missed() -> None:
    page = (ROOT / "docs/mutations.md").read_text(encoding="utf-8")
    assert page == table({}, page), "make mutate writes it"
    left = [one.guard for one in MUTATIONS if f"| {one.guard} |" not in page]
    assert not left, f"never tried: {left}"
    assert "keinem" not in page


def test_05_the_page_keeps_what_was_not_tried_anew() -> None:
    first, second, *_others = sorted(one.guard for one in MUTATIONS)
    before = table({first: "tests/a.py::test_1", second: ""}, "")
    assert before.count("**von keinem**") == 1
    after = table({second: "tests/b.py::test_2"}, before)
    assert "tests/a.py::test_1" in after and "tests/b.py::test_2" in after and "keinem" not in after
    assert f"2 von {len(MUTATIONS)} Wächtern geprüft, 2 bemerkt." in after
