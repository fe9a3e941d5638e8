"""OpenStreetMap .osm.pbf files into all layers that they feed, in one transaction.

osmium reads the file twice: once for the relations of multipolygons, once for everything. An id is an object's kind and
number: "n123", "w123", "r123". Pieces of road of one name in one place become one street (Target.group).
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pyarrow as pa
import shapely
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from psycopg.sql import Composed

from gisapp.errors import BadInput
from gisapp.geolibs import WGS84_SRID
from gisapp.history.recording import pin
from gisapp.layer import Geometry, Target, Type
from importers import osm_tags, pipeline
from importers.opening import Format, Opened, open_file
from importers.plan import Filled, Options, Plan
from importers.progress import Reporter
from importers.report import Report
from importers.source import GEOMETRY, RowProblem
from importers.staging import Stage

SOURCE = "osm"
FLUSH = 20_000
# Streets stand on places and municipalities, addresses on streets.
ORDER = (
    "places",
    "roads",
    "paths",
    "rails",
    "waterways",
    "waters",
    "landuse",
    "buildings",
    "pois",
    "streets",
    "addresses",
)
_FIELDS = {
    "places": ("name", "kind", "population"), "streets": ("name",),
    "roads": ("kind", "name", "ref", "surface", "oneway", "bridge", "tunnel", "maxspeed"),
    "paths": ("kind", "name", "ref", "surface", "oneway", "bridge", "tunnel"),
    "rails": ("kind", "name"), "waterways": ("kind", "name"), "waters": ("kind", "name"), "landuse": ("kind", "name"),
    "buildings": ("kind", "name", "levels"),
    "pois": ("kind", "category", "name", "opening_hours", "wheelchair", "website"),
    "addresses": ("street_name", "house_number", "postcode", "locality"),
}  # fmt: skip
_KINDS = {Type.INTEGER: "int", Type.BOOLEAN: "bool", Type.NUMBER: "float"}
_ARROW = {"int": pa.int64(), "bool": pa.bool_(), "float": pa.float64(), "text": pa.string()}


class _Layer:
    """One layer's rows on their way into its staging table."""

    def __init__(self, target: Target, source: str) -> None:
        fields = [one for name in _FIELDS[target.layer] if (one := target.field(name)) is not None]
        filled = [Filled(one, one.name, _KINDS.get(one.type, "text")) for one in fields]
        locality = target.field("locality")
        if target.group is not None and locality is not None:
            filled.append(Filled(locality, constant=""))
        self.plan = Plan(
            target, source, filled, WGS84_SRID, "id", "text", f"EPSG:{WGS84_SRID}", target.group is not None
        )
        self.stage = Stage(self.plan)
        self.rows: list[tuple[str, bytes, osm_tags.Row]] = []
        self.broken: list[RowProblem] = []

    def flush(self, reporter: Reporter) -> None:
        """Copy the collected rows."""
        if not self.rows:
            return
        names = [one.column for one in self.plan.filled if one.column]
        kinds = {one.column: one.kind for one in self.plan.filled}
        arrays = [pa.array([row[name] for _id, _wkb, row in self.rows], _ARROW[kinds[name]]) for name in names]
        ids = pa.array([one for one, _wkb, _row in self.rows], pa.string())
        wkb: list[bytes] = [one for _id, one, _row in self.rows]
        if self.plan.target.geometry is Geometry.POINT:
            wkb = _on_surface(wkb)
        batch = pa.RecordBatch.from_arrays([*arrays, ids, pa.array(wkb, pa.binary())], [*names, "id", GEOMETRY])
        self.rows = []
        self.stage.copy(iter([batch]), reporter.rows)


def _on_surface(wkb: list[bytes]) -> list[bytes]:
    """Areas as a point on them; points as they are. (WKB of a point has 21 bytes.)"""
    wide = [number for number, one in enumerate(wkb) if len(one) != 21]
    if wide:
        shapes = shapely.from_wkb(np.array([wkb[number] for number in wide], dtype=object))
        good = shapely.is_valid(shapes)
        inner = np.where(good, shapely.point_on_surface(np.where(good, shapes, None)), shapely.centroid(shapes))
        for number, one in zip(wide, shapely.to_wkb(inner), strict=True):
            wkb[number] = one
    return wkb


