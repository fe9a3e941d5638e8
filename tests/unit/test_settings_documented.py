"""Every environment variable that the program reads is in the operator's guide, and none that it does not."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(r"""(?:environ(?:\.get|\.setdefault)?[\[(]|_flag\(|_list\()\s*"([A-Z][A-Z0-9_]+)\"""")
# Python's and the system's own, and the test suite's.
FOREIGN = {"DJANGO_SETTINGS_MODULE", "LC_ALL", "LANG", "LC_MESSAGES", "HOME", "PATH", "COLUMNS", "TERM"}


def test_settings_and_guide_agree() -> None:
    read = set()
    for folder in ("gisapp", "layers", "importers"):
        for path in (ROOT / folder).rglob("*.py"):
            read |= set(READ.findall(path.read_text(encoding="utf-8")))
    guide = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs/operator").glob("*.md"))
    told = set(re.findall(r"`([A-Z][A-Z0-9_]{3,})`", guide))
    assert read - FOREIGN - told == set(), "not in docs/operator"
    elsewhere = (ROOT / "docker/bootstrap.sh").read_text(encoding="utf-8") + (ROOT / "Makefile").read_text(
        encoding="utf-8"
    )
    unread = {one for one in told if one.startswith("GISAPP_") and one not in read and one not in elsewhere}
    assert unread == set(), "nobody reads these"
