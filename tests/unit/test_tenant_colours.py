"""What a tenant's colours become can be read, whatever they are; what cannot be read is refused with a better one."""

import random

import pytest

from gisapp.errors import BadInput
from gisapp.tenants import colours
from gisapp.tenants.colours import DARK_GROUNDS, DARK_TEXT, ENOUGH, LIGHT_GROUNDS, contrast


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#777777", "#ffffff", 4.48), ("#0000ff", "#ffffff", 8.59)],
)  # fmt: skip
def test_01_contrast_is_that_of_the_guidelines(one: str, other: str, expected: float) -> None:
    assert contrast(one, other) == pytest.approx(expected, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize("wrong", ["", "red", "#12345", "#12345g", "#0F5F5A", "#0f5f5a;}", "0f5f5a0", "#１２３４５６"])
def test_02_what_is_no_colour(wrong: str) -> None:
    with pytest.raises(BadInput) as refused:
        colours.check("primary", wrong)
    assert refused.value.code == "tenant-no-colour"


@pytest.mark.parametrize("pale", ["#ffff00", "#777777", "#e8a33d", "#ffffff"])
def test_03_what_cannot_be_read_is_refused_with_the_nearest_that_can(pale: str) -> None:
    with pytest.raises(BadInput) as refused:
        colours.check("accent", pale)
    assert refused.value.code == "tenant-unreadable"
    better = str(refused.value.values["better"])
    assert better in refused.value.text("de")
    colours.check("accent", better)
    # The nearest: one step less dark cannot be read.
    steps = [colours.mixed(pale, colours.BLACK, step / colours.STEPS) for step in range(colours.STEPS + 1)]
    assert not colours.readable(steps[steps.index(better) - 1], LIGHT_GROUNDS)


def test_04_every_pair_on_light_and_dark_pages_is_readable() -> None:
    chance = random.Random(7)
    for _turn in range(400):
        colour = f"#{chance.randrange(1 << 24):06x}"
        try:
            colours.check("primary", colour)
        except BadInput:
            continue
        for tone, grounds in ((colours.light(colour), LIGHT_GROUNDS), (colours.dark(colour), DARK_GROUNDS)):
            pairs = [(tone.plain, ground) for ground in grounds] + [(tone.strong, ground) for ground in grounds]
            pairs += [(tone.strong, tone.soft), (tone.on, tone.plain), (tone.on, tone.strong)]
            assert all(contrast(*pair) >= ENOUGH for pair in pairs), (colour, tone)
        assert contrast(DARK_TEXT, colours.dark(colour).soft) >= ENOUGH, colour


def test_05_the_style_sheet_says_both_modes_and_nothing_else() -> None:
    sheet = colours.style_sheet("#5b2a86", "#b3123f")
    assert "--brand: light-dark(#5b2a86, #" in sheet
    assert "--accent: light-dark(#b3123f, #" in sheet
    assert sheet.count("{") == sheet.count("}")
    assert "url(" not in sheet and "@import" not in sheet
    assert colours.style_sheet("", "") == ""