class _Reader:
    """Walks the file and hands each object's rows to the layers that are wanted."""

    def __init__(self, layers: dict[str, _Layer], reporter: Reporter) -> None:
        self.layers, self.reporter = layers, reporter
        self.wkb = osmium.geom.WKBFactory()
        self.relations: dict[int, list[str]] = {}
        self.assembled: set[int] = set()
        self.read = 0

    def put(self, name: str, rows: Sequence[tuple[str, osm_tags.Row]], geometry: bytes) -> None:
        for layer_name, row in rows:
            layer = self.layers.get(layer_name)
            if layer is None:
                continue
            layer.rows.append((name, geometry, row))
            self.read += 1
            if len(layer.rows) >= FLUSH:
                layer.flush(self.reporter)
        if self.read > settings.IMPORT_MAX_FEATURES:
            raise BadInput(
                "too-many-features", limit=settings.IMPORT_MAX_FEATURES, setting="GISAPP_IMPORT_MAX_FEATURES"
            )

    def _wanted(self, rows: list[tuple[str, osm_tags.Row]]) -> list[tuple[str, osm_tags.Row]]:
        return [one for one in rows if one[0] in self.layers]

    def node(self, node: Any) -> None:
        tags = dict(node.tags)
        rows = self._wanted(osm_tags.points(tags) + osm_tags.places(tags))
        if rows:
            self.put(f"n{node.id}", rows, bytes.fromhex(self.wkb.create_point(node)))

    def way(self, way: Any) -> None:
        """A way as a line; what one that is no area says of an address or a shop is put at its middle."""
        tags = dict(way.tags)
        rows = self._wanted(osm_tags.lines(tags))
        # osmium makes areas of these and hands them over; it says nothing of a ring that the extract has cut to pieces.
        is_area = way.is_closed() and tags.get("area") != "no"
        cut = is_area and len(way.nodes) < 4
        spots = [] if is_area and not cut else self._wanted(osm_tags.points(tags))
        lost = self._wanted(osm_tags.areas(tags)) if cut else []
        if not rows and not spots and not lost:
            return
        line = self._line(way)
        middle = self._middle(way, line)
        if line is not None:
            self.put(f"w{way.id}", rows, line)
        if middle is not None:
            self.put(f"w{way.id}", spots, middle)
        lost += (rows if line is None else []) + (spots if middle is None else [])
        for layer, _row in lost:
            self.layers[layer].broken.append(RowProblem(way.id, f"w{way.id}", "geom", "node-missing"))

    def _middle(self, way: Any, line: bytes | None) -> bytes | None:
        """A point on the way: its middle, or the only node that the extract has."""
        if line is not None:
            return bytes(shapely.to_wkb(shapely.line_interpolate_point(shapely.from_wkb(line), 0.5, normalized=True)))
        known = next((one for one in way.nodes if one.location.valid()), None)
        return None if known is None else bytes(shapely.to_wkb(shapely.Point(known.lon, known.lat)))

    def _line(self, way: Any) -> bytes | None:
        """The way's line; without the nodes that the extract lacks, None where fewer than two are left."""
        try:
            return bytes.fromhex(self.wkb.create_linestring(way))
        except (osmium.InvalidLocationError, RuntimeError):
            known = [(one.lon, one.lat) for one in way.nodes if one.location.valid()]
            distinct = [one for number, one in enumerate(known) if number == 0 or one != known[number - 1]]
            return bytes(shapely.to_wkb(shapely.LineString(distinct))) if len(distinct) > 1 else None

    def relation(self, relation: Any) -> None:
        """Remember the multipolygons, to see which of them come out as areas."""
        tags = dict(relation.tags)
        if tags.get("type") in ("multipolygon", "boundary"):
            rows = self._wanted(osm_tags.areas(tags) + osm_tags.points(tags))
            if rows:
                self.relations[relation.id] = [layer for layer, _row in rows]

    def area(self, area: Any) -> None:
        tags = dict(area.tags)
        rows = self._wanted(osm_tags.areas(tags) + osm_tags.points(tags))
        if not rows:
            return
        name = f"w{area.orig_id()}" if area.from_way() else f"r{area.orig_id()}"
        if not area.from_way():
            # An area comes with the last of its ways, and so before its relation.
            self.assembled.add(area.orig_id())
        try:
            geometry = bytes.fromhex(self.wkb.create_multipolygon(area))
        except (osmium.InvalidLocationError, RuntimeError):
            for layer, _row in rows:
                self.layers[layer].broken.append(RowProblem(area.orig_id(), name, "geom", "relation-broken"))
            return
        self.put(name, rows, geometry)

    def walk(self, path: Path) -> None:
        """Read the file. Raises BadInput("file-corrupt")."""
        try:
            processor = (
                osmium.FileProcessor(str(path))
                .with_areas(osmium.filter.KeyFilter(*osm_tags.AREA_KEYS))
                .with_filter(osmium.filter.KeyFilter(*osm_tags.KEYS))
            )
            one: Any
            for one in processor:
                if one.is_node():
                    self.node(one)
                elif one.is_way():
                    self.way(one)
                elif one.is_relation():
                    self.relation(one)
                else:
                    self.area(one)
        except RuntimeError as error:
            raise BadInput("file-corrupt", path=path.name, reason=str(error)[:200]) from error
        for number, names in self.relations.items():
            for layer in names if number not in self.assembled else ():
                self.layers[layer].broken.append(RowProblem(number, f"r{number}", "geom", "relation-broken"))


