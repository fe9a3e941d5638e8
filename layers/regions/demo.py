"""The regions' share of the demo: areas, places, streets and addresses of the generated region."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import shapely
from django.db import connection, transaction
from django.utils.translation import gettext as _

from gisapp.bulk import analyze, copy_rows
from gisapp.geolibs import STORAGE_SRID
from layers.regions.demo_plan import Plan, plan
from layers.regions.linking import retire_demo

SOURCE = "demo"
AMT_KEY, AMT_NAME, SIXTEEN = "019000001", "Amt Hüttener Berge (Demo)", 16
COUNTRY_KEY, COUNTRY_NAME = "01", "Schleswig-Holstein (Demo)"


def ewkb(shapes: Any) -> Any:
    """Hex EWKB in EPSG:25832 of an array of shapes, ready for COPY."""
    return shapely.to_wkb(shapely.set_srid(shapes, STORAGE_SRID), hex=True, include_srid=True)


def build(size: str, seed: int, progress: Callable[[str], None]) -> None:
    """Write the regions of a size anew, in one transaction."""
    progress(_("Region entwerfen"))
    drawn = plan(size, seed)
    with transaction.atomic():
        _clear()
        progress(_("%(count)s Gemeinden, Kreise, Amt") % {"count": len(drawn.names)})
        _areas(drawn)
        counts = {"places": len(drawn.villages), "streets": len(drawn.streets)}
        progress(_("%(places)s Orte, %(streets)s Straßen") % counts)
        _places(drawn)
        _streets(drawn)
        progress(_("%(count)s Adressen") % {"count": len(drawn.house_number)})
        _addresses(drawn)
        retire_demo(SOURCE)
    analyze(
        "regions_municipality", "regions_amt", "regions_district", "regions_country", "regions_place",
        "regions_street", "regions_address",
    )  # fmt: skip


def _clear() -> None:
    """Everything that an earlier demo wrote, and nothing else."""
    with connection.cursor() as cursor:
        for table in ("address", "street", "place", "municipality", "amt", "district", "country"):
            cursor.execute(f"DELETE FROM regions_{table} WHERE source = %s", [SOURCE])  # noqa: S608
        cursor.execute("DELETE FROM regions_amtmembership WHERE amt_key = %s", [AMT_KEY])


def _areas(drawn: Plan) -> None:
    cells = shapely.multipolygons([[one] for one in drawn.boundaries])
    columns = ("source", "source_id", "key", "name", "population", "geom")
    rows = zip(drawn.keys, drawn.names, drawn.population, ewkb(cells), strict=True)
    copy_rows(
        "regions_municipality", (*columns, "county_name"),
        ((SOURCE, key, key, name, people, geom, _district_name(key[:5])) for key, name, people, geom in rows),
    )  # fmt: skip
    copy_rows(
        "regions_amtmembership",
        ("ags", "amt_key", "amt_name"),
        ((key, AMT_KEY, AMT_NAME) for key in drawn.keys[:SIXTEEN]),
    )
    districts = sorted({key[:5] for key in drawn.keys})
    with connection.cursor() as cursor:
        for key in districts:
            _union(cursor, "district", key, _district_name(key), [one for one in drawn.keys if one.startswith(key)])
        _union(cursor, "amt", AMT_KEY, AMT_NAME, drawn.keys[:SIXTEEN])
        cursor.execute("SELECT 1 FROM regions_country WHERE key = %s AND retired_at IS NULL", [COUNTRY_KEY])
        if not cursor.fetchone():  # the real one was imported
            _union(cursor, "country", COUNTRY_KEY, COUNTRY_NAME, drawn.keys)
        cursor.execute(_LINK, {"source": SOURCE, "amt": AMT_KEY, "members": drawn.keys[:SIXTEEN]})


_LINK = """
UPDATE regions_district d SET country_id = c.id FROM regions_country c WHERE d.source = %(source)s AND c.source = %(source)s;
UPDATE regions_amt a SET district_id = d.id FROM regions_district d
 WHERE a.source = %(source)s AND d.source = %(source)s AND d.key = left(a.key, 5);
