"""Invented names for the demo region: municipalities and streets that sound like the north."""

from collections.abc import Iterator, Sequence

import numpy as np

_FIRST = ("Oster", "Wester", "Norder", "Süder", "Alt", "Neu", "Klein", "Groß", "Hohen", "Lang", "Schwarz", "Wind",
          "Birken", "Eichen", "Buch", "Stein", "Sand", "Moor", "Heide", "Linden", "Rog", "Fock", "Brok", "Thum",
          "Lütjen", "Bargen", "Holm", "Krum", "Duven", "Sieve")  # fmt: skip
_SECOND = ("by", "dorf", "büll", "stedt", "rade", "see", "bek", "feld", "holm", "wik", "au", "hagen", "rup", "mark",
           "förde", "lund", "brook", "büttel", "torf", "wohld")  # fmt: skip
_FIXED = ("Am Bahnhof", "Schulstraße", "Kirchenweg", "Mühlenweg", "Ringstraße", "Bergstraße", "Gartenstraße",
          "Waldweg", "Am Sportplatz", "Feldweg", "Lindenallee", "Zum See", "Am Dorfteich", "Alte Landstraße",
          "Bäckergang", "Schmiedestraße", "Am Ehrenmal", "Meiereiweg", "An der Au", "Große Straße", "Kleine Straße",
          "Amselweg", "Norderstraße", "Süderstraße", "Osterstraße", "Westerstraße", "Hüttener Weg", "Am Markt",
          "Neue Straße", "Straße des Friedens")  # fmt: skip
_STEMS = ("Birken", "Eichen", "Buchen", "Ahorn", "Erlen", "Ulmen", "Kastanien", "Flieder", "Rosen", "Tulpen", "Holunder",
          "Schlehen", "Drossel", "Finken", "Meisen", "Lerchen", "Schwalben", "Storchen", "Reiher", "Möwen", "Fasanen",
          "Dachs", "Fuchs", "Hasen", "Reh", "Koppel", "Heide", "Moor", "Wiesen", "Acker", "Mergel", "Kies", "Sand",
          "Ziegel", "Töpfer", "Müller", "Weber", "Schäfer", "Fischer", "Kanal", "Hafen", "Ufer", "Quellen", "Brunnen")  # fmt: skip
_ENDS = ("weg", "straße", "ring", "stieg", "kamp", "redder", "hof", "koppel", "twiete", "gang")


class MunicipalityNames(Iterator[str]):
    """Names that nobody has yet."""

    def __init__(self, rng: np.random.Generator, taken: Sequence[str]) -> None:
        made = [f"{first}{second}" for first in _FIRST for second in _SECOND]
        made += [f"{first} {name}" for first in ("Groß", "Klein", "Alt", "Neu") for name in made[:600]]
        rng.shuffle(made)
        self._left = [name for name in made if name not in taken]

    def __next__(self) -> str:
        return self._left.pop()


def street_names(rng: np.random.Generator) -> Iterator[str]:
    """Street names of one municipality, none twice."""
    fixed, made = list(_FIXED), [f"{stem}{end}" for stem in _STEMS for end in _ENDS]
    rng.shuffle(fixed)
    rng.shuffle(made)
    yield from fixed
    yield from made
    number = 0
    while True:
        number += 1
        yield f"Planstraße {number}"
