"""OGC API Tiles (20-057) and Tile Matrix Sets 2.0 (17-083r4): where our vector tiles are, in the words of the standard."""

import math
from collections.abc import Sequence
from typing import Any

from gisapp.extent import common
from gisapp.features import documents
from gisapp.features.crs import CRS84, SUPPORTED
from gisapp.features.documents import JSON, link
from gisapp.layer import Geometry, Layer

MATRIX_SET = "WebMercatorQuad"
URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
_RELATION = "http://www.opengis.net/def/rel/ogc/1.0/"
TILESETS, SCHEME, SCHEMES = f"{_RELATION}tilesets-vector", f"{_RELATION}tiling-scheme", f"{_RELATION}tiling-schemes"
MVT = "application/vnd.mapbox-vector-tile"
CRS = next(uri for uri, one in SUPPORTED.items() if one.srid == 3857)
DEEPEST = 22
CONFORMANCE = [
    *(f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
      for name in ("core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "mvt")),
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
]  # fmt: skip
# Half the equator in metres of EPSG:3857; 0.28 mm is the standard's pixel.
_EDGE = 20_037_508.342789244
_CELL = 2 * _EDGE / 256
_DIMENSIONS = {Geometry.POINT: 0, Geometry.LINE: 1, Geometry.PATH: 1, Geometry.POLYGON: 2}
Bounds = tuple[float, float, float, float]


def matrix_sets(root: str) -> dict[str, Any]:
    """The list of tile matrix sets: one."""
    told = {"id": MATRIX_SET, "title": "Google Maps Compatible for the World", "uri": URI, "crs": CRS}
    return {"tileMatrixSets": [{**told, "links": [link(f"{root}/tileMatrixSets/{MATRIX_SET}", "self", JSON)]}]}


def _matrix(zoom: int) -> dict[str, Any]:
    return {
        "id": str(zoom), "scaleDenominator": _CELL / (1 << zoom) / 0.00028, "cellSize": _CELL / (1 << zoom),
        "cornerOfOrigin": "topLeft", "pointOfOrigin": [-_EDGE, _EDGE], "tileWidth": 256, "tileHeight": 256,
        "matrixWidth": 1 << zoom, "matrixHeight": 1 << zoom,
    }  # fmt: skip


def matrix_set() -> dict[str, Any]:
    """The definition of WebMercatorQuad, as far as our tiles go.

    Behind the members of version 2.0 follow those of 1.0: GDAL before 3.8 (Debian 12's) reads no others.
    """
    matrices = [_matrix(zoom) for zoom in range(DEEPEST + 1)]
    low, high = [-_EDGE, -_EDGE], [_EDGE, _EDGE]
    old = [{**one, "identifier": one["id"], "topLeftCorner": one["pointOfOrigin"]} for one in matrices]
    return {
        "id": MATRIX_SET,
        "title": "Google Maps Compatible for the World",
        "uri": URI,
        "crs": CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "boundingBox": {"lowerLeft": low, "upperRight": high, "crs": CRS, "lowerCorner": low, "upperCorner": high},
        "tileMatrices": matrices,
        "type": "TileMatrixSetType",
        "identifier": MATRIX_SET,
        "supportedCRS": CRS,
        "tileMatrix": old,
    }


def cell(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """Column and row of the tile in which a point (CRS84) lies."""
    count = 1 << zoom
    limited = min(max(lat, -85.0511), 85.0511)
    column = math.floor((lon + 180) / 360 * count)
    row = math.floor((1 - math.asinh(math.tan(math.radians(limited))) / math.pi) / 2 * count)
    return min(max(column, 0), count - 1), min(max(row, 0), count - 1)


def limits(box: Bounds, zoom: int) -> tuple[int, int, int, int]:
    """First and last column, first and last row of the tiles that meet the box (CRS84)."""
    west, south, east, north = box
    (left, top), (right, bottom) = cell(west, north, zoom), cell(east, south, zoom)
    return left, right, top, bottom


def _limit(box: Bounds, zoom: int) -> dict[str, Any]:
    left, right, top, bottom = limits(box, zoom)
    return {"tileMatrix": str(zoom), "minTileRow": top, "maxTileRow": bottom, "minTileCol": left, "maxTileCol": right}


def _links(layers: Sequence[Layer], root: str, own: str) -> list[dict[str, Any]]:
    """The tileset itself, its scheme, and the template of its tiles."""
    names = ",".join(one.name for one in layers)
    template = f"{root.removesuffix('/ogc')}/tiles/{names}/{{tileMatrix}}/{{tileCol}}/{{tileRow}}.mvt"
    return [
        link(own, "self", JSON),
        link(f"{root}/tileMatrixSets/{MATRIX_SET}", SCHEME, JSON),
        {**link(template, "item", MVT), "templated": True},
    ]


def _described(one: Layer) -> dict[str, Any]:
    """One layer of the tiles, with the fields that are in them."""
    properties = {field.name: documents.field_schema(field) for field in one.tile_fields}
    found = {
        "id": one.name,
        "title": str(one.title),
        "description": str(one.description),
        "dataType": "vector",
        "minTileMatrix": str(one.min_zoom),
        "maxTileMatrix": str(one.max_zoom),
        "propertiesSchema": {"type": "object", "properties": properties},
    }
    dimension = _DIMENSIONS.get(one.geometry)
    return found if dimension is None else {**found, "geometryDimension": dimension}


def tileset(layers: Sequence[Layer], root: str, base: str, title: str, user: Any) -> dict[str, Any]:
    """The metadata of one tileset; `base` is the address of the list that it is in."""
    box = common(layers, user)
    zooms = range(min(one.min_zoom for one in layers), max(one.max_zoom for one in layers) + 1)
    west, south, east, north = box
    return {
        "title": title,
        "dataType": "vector",
        "crs": CRS,
        "tileMatrixSetURI": URI,
        "attribution": ", ".join(dict.fromkeys(one.attribution for one in layers if one.attribution)),
        "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north], "crs": CRS84},
        "centerPoint": {
            "coordinates": [round((west + east) / 2, 7), round((south + north) / 2, 7)],
            "crs": CRS84,
            "tileMatrix": str(min(max(12, zooms[0]), zooms[-1])),
        },
        "tileMatrixSetLimits": [_limit(box, zoom) for zoom in zooms],
        "layers": [_described(one) for one in layers],
        "links": _links(layers, root, f"{base}/{MATRIX_SET}"),
    }


def tilesets(layers: Sequence[Layer], root: str, base: str, title: str) -> dict[str, Any]:
    """The list of tilesets of a collection or of everything: one, for there is one tile matrix set."""
    told = {"title": title, "dataType": "vector", "crs": CRS, "tileMatrixSetURI": URI}
    own = [{**told, "links": _links(layers, root, f"{base}/{MATRIX_SET}")}] if layers else []
    return {"links": [link(base, "self", JSON)], "tilesets": own}
