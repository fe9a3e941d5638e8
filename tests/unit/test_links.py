"""Every link from one page of the documentation to another leads somewhere."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_links_and_pictures_exist() -> None:
    broken = []
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken, "\n".join(broken)


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        waiting += [
            (page.parent / one).resolve() for one in re.findall(r"\]\(([^)#\s:]+)[^)]*\)", page.read_text("utf-8"))
        ]
    assert {str(one.relative_to(ROOT)) for one in (ROOT / "docs").rglob("*.md")} <= {
        str(one.relative_to(ROOT)) for one in reached
    }
