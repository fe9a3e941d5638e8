"""Strangers read us: GDAL's OAPIF driver and QGIS itself, over HTTP, every public layer whole."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pyproj
import pytest

from gisapp.features.query import Selection, count
from gisapp.layer import visible_layers
from tests import factories

SCRIPT = Path(__file__).parent / "read_layers.py"
pytestmark = pytest.mark.django_db(transaction=True)


def _quiet(text: str) -> None:
    """Nobody watches the progress here."""


@pytest.fixture
def region() -> None:
    """Something in every layer; more addresses than any reader asks for at once."""
    from gisapp.accounts.demo import build as build_people
    from layers.basemap.demo import build as build_map
    from layers.notes.demo import build as build_notes
    from layers.regions.demo import build as build_regions
    from layers.venues.demo import build as build_venues

    for build in (build_regions, build_map, build_people, build_notes, build_venues):
        build("s", 1, _quiet)


@pytest.mark.qgis("ogrinfo")
@pytest.mark.usefixtures("region")
def test_01_ogrinfo_reads_every_public_layer_completely(live_server: Any) -> None:
    """`ogrinfo -al` counts every feature it was sent; counts and bounds are ours."""
    from django.contrib.auth.models import AnonymousUser
    from django.contrib.gis.db.models import Extent

    from gisapp.extent import bounds

    to_utm = pyproj.Transformer.from_crs("OGC:CRS84", "EPSG:25832", always_xy=True)
    for one in visible_layers():
        done = subprocess.run(
            ["ogrinfo", "-al", "-geom=NO", f"OAPIF:{live_server.url}/ogc/", one.name, "-oo", "PAGE_SIZE=500"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        expected = count(one, AnonymousUser(), Selection())
        assert expected > 0, one.name
        assert f"Feature Count: {expected}\n" in done.stdout, one.name
        assert len(re.findall(r"^OGRFeature", done.stdout, re.M)) == expected, one.name
        assert "ERROR" not in done.stderr and "Warning" not in done.stderr, done.stderr
        extent = re.search(r"Extent: \(([-\d.]+), ([-\d.]+)\) - \(([-\d.]+), ([-\d.]+)\)", done.stdout)
        assert extent, one.name
        ours = bounds(one, AnonymousUser())
        if 'ID["EPSG",25832]]' in done.stdout:  # GDAL 3.10 asks for the system that is stored, 3.6 does not
            ours = to_utm.transform_bounds(*ours)
            west, south, east, north = one.features(AnonymousUser()).aggregate(box=Extent(one.geometry_column))["box"]
            assert ours[0] <= west <= east <= ours[2] and ours[1] <= south <= north <= ours[3], one.name
        else:
            assert 'GEOGCRS["WGS 84"' in done.stdout, one.name
        assert [float(value) for value in extent.groups()] == pytest.approx(ours, abs=2e-6), one.name


@pytest.mark.qgis
@pytest.mark.usefixtures("region")
def test_02_qgis_reads_features_and_tiles(live_server: Any, tmp_path: Path) -> None:
    """QGIS loads each layer through its OAPIF provider, counts and measures it, and opens the vector tiles."""
    names = [one.name for one in visible_layers()]
    done = subprocess.run(
        ["/usr/bin/python3", str(SCRIPT), live_server.url, ",".join(names), str(tmp_path)],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    from django.contrib.auth.models import AnonymousUser

    for one in visible_layers():
        assert found["features"][one.name] == count(one, AnonymousUser(), Selection()), one.name
    assert found["tiles_valid"] is True


@pytest.mark.qgis("ogrinfo")
def test_03_gdals_ogcapi_driver_finds_the_tiles(live_server: Any) -> None:
    """From the collection to the tileset and its tile matrix set, which it understands.

    Debian 12's GDAL 3.6 opens no vector tiles from there all the same; what it reads, it reads without complaint.
    """
    factories.place("Haby")
    done = subprocess.run(
        ["ogrinfo", f"OGCAPI:{live_server.url}/ogc/collections/places", "-oo", "API=TILES", "--debug", "on"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    fetched = re.findall(rf"Fetch\({live_server.url}(/ogc/[^)]*)\)", done.stderr)
    tiles = "/ogc/collections/places/tiles"
    expected = ["/ogc/collections/places", tiles, f"{tiles}/WebMercatorQuad", "/ogc/tileMatrixSets/WebMercatorQuad"]
    assert fetched[:4] == expected
    assert "ERROR" not in done.stderr, done.stderr
