"""Streets and addresses: first the distinct streets that sound like it, then the number on the best of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from gisapp.database import fetch_rows
from gisapp.layer import SearchHit
from gisapp.search.query import THRESHOLD, fold

# A house number is a number of up to four digits behind a word: "Dorfstr. 12 a", "Am Kanal 3-5", "12/2".
_NUMBER = re.compile(
    r"(?<=[^\W\d])[.,]?\s+(\d{1,4}(?:\s?[a-zA-Z](?!\w))?(?:\s?[-/]\s?\d{1,4}\s?[a-zA-Z]?)?)(?=$|[\s,])"
)
STREETS_LOOKED_AT = 40
FARTHEST_M = 250
CLOSE, GOOD = 0.75, 0.7


@dataclass(frozen=True)
class Asked:
    """A typed address in its parts; `number` is "" where none was typed."""

    text: str
    number: str


def parse(text: str) -> Asked:
    """Split a house number off a typed address."""
    found = _NUMBER.search(text)
    if not found:
        return Asked(text, "")
    rest = f"{text[: found.start(1)]} {text[found.end(1) :]}"
    return Asked(re.sub(r"\s+", " ", rest).strip(" ,"), house_number_key(found[1]))


def house_number_key(text: str) -> str:
    """ "12 A" and "12a" are one number."""
    return re.sub(r"\s+", "", text).lower()


@lru_cache(maxsize=8)
def _sql(name: str) -> str:
    return (Path(__file__).parent / "sql" / name).read_text(encoding="utf-8")


def streets_and_addresses(text: str, user: Any, limit: int) -> list[SearchHit]:
    """Streets for "Dorfstr Haby", addresses for "Dorfstr 12 Haby"; streets too where the number is unknown."""
    asked = parse(text)
    folded = fold(asked.text)
    hits: list[SearchHit] = []
    # What is spelt nearly right is found among few candidates; only where that gives too little, among many.
    for threshold in (CLOSE, THRESHOLD) if folded else ():
        fetch_rows("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(threshold)])
        hits = _hits(folded, asked.number, limit)
        if len(hits) >= limit or (hits and hits[0].score >= GOOD):
            break
    return hits


def _hits(folded: str, number: str, limit: int) -> list[SearchHit]:
    if number:
        rows = fetch_rows(_sql("search_addresses.sql"), [folded, STREETS_LOOKED_AT, number, limit])
        return [_address(row) if row[0] else _street(row[1:]) for row in rows]
    # A single word is a street's name or none: whoever types a place alone is looking for the place.
    name = "search_streets.sql" if " " in folded else "search_street_names.sql"
    return [_street(row) for row in fetch_rows(_sql(name), [folded, limit])]


def _street(row: tuple[Any, ...]) -> SearchHit:
    key, score, name, postcode, locality, lon, lat = row
    return SearchHit("streets", str(key), name, f"{postcode} {locality}".strip(), score, round(lon, 6), round(lat, 6))


def _address(row: tuple[Any, ...]) -> SearchHit:
    _is_address, key, score, name, postcode, locality, lon, lat = row
    return SearchHit("addresses", str(key), name, f"{postcode} {locality}".strip(), score, round(lon, 6), round(lat, 6))


def nearest_address(lon: float, lat: float, user: Any) -> Mapping[str, Any] | None:
    """The address nearest to a point (CRS84) within 250 m, with its distance in metres."""
    rows = fetch_rows(_sql("nearest_address.sql"), [lon, lat, FARTHEST_M])
    if not rows:
        return None
    key, street, number, postcode, locality, distance, at_lon, at_lat = rows[0]
    return {
        "layer": "addresses",
        "id": str(key),
        "title": f"{street} {number}",
        "subtitle": f"{postcode} {locality}".strip(),
        "distance_m": round(distance, 1),
        "lon": round(at_lon, 6),
        "lat": round(at_lat, 6),
    }
