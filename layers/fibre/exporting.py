"""A whole network in one file: as an OFDS package for others, or every table in a GeoPackage for a GIS."""

import datetime
import json
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from gisapp.errors import BadInput
from gisapp.geolibs import STORAGE_SRID
from layers.fibre.models import Network

OFDS_SCHEMA = "https://standard.ofds.info/en/0__4__0/network-schema.json"
_STATUS = {"planned": "proposed", "approved": "planned", "under_construction": "underConstruction", "in_service": "operational",
           "out_of_service": "inactive", "decommissioned": "decommissioned"}  # fmt: skip
_NODE_TYPES = {"pop": ["pop"], "exchange": ["exchange"], "cabinet": ["streetCabinet"], "manhole": ["chamber"], "handhole": ["chamber"],
               "building": ["customerPremises"]}  # fmt: skip
_CRS84 = {"name": "urn:ogc:def:crs:OGC::CRS84", "uri": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}


def find(key: str) -> Network:
    """The network of that key, or the only one; raises BadInput naming those that there are."""
    found = Network.objects.filter(key=key).first() if key else None
    everyone = list(Network.objects.order_by("key"))
    if found is None and not key and len(everyone) == 1:
        found = everyone[0]
    if found is None:
        raise BadInput("which-network", possible=", ".join(one.key for one in everyone[:20]) or "-")
    return found


def write(path: Path, key: str) -> Mapping[str, Any]:
    """Write the network to the file; its ending says as what. Raises BadInput("unknown-format"), OSError for a full disk."""
    network = find(key)
    name = path.name.lower()
    writer = ofds if name.endswith(".ofds.json") else geopackage if name.endswith(".gpkg") else None
    if writer is None:
        raise BadInput("unknown-format", value="".join(path.suffixes), possible="ofds.json, gpkg")
    # A file that is there is replaced only by a whole new one.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".gisapp-export-") as folder:
        done = Path(folder) / path.name
        alone = not connection.in_atomic_block
        with transaction.atomic(), connection.cursor() as cursor:
            # Forty tables of one moment: of what somebody does meanwhile there is all or nothing in it.
            if alone:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            counts = writer(network, done)
        done.replace(path)
    return {"network": network.key, "file": str(path), **counts}


def _rows(statement: str, network: Network, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"network": network.pk, **values})
        return list(cursor.fetchall())


# Where what the package's spans are begins and ends: its fibre cables, or, where it has none, its segments.
_NODES = """SELECT n.id, n.name, n.kind, n.lifecycle, ST_AsGeoJSON(ST_Transform(n.geom, 4326), 7)::json FROM fibre_node n WHERE n.network_id = %(network)s
   AND n.id = ANY (%(ends)s::uuid[]) ORDER BY n.id"""
_CABLES = """SELECT c.id, c.name, c.lifecycle, c.from_node_id, c.to_node_id, p.bundles * p.per_bundle, p.fibre_type,
   CASE WHEN w.line IS NOT NULL THEN ST_AsGeoJSON(ST_Transform(w.line, 4326), 7)::json END, w.aerial, m.drawn_m + m.slack_m FROM fibre_cable c
   JOIN fibre_cablespec p ON p.key = c.spec_id AND p.medium = 'fibre' LEFT JOIN fibre_measure m ON m.cable_id = c.id AND m.entry_id IS NULL
   LEFT JOIN LATERAL (SELECT ST_RemoveRepeatedPoints(ST_MakeLine(CASE WHEN y.forward THEN s.geom ELSE ST_Reverse(s.geom) END ORDER BY y.step, y.within))
        AS line, bool_or(s.construction = 'aerial') AS aerial FROM fibre_cableway y JOIN fibre_segment s ON s.id = y.segment_id WHERE y.cable_id = c.id) w ON true
   WHERE c.network_id = %(network)s AND c.lifecycle <> 'removed' ORDER BY c.id"""
_SEGMENTS = """SELECT id, name, lifecycle, from_node_id, to_node_id, NULL, '', ST_AsGeoJSON(ST_Transform(geom, 4326), 7)::json, construction = 'aerial', NULL
   FROM fibre_segment WHERE network_id = %(network)s AND lifecycle <> 'removed' ORDER BY id"""