UPDATE regions_municipality m SET district_id = d.id, amt_id = a.id
  FROM regions_district d LEFT JOIN regions_amt a ON a.source = %(source)s AND a.key = %(amt)s
 WHERE m.source = %(source)s AND d.source = %(source)s AND d.key = left(m.key, 5) AND m.key = ANY(%(members)s);
UPDATE regions_municipality m SET district_id = d.id FROM regions_district d
 WHERE m.source = %(source)s AND d.source = %(source)s AND d.key = left(m.key, 5) AND m.district_id IS NULL;
"""


def _district_name(key: str) -> str:
    return f"Kreis Demo {int(key[2:]) - 899}"


def _union(cursor: Any, table: str, key: str, name: str, members: Sequence[str]) -> None:
    cursor.execute(
        f"INSERT INTO regions_{table} (source, source_id, key, name, population, geom) "  # noqa: S608
        "SELECT %s, %s, %s, %s, sum(population), ST_Multi(ST_CollectionExtract(ST_Union(geom, 0.01), 3)) "
        "FROM regions_municipality WHERE source = %s AND key = ANY(%s)",
        [SOURCE, key, key, name, SOURCE, list(members)],
    )


def _ids(table: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT source_id, id FROM regions_{table} WHERE source = %s", [SOURCE])  # noqa: S608
        return dict(cursor.fetchall())


def _places(drawn: Plan) -> None:
    ids = _ids("municipality")
    points = ewkb(shapely.points([one.centre for one in drawn.villages]))
    copy_rows(
        "regions_place",
        ("source", "source_id", "name", "kind", "population", "municipality_id", "geom"),
        (
            (SOURCE, str(number), one.name, _kind(one.main, one.homes), int(one.homes * 2.45),
             ids[drawn.keys[one.municipality]], point)
            for number, (one, point) in enumerate(zip(drawn.villages, points, strict=True))
        ),
    )  # fmt: skip


def _kind(main: bool, homes: int) -> str:
    if not main:
        return "hamlet"
    return "town" if homes > 1_200 else "village"


def _streets(drawn: Plan) -> None:
    ids = _ids("municipality")
    lines = [shapely.linestrings(one.line) for one in drawn.streets]
    shapes = ewkb(shapely.multilinestrings([[one] for one in lines]))
    middles = ewkb(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    copy_rows(
        "regions_street",
        ("source", "source_id", "name", "locality", "postcode", "municipality_id", "geom", "centre"),
        (
            (SOURCE, str(number), one.name, place.name, drawn.postcodes[place.municipality],
             ids[drawn.keys[place.municipality]], shape, middle)
            for number, (one, shape, middle) in enumerate(zip(drawn.streets, shapes, middles, strict=True))
            for place in [drawn.villages[one.village]]
        ),
    )  # fmt: skip


def _addresses(drawn: Plan) -> None:
    streets, areas = _ids("street"), _ids("municipality")
    facts = []
    for number, one in enumerate(drawn.streets):
        place = drawn.villages[one.village]
        key = drawn.keys[place.municipality]
        facts.append((one.name, drawn.postcodes[place.municipality], place.name, streets[str(number)], areas[key]))
    columns = (
        "source", "source_id", "house_number", "geom", "street_name", "postcode", "locality", "street_id",
        "municipality_id",
    )  # fmt: skip
    copy_rows("regions_address", columns, _address_rows(drawn, facts))


def _address_rows(drawn: Plan, facts: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    step = 50_000
    for start in range(0, len(drawn.house_number), step):
        end = start + step
        points = ewkb(shapely.points(np.round(drawn.house_xy[start:end], 2)))
        found = zip(drawn.house_number[start:end], points, drawn.house_street[start:end], strict=True)
        for number, (label, point, street) in enumerate(found, start):
            yield (SOURCE, str(number), label, point, *facts[street])
