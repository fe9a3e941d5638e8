"""A drawing for each thing that engineers do to a network: before, an arrow, after. SVG by hand, light, with title and words.

Signs are the same in all of them: a trench is brown, a duct a grey band, a tube a coloured line in it, a cable a dark line,
a fibre a thin one; what is new is red.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

INK, NEW, SOIL, DUCT, CABLE, PAPER = "#22282d", "#c2255c", "#8a6d3b", "#ced4da", "#22282d", "#ffffff"
BLUE, GREEN, BROWN, YELLOW = "#1f5fbf", "#2e9e44", "#7a4a25", "#e0b000"
WIDTH, HEIGHT, PANEL = 640, 170, 280
Part = str


def line(*places: tuple[float, float], colour: str = INK, width: float = 2, dash: str = "") -> Part:
    points = " ".join(f"{x:g},{y:g}" for x, y in places)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linecap="round" stroke-linejoin="round"{dashed}/>'


def trench(*places: tuple[float, float], colour: str = SOIL) -> Part:
    return line(*places, colour=colour, width=6)


def band(x0: float, x1: float, y: float = 100, height: float = 34) -> Part:
    return f'<rect x="{x0:g}" y="{y - height / 2:g}" width="{x1 - x0:g}" height="{height:g}" rx="6" fill="{DUCT}" stroke="#868e96"/>'


def tube(x0: float, x1: float, y: float, colour: str = BLUE) -> Part:
    return line((x0, y), (x1, y), colour=colour, width=6) + line((x0, y), (x1, y), colour=PAPER, width=2.4)


def cable(*places: tuple[float, float], colour: str = CABLE) -> Part:
    return line(*places, colour=colour, width=2.6)


def node(x: float, y: float = 100, colour: str = INK) -> Part:
    return f'<circle cx="{x:g}" cy="{y:g}" r="7" fill="{PAPER}" stroke="{colour}" stroke-width="3"/>'


def box(x: float, y: float, width: float, height: float, colour: str = INK, fill: str = PAPER) -> Part:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5" fill="{fill}" stroke="{colour}" stroke-width="2.4"/>'


def house(x: float, y: float) -> Part:
    return f'<path d="M{x - 18:g} {y:g}v-18l18 -14l18 14v18z" fill="{PAPER}" stroke="{INK}" stroke-width="2.4" stroke-linejoin="round"/>'


def dot(x: float, y: float, colour: str = INK) -> Part:
    return f'<circle cx="{x:g}" cy="{y:g}" r="4.5" fill="{colour}"/>'


def text(x: float, y: float, words: str, colour: str = INK, size: float = 13) -> Part:
    return f'<text x="{x:g}" y="{y:g}" font-family="sans-serif" font-size="{size:g}" text-anchor="middle" fill="{colour}">{escape(words)}</text>'


@dataclass(frozen=True)
class Action:
    """One drawing: its file's name, title, words for those who do not see it, and its two halves."""

    name: str
    title: str
    words: str
    before: Sequence[Part]
    after: Sequence[Part]

    def svg(self) -> str:
        arrow = line((300, 95), (338, 95), colour="#495057", width=3) + '<path d="M336 87l12 8l-12 8z" fill="#495057"/>'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
            f'aria-labelledby="t d"><title id="t">{escape(self.title)}</title><desc id="d">{escape(self.words)}</desc>'
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="#f8f9fa"/>'
            f"{text(PANEL / 2, 24, 'vorher', '#495057')}{text(360 + PANEL / 2 - 4, 24, 'nachher', '#495057')}"
            f'<g>{"".join(self.before)}</g>{arrow}<g transform="translate(356 0)">{"".join(self.after)}</g></svg>\n'
        )


_PIPE = (band(20, 260), tube(24, 256, 92), tube(24, 256, 108, GREEN))
_CUT = (band(20, 260), tube(24, 134, 92), tube(146, 256, 92), tube(24, 256, 108, GREEN))
_NODES = (node(30), node(250))
_ROUTE = (trench((30, 100), (250, 100)), *_NODES)


def _closure(*inside: Part, colour: str = INK) -> list[Part]:
    return [box(85, 45, 110, 110, colour), *inside]


def _fibres(x0: float, x1: float, *, y: float = 80, step: float = 14) -> list[Part]:
    return [
        line((x0, y + step * n), (x1, y + step * n), colour=one, width=2.4)
        for n, one in enumerate((BLUE, GREEN, BROWN, YELLOW))
    ]


_TWO_CABLES = [cable((10, 101), (85, 101)), cable((195, 101), (270, 101))]
_FANS = [*_fibres(87, 132), *_fibres(148, 193)]
_JOINED = [
    line((132, 80), (148, 80), colour=BLUE),
    dot(140, 80, NEW),
    line((132, 94), (148, 94), colour=GREEN),
    dot(140, 94, NEW),
]
_PORTS = [part for y in (70, 100, 130) for part in (box(60, y - 9, 26, 18), box(196, y - 9, 26, 18))]
_FRAMES = [box(40, 45, 60, 105), box(182, 45, 60, 105), *_PORTS, text(70, 41, "ODF"), text(212, 41, "OLT")]

