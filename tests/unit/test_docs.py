"""The generated pages of the documentation are those of this code."""

from pathlib import Path

from gisapp.commands.docs import pages

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_generated_pages_are_up_to_date() -> None:
    for name, text in pages().items():
        path = DOCS / name
        assert path.exists(), f"docs/{name} is missing: run `gisapp docs docs`"
        assert path.read_text(encoding="utf-8") == text, f"docs/{name} is old: run `gisapp docs docs`"