def ofds(network: Network, path: Path) -> dict[str, int]:
    """An OFDS 0.4 package of the network: its structures are nodes, its cables spans (without cables: its segments)."""
    provider = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"organisation:{network.organisation.key}")),
        "name": network.organisation.name,
    }
    nodes, spans = [], []
    rows = _rows(_CABLES, network) or _rows(_SEGMENTS, network)
    ends = {end for row in rows for end in row[3:5]}
    for key, name, kind, state, place in _rows(_NODES, network, ends=list(ends)):
        one: dict[str, Any] = {
            "id": str(key),
            "name": name,
            "status": _STATUS[state],
            "location": place,
            "physicalInfrastructureProvider": provider,
        }
        nodes.append(
            {word: value for word, value in one.items() if value}
            | ({"type": _NODE_TYPES[kind]} if kind in _NODE_TYPES else {})
        )
    for key, name, state, a, b, fibres, type_, route, aerial, length in rows:
        one = {"id": str(key), "name": name, "status": _STATUS[state], "start": str(a), "end": str(b), "directed": False, "route": route,
               "physicalInfrastructureProvider": provider, "transmissionMedium": ["fibre"], "fibreCount": fibres,
               "deployment": ["aboveGround" if aerial else "belowGround"] if route else None,
               "fibreType": type_.partition(".A")[0].partition(".B")[0] if type_ else None, "fibreLength": round(length / 1000, 4) if length else None}  # fmt: skip
        spans.append({word: value for word, value in one.items() if value is not None})
    package = {"networks": [{
        "id": str(network.pk), "name": network.name, "publicationDate": datetime.datetime.now(tz=datetime.UTC).date().isoformat(), "language": "de",
        "publisher": {"name": network.organisation.name}, "crs": _CRS84, "organisations": [provider],
        "links": [{"rel": "describedby", "href": OFDS_SCHEMA}], **{name: one for name, one in (("nodes", nodes), ("spans", spans)) if one}}]}  # fmt: skip
    path.write_text(json.dumps(package, ensure_ascii=False), encoding="utf-8")
    return {"nodes": len(nodes), "spans": len(spans)}


# Each table of the file: its name, and whose rows of this network they are. {t} is the table.
_TABLES: tuple[tuple[str, str], ...] = (
    ("node", "{t}.network_id = %(network)s"),
    ("segment", "{t}.network_id = %(network)s"),
    ("duct", "{t}.network_id = %(network)s"),
    ("ductstep", "{t}.duct_id IN (SELECT id FROM fibre_duct WHERE network_id = %(network)s)"),
    ("tube", "{t}.duct_id IN (SELECT id FROM fibre_duct WHERE network_id = %(network)s)"),
    ("tubesection", "{t}.tube_id IN (SELECT b.id FROM fibre_tube b JOIN fibre_duct d ON d.id = b.duct_id WHERE d.network_id = %(network)s)"),
    ("tubejoint", "{t}.node_id IN (SELECT id FROM fibre_node WHERE network_id = %(network)s)"),
    ("tubeend", "{t}.joint_id IN (SELECT j.id FROM fibre_tubejoint j JOIN fibre_node n ON n.id = j.node_id WHERE n.network_id = %(network)s)"),
    ("cable", "{t}.network_id = %(network)s"),
    ("cablestep", "{t}.cable_id IN (SELECT id FROM fibre_cable WHERE network_id = %(network)s)"),
    ("slack", "{t}.cable_id IN (SELECT id FROM fibre_cable WHERE network_id = %(network)s)"),
    ("measure", "{t}.cable_id IN (SELECT id FROM fibre_cable WHERE network_id = %(network)s)"),
    ("cableentry", "{t}.cable_id IN (SELECT id FROM fibre_cable WHERE network_id = %(network)s)"),
    ("fibresection", "{t}.cable_id IN (SELECT id FROM fibre_cable WHERE network_id = %(network)s)"),
    ("enclosure", "{t}.network_id = %(network)s"),
    ("device", "{t}.network_id = %(network)s"),
    ("tray", "{t}.enclosure_id IN (SELECT id FROM fibre_enclosure WHERE network_id = %(network)s)"),
    ("port", "{t}.enclosure_id IN (SELECT id FROM fibre_enclosure WHERE network_id = %(network)s) OR {t}.device_id IN"
             " (SELECT id FROM fibre_device WHERE network_id = %(network)s)"),
    ("splitter", "{t}.enclosure_id IN (SELECT id FROM fibre_enclosure WHERE network_id = %(network)s)"),
    ("splitterleg", "{t}.splitter_id IN (SELECT s.id FROM fibre_splitter s JOIN fibre_enclosure e ON e.id = s.enclosure_id WHERE e.network_id = %(network)s)"),
    ("joint", "{t}.id IN (SELECT j.joint_id FROM fibre_jointend j JOIN fibre_endplace p ON p.end_id = j.id LEFT JOIN fibre_enclosure e ON e.id ="
              " p.enclosure_id WHERE e.network_id = %(network)s)"),
    ("jointend", "{t}.joint_id IN (SELECT o.id FROM fibre_joint o JOIN fibre_enclosure e ON e.id = o.enclosure_id WHERE e.network_id = %(network)s)"),
    ("premises", "{t}.network_id = %(network)s"),
    ("unit", "{t}.premises_id IN (SELECT id FROM fibre_premises WHERE network_id = %(network)s)"),
    ("circuit", "{t}.network_id = %(network)s"),
    ("circuitend", "{t}.circuit_id IN (SELECT id FROM fibre_circuit WHERE network_id = %(network)s)"),
    ("lease", "{t}.cable_id IN (SELECT id FROM fibre_cable WHERE network_id = %(network)s) OR {t}.enclosure_id IN (SELECT id FROM fibre_enclosure"
              " WHERE network_id = %(network)s) OR {t}.tube_id IN (SELECT t.id FROM fibre_tube t JOIN fibre_duct d ON d.id = t.duct_id"
              " WHERE d.network_id = %(network)s)"),
    ("workorder", "{t}.network_id = %(network)s"),
    ("orderstep", "{t}.order_id IN (SELECT id FROM fibre_workorder WHERE network_id = %(network)s)"),
    ("ductspec", "true"), ("ductspectube", "true"), ("cablespec", "true"), ("enclosurespec", "true"), ("splitterspec", "true"),
    ("fittingspec", "true"), ("colour", "true"), ("colourscheme", "true"), ("schemecolour", "true"), ("opticsclass", "true"), ("opticsbudget", "true"),
)  # fmt: skip
_LEFT_OUT = {
    "geom_3857",
    "shape",
    "organisation_id",
    "thing",
    "name_norm",
    "place",
    "area",
    "contractor_id",
    "rehearsal",
    "agreed",
}
_GEOMETRY = {
    "node": "ST_AsBinary(t.geom)", "segment": "ST_AsBinary(t.geom)",
    "duct": "(SELECT ST_AsBinary(ST_LineMerge(ST_Collect(s.geom))) FROM fibre_ductstep d JOIN fibre_segment s ON s.id = d.segment_id WHERE d.duct_id = t.id)",
    "cable": "ST_AsBinary(t.geom)", "enclosure": "ST_AsBinary(t.geom)", "workorder": "ST_AsBinary(t.area)",
}  # fmt: skip


