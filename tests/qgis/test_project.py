"""The generated project in QGIS itself and in QGIS Server: what is public is there whole, what is not is not."""

import json
import os
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from gisapp import programs
from gisapp.cli import main
from gisapp.features.query import Selection, count
from gisapp.layer import visible_layers
from gisapp.qgis import public
from layers.notes.models import Note
from tests.qgis.test_readers import region as region

SCRIPT = Path(__file__).parent / "read_project.py"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(region: None, tmp_path: Path) -> Path:
    """A folder with the project and the service through which it finds the test's database, as the public's role."""
    if not public.role_exists():
        pytest.fail("the role gisapp_public is missing: docker/postgis/10-roles.sh makes it")
    given = connection.settings_dict
    service = ["[krit_gis]", f"dbname={given['NAME']}", f"user={public.ROLE}"]
    service += [f"{name}={given[key]}" for name, key in (("host", "HOST"), ("port", "PORT")) if given.get(key)]
    (tmp_path / "pg_service.conf").write_text("\n".join(service) + "\n")
    public.apply(anew=True)
    assert main(["qgis-project", str(tmp_path / "krit-gis.qgs")]) == 0
    tmp_path.chmod(0o700)
    return tmp_path


def _opened(place: Path, name: str = "krit-gis.qgs") -> dict[str, Any]:
    done = subprocess.run(
        ["/usr/bin/python3", str(SCRIPT), str(place / name), str(place)],
        env={**os.environ, "PGSERVICEFILE": str(place / "pg_service.conf")},
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.qgis
def test_01_qgis_opens_it_with_every_public_layer_whole(place: Path) -> None:
    found = _opened(place)
    assert found["system"] == "EPSG:25832"
    layers = visible_layers(AnonymousUser())
    assert set(found["layers"]) == {one.name for one in layers}
    for one in layers:
        told = found["layers"][one.name]
        assert told["valid"] and told["read_only"] and told["system"] == "EPSG:25832", one.name
        assert told["features"] == count(one, AnonymousUser(), Selection()) > 0, one.name
        assert (told["title"], told["abstract"]) == (str(one.title), str(one.description))
        assert told["fields"] == [column for column in public.columns(one) if column != "geom"]
        titles = {field.name: str(field.title) for field in one.public_fields}
        for name, alias in zip(told["fields"], told["aliases"], strict=True):
            assert name not in titles or alias.startswith(titles[name]), (one.name, name)
        assert told["wrong_expressions"] == [], one.name
    assert found["order"].index("notes") < found["order"].index("roads") < found["order"].index("landuse")
    assert len(found["groups"]) == len({str(one.group) for one in layers})


@pytest.mark.qgis
def test_02_it_looks_like_the_map(place: Path) -> None:
    found = _opened(place)["layers"]
    assert (found["waters"]["kind"], found["waters"]["colour"]) == ("SimpleFill", "#a9cfe5")
    assert (found["notes"]["kind"], found["notes"]["expressions"] >= 3) == ("SimpleMarker", True)
    assert found["roads"]["parts"] == 2, "a casing and a line on it"
    assert found["places"]["labels"] and found["municipalities"]["labels"]


@pytest.mark.qgis
def test_03_packed(place: Path) -> None:
    assert main(["qgis-project", str(place / "packed.qgz"), "--service", "krit_gis"]) == 0
    assert zipfile.ZipFile(place / "packed.qgz").namelist() == ["packed.qgs"]
    assert all(one["valid"] for one in _opened(place, "packed.qgz")["layers"].values())


def test_04_no_secret_and_nothing_private_is_in_the_file(place: Path) -> None:
    text = (place / "krit-gis.qgs").read_text()
    assert "password" not in text.lower() and str(connection.settings_dict["HOST"] or "no host") not in text
    private = {field.name for one in visible_layers() for field in one.fields if not field.public}
    assert "source_id" in private
    assert not any(f'"{name}"' in text for name in private)


def _served(place: Path, **asked: str) -> tuple[int, bytes]:
    """Ask QGIS Server as a web server does (CGI); status and body."""
    done = subprocess.run(
        [str(programs.find("qgis_mapserv.fcgi"))],
        env={
            "PATH": os.environ["PATH"], "HOME": str(place), "QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8",
            "QGIS_PROJECT_FILE": str(place / "krit-gis.qgs"), "PGSERVICEFILE": str(place / "pg_service.conf"),
            "REQUEST_METHOD": "GET", "QUERY_STRING": urlencode(asked), "SERVER_NAME": "localhost",
        },
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    head, _blank, body = done.stdout.replace(b"\r\n", b"\n").partition(b"\n\n")
    status = re.search(rb"^Status:\s*(\d+)", head, re.M)
    return int(status[1]) if status else 200, body


@pytest.mark.qgis("qgis_mapserv.fcgi")
def test_05_qgis_server_tells_of_every_public_layer(place: Path) -> None:
    status, body = _served(place, SERVICE="WFS", REQUEST="GetCapabilities", VERSION="1.1.0")
    assert status == 200
    names = set(re.findall(r"<(?:wfs:)?Name>([^<]+)</", body.decode()))
    assert names == {one.name for one in visible_layers()}
    assert b"Transaction" not in re.sub(
        rb'<ows:Operation name="Transaction">.*?</ows:Operation>', b"", body, flags=re.S
    )
    status, body = _served(place, SERVICE="WMS", REQUEST="GetCapabilities", VERSION="1.3.0")
    assert status == 200
    told = set(re.findall(r"<Name>([^<]+)</Name>", body.decode()))
    assert {one.name for one in visible_layers()} <= told


@pytest.mark.qgis("qgis_mapserv.fcgi")
def test_06_qgis_server_gives_what_is_public_and_nothing_else(place: Path) -> None:
    status, body = _served(
        place, SERVICE="WFS", VERSION="1.1.0", REQUEST="GetFeature", TYPENAME="notes", OUTPUTFORMAT="GeoJSON"
    )
    assert status == 200
    features = json.loads(body)["features"]
    assert {one["properties"]["title"] for one in features} == set(
        Note.objects.filter(audience="public").values_list("title", flat=True)
    )
    assert {one["properties"]["audience"] for one in features} == {"public"}
    assert all("source_id" not in one["properties"] for one in features)
    lon, lat = features[0]["geometry"]["coordinates"]
    assert 9 < lon < 10.5 and 54 < lat < 55
    internal = Note.objects.filter(audience="internal").first()
    assert internal is not None
    fid = f"notes.{internal.pk}"
    status, body = _served(
        place, SERVICE="WFS", VERSION="1.1.0", REQUEST="GetFeature", FEATUREID=fid, OUTPUTFORMAT="GeoJSON"
    )
    assert internal.title.encode() not in body
    for wanted in ("notes_note", "accounts_user", "gisapp_public.notes"):
        status, body = _served(place, SERVICE="WFS", VERSION="1.1.0", REQUEST="GetFeature", TYPENAME=wanted)
        assert status == 400 or b"Exception" in body, wanted


@pytest.mark.qgis("qgis_mapserv.fcgi")
def test_07_qgis_server_draws_a_map_and_writes_nothing(place: Path) -> None:
    layer = next(one for one in visible_layers() if one.name == "municipalities")
    from gisapp.qgis.project import extent_of

    box = extent_of(layer)
    assert box is not None
    status, body = _served(
        place, SERVICE="WMS", VERSION="1.3.0", REQUEST="GetMap", LAYERS="landuse,roads,municipalities", STYLES="",
        CRS="EPSG:25832", BBOX=",".join(f"{one:.0f}" for one in box), WIDTH="400", HEIGHT="300", FORMAT="image/png",
    )  # fmt: skip
    assert status == 200 and body.startswith(b"\x89PNG") and len(body) > 3_000
    status, body = _served(
        place, SERVICE="WMS", VERSION="1.3.0", REQUEST="GetMap", LAYERS="landuse", STYLES="", CRS="EPSG:25832",
        BBOX=",".join(f"{one:.0f}" for one in box), WIDTH="9000", HEIGHT="9000", FORMAT="image/png",
    )  # fmt: skip
    assert b"PNG" not in body[:8], "no picture larger than allowed"
