"""The demo's two sites, made by what the command `gisapp tenant create` calls: an Amt, and a second one beside it that
has other colours, English first and fewer services."""

import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

from gisapp.accounts.models import Organisation
from gisapp.database import fetch_rows
from gisapp.layer import all_apps
from gisapp.tenants.models import Tenant
from gisapp.tenants.putting import Wish, create

FIRST, SECOND = "amt-huettener-berge", "amt-nachbarland"
SECOND_HOST = "nachbaramt.localhost"
"""Browsers find every name that ends in .localhost on this very machine."""
MUNICIPALITIES = 5

_BESIDE = """
WITH amt AS (SELECT a.geom FROM accounts_area a JOIN accounts_organisation_areas r ON r.area_id = a.id
               JOIN accounts_organisation o ON o.id = r.organisation_id WHERE o.key = %s LIMIT 1),
     one AS (SELECT a.key, a.geom, NOT coalesce(ST_Covers(amt.geom, ST_PointOnSurface(a.geom)), false) AS outside,
                    ST_Distance(a.geom, amt.geom) AS away
               FROM accounts_area a LEFT JOIN amt ON true WHERE a.kind = 'municipality'),
     usable AS (SELECT * FROM one WHERE outside = (SELECT bool_or(outside) FROM one)),
     first AS (SELECT geom FROM usable ORDER BY outside DESC, CASE WHEN outside THEN away END,
                      ST_X(ST_Centroid(geom)) DESC, key LIMIT 1)
SELECT ST_AsGeoJSON(u.geom, 3)::json FROM usable u, first
 ORDER BY ST_Distance(ST_Centroid(u.geom), ST_Centroid(first.geom)), u.key LIMIT %s
"""


def build(size: str, seed: int, progress: Callable[[str], None]) -> None:
    """Bring both sites to what the demo shows. Another default site that is there already stays the default."""
    progress(f"{FIRST}, {SECOND}")
    taken = Tenant.objects.filter(is_default=True, retired_at__isnull=True).exclude(key=FIRST).exists()
    if Organisation.objects.filter(key=FIRST, areas__isnull=False).exists():
        create(FIRST, Wish(
            hosts=["127.0.0.1", "localhost"], languages=["de", "en"], primary="#0f5f5a", accent="#a3470b",
            logo=crest("#0f5f5a", "#e8a33d"), services=(), default=not taken,
        ))  # fmt: skip
    shapes = [shape for (shape,) in fetch_rows(_BESIDE, [FIRST, MUNICIPALITIES])]
    if not shapes:
        return
    features = [{"type": "Feature", "properties": {}, "geometry": one} for one in shapes]
    with tempfile.TemporaryDirectory(prefix="gisapp-demo-") as name:
        boundary = Path(name) / "amt-nachbarland.geojson"
        boundary.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        create(SECOND, Wish(
            name="Amt Nachbarland (Demo)", title_de="Amt Nachbarland (Demo)", title_en="Amt Nachbarland (demo)",
            boundary=boundary, crs="EPSG:25832", hosts=[SECOND_HOST], languages=["en", "de"], primary="#5b2a86",
            accent="#b3123f", logo=crest("#5b2a86", "#f06292"), services=_fewer(), default=False,
        ))  # fmt: skip


def _fewer() -> list[str]:
    """The ground's layers without those that are switched on by themselves, and no service that knows organisations."""
    common = [one for app in all_apps() for one in app.layers if not one.base_map and not one.owner]
    return [one.name for one in common if not one.switched_on]


def crest(ground: str, sign: str) -> bytes:
    """A coat of arms as a PNG: hills under a sun."""
    picture = Image.new("RGBA", (400, 400))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((20, 20, 380, 380), radius=60, fill=ground)
    draw.ellipse((215, 75, 325, 185), fill=sign)
    draw.polygon([(20, 320), (140, 170), (240, 300), (300, 230), (380, 320)], fill="#ffffff")
    draw.rectangle((20, 300, 380, 330), fill="#ffffff")
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
