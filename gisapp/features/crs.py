"""The coordinate reference systems that features are spoken in (OGC API Features Part 2)."""

from dataclasses import dataclass

from gisapp import errors
from gisapp.geolibs import STORAGE_SRID

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@dataclass(frozen=True)
class Crs:
    """A system by its URI. `flipped`: the authority's axis order is north, east; PostGIS stores east, north."""

    uri: str
    srid: int
    flipped: bool
    decimals: int


def _epsg(code: int) -> str:
    return f"http://www.opengis.net/def/crs/EPSG/0/{code}"


# Seven decimals of a degree are a centimetre; three of a metre a millimetre.
SUPPORTED = {
    one.uri: one
    for one in (
        Crs(CRS84, 4326, False, 7),
        Crs(_epsg(4326), 4326, True, 7),
        Crs(_epsg(4258), 4258, True, 7),
        Crs(_epsg(STORAGE_SRID), STORAGE_SRID, False, 3),
        Crs(_epsg(3857), 3857, False, 3),
    )
}
# Where a point may lie so that EPSG:25832 has coordinates for it: beyond, the projection fails or folds over. What is
# stored lies far inside. West, south, east, north in the system of that SRID.
REACH = {4326: (-40.0, 0.0, 60.0, 84.0), 4258: (-40.0, 0.0, 60.0, 84.0), 3857: (-4.4e6, 0.0, 6.6e6, 18.7e6)}
STORAGE = SUPPORTED[_epsg(STORAGE_SRID)]
DEFAULT = SUPPORTED[CRS84]


def within_reach(lon: float, lat: float) -> bool:
    """Can anything be stored at this point (CRS84)?"""
    west, south, east, north = REACH[4326]
    return west <= lon <= east and south <= lat <= north


def parse(value: str | None) -> Crs:
    """The system of a `crs` or `bbox-crs` parameter; raises BadInput("bad-crs")."""
    if not value:
        return DEFAULT
    text = value.strip("<>[]")
    if text.upper().startswith("EPSG:"):
        text = f"http://www.opengis.net/def/crs/EPSG/0/{text[5:]}"
    text = text.replace("https://", "http://", 1)
    if text not in SUPPORTED:
        raise errors.BadInput("bad-crs", value=value[:100])
    return SUPPORTED[text]
