"""What rows of the network are called, and where they are, by their keys: for whoever may see them, and nobody else."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gisapp.database import fetch_rows
from layers.fibre.services import rights_of


@dataclass(frozen=True)
class Called:
    """`place` is GeoJSON text in CRS84, None for what has no place. `layer`: the map's layer that shows it, "" for none."""

    name: str
    place: str | None = None
    layer: str = ""


# Parts of objects are called by what they are a part of.
_CALLED = """
SELECT f.id::text, f.name, ST_AsGeoJSON(ST_Transform(f.geom, 4326), 7), f.layer FROM (
    SELECT id, name, geom, 'fibre_node' FROM fibre_node WHERE id = ANY (%(keys)s)
    UNION ALL SELECT id, name, geom, 'fibre_segment' FROM fibre_segment WHERE id = ANY (%(keys)s)
    UNION ALL SELECT id, name, geom, 'fibre_duct' FROM fibre_duct WHERE id = ANY (%(keys)s)
    UNION ALL SELECT id, name, coalesce(geom, place), 'fibre_cable' FROM fibre_cable WHERE id = ANY (%(keys)s)
    UNION ALL SELECT id, name, fibre_node_place(node_id), 'fibre_enclosure' FROM fibre_enclosure WHERE id = ANY (%(keys)s)
    UNION ALL SELECT id, name, fibre_node_place(node_id), '' FROM fibre_device WHERE id = ANY (%(keys)s)
    UNION ALL SELECT id, name, fibre_node_place(node_id), '' FROM fibre_premises WHERE id = ANY (%(keys)s)
    UNION ALL SELECT id, name, NULL, '' FROM fibre_circuit WHERE id = ANY (%(keys)s)
    UNION ALL SELECT s.id, s.name, fibre_node_place(e.node_id), '' FROM fibre_splitter s JOIN fibre_enclosure e ON e.id = s.enclosure_id
     WHERE s.id = ANY (%(keys)s)
    UNION ALL SELECT t.id, fibre_called(d.name, d.id) || ':' || t.position, d.geom, '' FROM fibre_tube t JOIN fibre_duct d ON d.id = t.duct_id
     WHERE t.id = ANY (%(keys)s)
    UNION ALL SELECT x.id, fibre_called(d.name, d.id) || ':' || t.position, d.geom, '' FROM fibre_tubesection x JOIN fibre_tube t ON t.id = x.tube_id
      JOIN fibre_duct d ON d.id = t.duct_id WHERE x.id = ANY (%(keys)s)
    UNION ALL SELECT f.id, fibre_called(c.name, c.id) || ':' || f.number, coalesce(c.geom, c.place), '' FROM fibre_fibresection f
      JOIN fibre_cable c ON c.id = f.cable_id WHERE f.id = ANY (%(keys)s)
    UNION ALL SELECT p.id, coalesce(e.name, d.name) || '/' || p.number, fibre_node_place(coalesce(e.node_id, d.node_id)), '' FROM fibre_port p
      LEFT JOIN fibre_enclosure e ON e.id = p.enclosure_id LEFT JOIN fibre_device d ON d.id = p.device_id WHERE p.id = ANY (%(keys)s)
    UNION ALL SELECT l.id, s.name || '#' || CASE WHEN l.is_input THEN 'in' ELSE '' END || l.number, fibre_node_place(e.node_id), ''
      FROM fibre_splitterleg l JOIN fibre_splitter s ON s.id = l.splitter_id JOIN fibre_enclosure e ON e.id = s.enclosure_id WHERE l.id = ANY (%(keys)s)
    UNION ALL SELECT t.id, e.name || ' [' || t.number || ']', fibre_node_place(e.node_id), '' FROM fibre_tray t JOIN fibre_enclosure e ON e.id = t.enclosure_id
     WHERE t.id = ANY (%(keys)s)
    UNION ALL SELECT j.id, e.name, fibre_node_place(e.node_id), '' FROM fibre_joint j JOIN fibre_enclosure e ON e.id = j.enclosure_id WHERE j.id = ANY (%(keys)s)
    UNION ALL SELECT j.id, n.name, n.geom, '' FROM fibre_tubejoint j JOIN fibre_node n ON n.id = j.node_id WHERE j.id = ANY (%(keys)s)
    UNION ALL SELECT y.id, fibre_called(c.name, c.id) || ' · ' || e.name, fibre_node_place(e.node_id), '' FROM fibre_cableentry y
      JOIN fibre_cable c ON c.id = y.cable_id JOIN fibre_enclosure e ON e.id = y.enclosure_id WHERE y.id = ANY (%(keys)s)
) f (id, name, geom, layer)
"""


def called(keys: Collection[str], user: Any) -> Mapping[str, Called]:
    """Those of these keys (UUIDs) that `user` sees (None: all)."""
    if not keys:
        return {}
    with rights_of(user):
        rows = fetch_rows(_CALLED, {"keys": [UUID(one) for one in sorted(keys)]})
    return {key: Called(name or key[:8], place, layer) for key, name, place, layer in rows}


def placed(shapes: Mapping[int, str]) -> Mapping[int, str]:
    """GeoJSON texts in EPSG:25832, as the history has them, as GeoJSON texts in CRS84."""
    if not shapes:
        return {}
    return dict(
        fetch_rows(
            "SELECT n, ST_AsGeoJSON(ST_Transform(ST_SetSRID(ST_GeomFromGeoJSON(shape), 25832), 4326), 7) "
            "FROM unnest(%s::integer[], %s::text[]) given (n, shape)",
            [list(shapes), list(shapes.values())],
        )
    )
