"""A layer's vector tiles in one PMTiles file, from the same SQL as the tiles of the web, as the public sees them."""

import contextlib
import gzip
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from gisapp import errors
from gisapp.database import fetch_rows
from gisapp.extent import Bounds, bounds
from gisapp.features.tilesets import limits
from gisapp.layer import Layer
from gisapp.tiles import tilejson
from gisapp.tiles.sql import tile_statement

MOST_TILES = 2_000_000
"""So many places are looked at; at 500 tiles a second that is an hour."""
MOST_BYTES = 8 * 1024**3
SMALL_BOX = 1e-7
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Plan:
    """What is to be written: the zooms, the box (CRS84) and how many tiles that is."""

    layers: Sequence[Layer]
    zooms: range
    box: Bounds

    @property
    def count(self) -> int:
        return sum((x1 - x0 + 1) * (y1 - y0 + 1) for x0, x1, y0, y1 in (limits(self.box, one) for one in self.zooms))


@dataclass(frozen=True)
class Written:
    """`tiles` are those with something in them, `different` those that are not equal to another."""

    tiles: int
    different: int
    size: int


def plan(layers: Sequence[Layer], zooms: range | None = None, box: Bounds | None = None) -> Plan:
    """All zooms of the layers in their bounds, or less of it.

    Raises BadInput("export-empty") where the layers have nothing (there), BadInput("export-too-large").
    """
    boxes = [found for one in layers if (found := bounds(one, AnonymousUser()))]
    if not boxes:
        raise errors.BadInput("export-empty")
    west, south, east, north = zip(*boxes, strict=True)
    whole = (min(west), min(south), max(east), max(north))
    if box:
        whole = (max(whole[0], box[0]), max(whole[1], box[1]), min(whole[2], box[2]), min(whole[3], box[3]))
    if whole[2] - whole[0] < SMALL_BOX or whole[3] - whole[1] < SMALL_BOX:
        raise errors.BadInput("export-empty")
    every = range(min(one.min_zoom for one in layers), max(one.max_zoom for one in layers) + 1)
    made = Plan(layers, zooms or every, whole)
    if made.count > MOST_TILES:
        raise errors.BadInput("export-too-large", what=f"{made.count} tiles", limit=f"{MOST_TILES} tiles")
    return made


def _places(wanted: Plan) -> Iterator[tuple[int, int, int, int]]:
    """(id, zoom, column, row) in the order of the file."""
    from pmtiles.tile import zxy_to_tileid

    for zoom in wanted.zooms:
        x0, x1, y0, y1 = limits(wanted.box, zoom)
        cells = [(x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)]
        yield from sorted((zxy_to_tileid(zoom, x, y), zoom, x, y) for x, y in cells)


@contextlib.contextmanager
def _snapshot() -> Iterator[None]:
    """One state of the data for all tiles, where no transaction is running already."""
    begun = connection.in_atomic_block
    with transaction.atomic():
        if not begun:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _header(wanted: Plan) -> dict[str, Any]:
    from pmtiles.tile import Compression, TileType

    west, south, east, north = (round(one * 1e7) for one in wanted.box)
    return {
        "tile_type": TileType.MVT, "tile_compression": Compression.GZIP,
        "min_lon_e7": west, "min_lat_e7": south, "max_lon_e7": east, "max_lat_e7": north,
        "center_lon_e7": (west + east) // 2, "center_lat_e7": (south + north) // 2,
        "center_zoom": min(max(12, wanted.zooms[0]), wanted.zooms[-1]),
    }  # fmt: skip


def _metadata(layers: Sequence[Layer]) -> dict[str, Any]:
    told = tilejson.describe(layers, "", AnonymousUser())
    described = "; ".join(str(one.description) for one in layers)
    kept = {name: told[name] for name in ("name", "attribution", "vector_layers")}
    return {**kept, "description": described, "type": "overlay", "generator": "KRIT-GIS"}


def _fill(file: BinaryIO, folder: Path, wanted: Plan, progress: Progress) -> Written:
    from pmtiles.writer import Writer

    writer = Writer(file)
    writer.tile_f.close()
    writer.tile_f = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the writer closes it
    number = 0
    try:
        with _snapshot():
            for place, zoom, column, row in _places(wanted):
                statement = tile_statement(wanted.layers, zoom, column, row, None)
                body = bytes(fetch_rows(*statement, binary=True)[0][0]) if statement else b""
                if body:
                    number += 1
                    writer.write_tile(place, gzip.compress(body, compresslevel=6, mtime=0))
                    if writer.offset > MOST_BYTES:
                        raise errors.BadInput("export-too-large", what=f"{writer.offset} B", limit=f"{MOST_BYTES} B")
                progress(1)
        if number == 0:
            raise errors.BadInput("export-empty")
        writer.finalize(_header(wanted), _metadata(wanted.layers))
    finally:
        writer.tile_f.close()
    return Written(number, len(writer.hash_to_offset), file.tell())


def write(wanted: Plan, path: Path, progress: Progress) -> Written:
    """Write the file; one that is there is replaced only by a whole new one, however this ends.

    `progress` is told of each tile. Raises BadInput("export-empty"), BadInput("export-too-large"), OSError.
    """
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".gisapp-export-") as name:
        folder = Path(name)
        with (folder / "tiles").open("wb") as file:
            done = _fill(file, folder, wanted, progress)
        (folder / "tiles").replace(path)
    return done


def parse_zooms(text: str) -> range:
    """Zooms like 5-14 or 14; raises BadInput("bad-value")."""
    low, _minus, high = text.partition("-")
    try:
        found = range(int(low), int(high or low) + 1)
    except ValueError:
        found = range(0)
    if not found or found[0] < 0 or found[-1] > 22:
        raise errors.BadInput("bad-value", field="zoom", name="zoom", value=text[:50])
    return found


def summary(done: Written, layers: Sequence[Layer], path: Path) -> str:
    """The facts as one JSON object."""
    names = [one.name for one in layers]
    facts = {"layers": names, "file": str(path), "tiles": done.tiles, "different": done.different, "bytes": done.size}
    return json.dumps(facts, ensure_ascii=False)