def _merge(layer: _Layer, options: Options, reporter: Reporter, file: str, late: list[Composed]) -> Report:
    started = time.monotonic()
    report = Report(layer.plan.target.layer, layer.plan.source, file)
    pipeline.put(layer.plan, layer.stage, options, reporter, report, late, layer.broken)
    report.read = layer.stage.read + len(layer.broken)
    report.rejected += layer.broken
    report.rejected_count += len(layer.broken)
    report.seconds = time.monotonic() - started
    return report


def import_osm(
    opened: Opened,
    targets: Sequence[Target],
    options: Options,
    reporter: Reporter,
    report: Report,
    late: list[Composed],
) -> None:
    """Read the file into these targets, inside the caller's transaction. Raises BadInput."""
    if opened.format is not Format.OSM:
        raise BadInput("unsupported-file", path=opened.path)
    fed = {one.layer: one for one in targets if one.layer in ORDER}
    if not fed:
        raise BadInput("osm-needs-layer", name=", ".join(one.layer for one in targets), possible=", ".join(ORDER))
    anywhere = Options(options.dry_run, options.strict, options.sync, anywhere=True)
    layers = {name: _Layer(fed[name], report.source) for name in ORDER if name in fed}
    for layer in layers.values():
        pipeline.lock(layer.plan.table)
        layer.stage.create()
    reporter.step(_("OpenStreetMap lesen"))
    reader = _Reader(layers, reporter)
    reader.walk(opened.data)
    if not reader.read:
        raise BadInput("no-features", path=opened.path)
    for name, layer in layers.items():
        layer.flush(reporter)
        reporter.step(name)
        report.add(_merge(layer, anywhere, reporter, report.file, late))


def run_osm_import(
    name: str, file: Path, targets: Sequence[Target], options: Options, source: str, reporter: Reporter
) -> Report:
    """Import an .osm.pbf file in one transaction; the report has one part per layer. Raises BadInput."""
    started = time.monotonic()
    report = Report(name, source or SOURCE, file.name)
    late: list[Composed] = []
    try:
        with transaction.atomic():
            pin()
            with open_file(file) as opened:
                import_osm(opened, targets, options, reporter, report, late)
            report.linked = pipeline.finish([one.layer for one in report.layers], report.source, reporter, late)
            return pipeline.conclude(report, options, started)
    except pipeline.RolledBack as end:
        return end.report