ACTIONS = (
    Action("segment", "Eine Trasse zeichnen", "Vorher zwei Netzknoten, nachher eine Trasse zwischen ihnen.",
           _NODES, [trench((30, 100), (250, 100), colour=NEW), *_NODES]),
    Action("split", "Eine Trasse durch einen Netzknoten teilen",
           "Vorher eine Trasse, nachher zwei: Ein neuer Netzknoten liegt auf ihr, was in ihr liegt, läuft durch beide Teile weiter.",
           [*_ROUTE, line((38, 90), (242, 90), colour="#868e96", width=4)],
           [*_ROUTE, line((38, 90), (242, 90), colour="#868e96", width=4), node(140, colour=NEW)]),
    Action("lay", "Ein Rohr verlegen", "Vorher drei Trassen hintereinander, nachher liegt ein Rohr in allen dreien.",
           [trench((30, 110), (100, 80), (180, 110), (250, 90)), node(30, 110), node(100, 80), node(180, 110), node(250, 90)],
           [trench((30, 110), (100, 80), (180, 110), (250, 90)), line((30, 99), (100, 69), (180, 99), (250, 79), colour=NEW, width=5),
            node(30, 110), node(100, 80), node(180, 110), node(250, 90)]),
    Action("cut", "Ein Röhrchen schneiden", "Vorher läuft das blaue Röhrchen durch, nachher ist es am Netzknoten in zwei Abschnitte geschnitten; das grüne läuft weiter durch.",
           [*_PIPE, text(140, 72, "Netzknoten"), line((140, 76), (140, 128), colour="#868e96", width=1.5, dash="4 3")],
           [*_CUT, line((134, 84), (134, 100), colour=NEW, width=3), line((146, 84), (146, 100), colour=NEW, width=3), text(140, 72, "Schnitt", NEW)]),
    Action("couple", "Röhrchen kuppeln", "Vorher zwei offene Enden, nachher verbindet sie ein Verbinder.",
           _CUT, [*_CUT, box(124, 84, 32, 16, NEW), text(140, 72, "Verbinder", NEW)]),
    Action("branch", "Zu einem Haus abzweigen",
           "Vorher läuft ein freies Röhrchen am Haus vorbei, nachher ist es geschnitten und mit dem Zuführungsrohr zum Haus gekuppelt.",
           [band(20, 260, 125), tube(24, 256, 117), tube(24, 256, 133, GREEN), house(200, 72)],
           [band(20, 260, 125), tube(24, 150, 117), tube(162, 256, 117), tube(24, 256, 133, GREEN), house(200, 72),
            line((150, 117), (180, 95), (200, 72), colour=NEW, width=5), dot(150, 117, NEW)]),
    Action("blow", "Ein Kabel einblasen", "Vorher ein leeres Röhrchen, nachher liegt ein Kabel darin, von Anfang bis Ende.",
           [band(20, 260), tube(24, 256, 92), tube(24, 256, 108, GREEN)],
           [band(20, 260), tube(24, 256, 92), tube(24, 256, 108, GREEN), cable((8, 92), (272, 92), colour=NEW)]),
    Action("window", "Fenster schneiden",
           "Vorher läuft das Kabel ungeschnitten durch die Muffe, nachher ist es geöffnet und die blaue Faser geschnitten; die anderen laufen durch.",
           _closure(cable((10, 101), (270, 101))),
           _closure(cable((10, 101), (85, 101)), cable((195, 101), (270, 101)), line((87, 80), (130, 80), colour=NEW, width=2.4),
                    line((150, 80), (193, 80), colour=NEW, width=2.4), *_fibres(87, 193)[1:])),
    Action("splice", "Fasern spleißen", "Vorher enden die Fasern zweier Kabel in der Muffe, nachher sind je zwei durch einen Spleiß verbunden.",
           _closure(*_TWO_CABLES, *_FANS), _closure(*_TWO_CABLES, *_FANS, *_JOINED)),
    Action("patch", "Ein Patchkabel stecken", "Vorher zwei freie Ports, nachher verbindet sie ein Patchkabel.",
           _FRAMES, [*_FRAMES, line((86, 100), (120, 118), (165, 118), (196, 100), colour=NEW, width=3)]),
    Action("replace", "Ein Gehäuse tauschen", "Vorher eine volle kleine Muffe, nachher eine größere mit denselben Kabeln und Spleißen.",
           [box(105, 66, 70, 70), *[cable((10, 101), (105, 101)), cable((175, 101), (270, 101))], *_fibres(107, 173),
            *[dot(140, 80 + 14 * n) for n in range(4)]],
           _closure(*_TWO_CABLES, *_fibres(87, 193), *[dot(140, 80 + 14 * n) for n in range(4)], colour=NEW)),
)  # fmt: skip


def draw(folder: Path) -> list[Path]:
    """Write every drawing to the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in ACTIONS:
        (folder / f"{one.name}.svg").write_text(one.svg(), encoding="utf-8")
    return [folder / f"{one.name}.svg" for one in ACTIONS]
