"""A tenant's two colours: can they be read, and what follows from them for light and dark pages.

Contrast is that of WCAG 2.2 (relative luminance, 1.4.3); text needs 4.5 : 1. A tenant gives the colours of the light
pages; their counterparts for dark pages, for buttons and for soft grounds are computed, so that every pair is readable.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gisapp.errors import BadInput

ENOUGH = 4.5
WHITE, BLACK = "#ffffff", "#000000"
# The grounds of gisapp/map/static/map/tokens.css on which coloured words stand.
LIGHT_GROUNDS = ("#ffffff", "#f4f3ef", "#f5f6f6")
DARK_GROUNDS = ("#14181c", "#1e2328", "#272d33")
DARK_TEXT = "#eceff1"
STEPS = 100


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _linear(value: int) -> float:
    part = value / 255
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    """Relative luminance, 0 (black) to 1 (white)."""
    red, green, blue = (_linear(part) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black and white)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def mixed(colour: str, with_: str, share: float) -> str:
    """The colour with this share (0..1) of the other in it."""
    pairs = zip(_parts(colour), _parts(with_), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def readable(colour: str, grounds: tuple[str, ...]) -> bool:
    return all(contrast(colour, ground) >= ENOUGH for ground in grounds)


def toward(colour: str, end: str, good: Callable[[str], bool]) -> str:
    """The colour, moved toward `end` as little as makes it good (or all the way)."""
    for step in range(STEPS + 1):
        found = mixed(colour, end, step / STEPS)
        if good(found):
            return found
    return end


def check(name: str, colour: str) -> None:
    """Raise BadInput for what is no colour and for one that cannot be read on light pages; it suggests the nearest."""
    if len(colour) != 7 or colour[0] != "#" or set(colour[1:]) - set("0123456789abcdef"):
        raise BadInput("tenant-no-colour", field=name, value=colour[:50])
    worst = min(LIGHT_GROUNDS, key=lambda ground: contrast(colour, ground))
    if contrast(colour, worst) < ENOUGH:
        better = toward(colour, BLACK, lambda one: readable(one, LIGHT_GROUNDS))
        raise BadInput(
            "tenant-unreadable", field=name, value=colour, ground=worst, better=better,
            contrast=f"{int(contrast(colour, worst) * 100) / 100:.2f}",
        )  # fmt: skip


@dataclass(frozen=True)
class Tone:
    """What follows from one colour for light or for dark pages."""

    plain: str
    strong: str
    soft: str
    on: str


def light(colour: str) -> Tone:
    soft = mixed(colour, WHITE, 0.88)
    strong = toward(mixed(colour, BLACK, 0.25), BLACK, lambda one: readable(one, (soft, *LIGHT_GROUNDS)))
    return Tone(colour, strong, soft, WHITE)


def dark(colour: str) -> Tone:
    """The same hue, light enough for dark grounds; on it stand dark words."""
    soft = toward(mixed(colour, DARK_GROUNDS[0], 0.55), DARK_GROUNDS[0], lambda one: readable(DARK_TEXT, (one,)))
    plain = toward(colour, WHITE, lambda one: readable(one, DARK_GROUNDS))
    strong = toward(mixed(plain, WHITE, 0.25), WHITE, lambda one: readable(one, (soft, *DARK_GROUNDS)))
    on = toward(mixed(colour, BLACK, 0.75), BLACK, lambda one: readable(one, (plain, strong)))
    return Tone(plain, strong, soft, on)


def properties(primary: str, accent: str) -> Mapping[str, str]:
    """CSS custom properties with a value for light and one for dark pages."""
    found: dict[str, str] = {}
    if primary:
        day, night = light(primary), dark(primary)
        pairs = {"--brand": (day.plain, night.plain), "--brand-strong": (day.strong, night.strong),
                 "--brand-soft": (day.soft, night.soft), "--on-brand": (day.on, night.on)}  # fmt: skip
        found |= {name: f"light-dark({one}, {other})" for name, (one, other) in pairs.items()}
    if accent:
        found["--accent"] = f"light-dark({accent}, {dark(accent).plain})"
    return found


def style_sheet(primary: str, accent: str) -> str:
    """The tenant's style sheet; it stands behind the site's own."""
    lines = [f"  {name}: {value};" for name, value in properties(primary, accent).items()]
    rules = [":root {", *lines, "}"] if lines else []
    if accent:
        rules += [
            ".page-header { border-bottom: 3px solid var(--accent); }",
            ".brand-mark { box-shadow: 0 0 0 2px var(--surface), 0 0 0 4px var(--accent); }",
            ".hit .symbol, .menu .symbol { color: var(--accent); }",
        ]
    return "\n".join(rules) + "\n" if rules else ""
