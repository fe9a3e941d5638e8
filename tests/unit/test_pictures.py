"""The pictures of the guide: drawn by their script, small, and shown where they explain something."""

import re

from gisapp.paths import CHECKOUT
from tests.pictures.actions import ACTIONS

IMAGES = CHECKOUT / "docs/images"
GUIDE = (CHECKOUT / "docs/user/fibre.md").read_text(encoding="utf-8")


def test_each_action_is_drawn_as_the_script_draws_it_and_shown() -> None:
    for one in ACTIONS:
        file = IMAGES / f"fibre/{one.name}.svg"
        assert file.read_text(encoding="utf-8") == one.svg(), f"{file.name}: python -m tests.pictures actions"
        assert f"![{one.title}](../images/fibre/{one.name}.svg)" in GUIDE
        assert "<desc" in one.svg() and "style=" not in one.svg()
    assert {file.stem for file in (IMAGES / "fibre").iterdir()} == {one.name for one in ACTIONS}


def test_every_picture_that_the_guide_shows_is_there_and_small() -> None:
    shown = re.findall(r"\]\(\.\./images/(fibre[^)]+)\)", GUIDE)
    assert {"fibre-trace.png", "fibre-impact.png", "fibre-occupancy.png", "fibre-owner.png"} <= set(shown)
    for name in shown:
        assert 0 < (IMAGES / name).stat().st_size <= 200_000, name