def geopackage(network: Network, path: Path) -> dict[str, int]:
    """Every table of the network, and the catalogue; nodes, segments, ducts, cables and enclosures are layers with their geometry."""
    counts: dict[str, int] = {}
    for name, condition in _TABLES:
        counts[name] = _table(network, path, name, condition.format(t="t"))
    return counts


def _table(network: Network, path: Path, name: str, condition: str) -> int:
    import pyarrow as pa
    import pyogrio

    kinds = {
        "smallint": pa.int32(),
        "integer": pa.int32(),
        "bigint": pa.int64(),
        "double precision": pa.float64(),
        "boolean": pa.bool_(),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position",
            [f"fibre_{name}"],
        )
        columns = [(str(one), str(kind)) for one, kind in cursor.fetchall() if one not in _LEFT_OUT and one != "geom"]
        shape = _GEOMETRY.get(name)
        wanted = [f't."{one}"' + ("" if kind in kinds else "::text") for one, kind in columns] + (
            [shape] if shape else []
        )
        statement = f"SELECT {', '.join(wanted)} FROM fibre_{name} t WHERE {condition} ORDER BY 1"  # noqa: S608 - names of our tables
        cursor.execute(statement, {"network": network.pk})
        rows = cursor.fetchall()
    arrays = [
        pa.array([row[number] for row in rows], kinds.get(kind, pa.string()))
        for number, (_name, kind) in enumerate(columns)
    ]
    names = [one for one, _kind in columns]
    if shape:
        arrays.append(pa.array([None if row[-1] is None else bytes(row[-1]) for row in rows], pa.binary()))
        names.append("geom")
    shapes = {
        "node": "Point",
        "enclosure": "Point",
        "segment": "LineString",
        "cable": "LineString",
        "workorder": "MultiPolygon",
    }
    try:
        _put(pa.Table.from_arrays(arrays, names), path, name, shapes.get(name, "Unknown") if shape else None)
    except pyogrio.errors.DataLayerError as error:  # a disk that is full has no error number here
        raise OSError(str(error)) from error
    return len(rows)


def _put(table: Any, path: Path, name: str, shape: str | None) -> None:
    import pyogrio

    pyogrio.write_arrow(
        table, path, layer=name, driver="GPKG", append=path.exists(), geometry_name="geom" if shape else None, geometry_type=shape,
        crs=f"EPSG:{STORAGE_SRID}" if shape else None,
    )  # fmt: skip
