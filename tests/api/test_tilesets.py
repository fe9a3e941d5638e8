"""OGC API Tiles: the members that the standards' JSON schemas require, and links that lead to tiles."""

from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.api.test_tiles import decode

pytestmark = pytest.mark.django_db
RELATION = "http://www.opengis.net/def/rel/ogc/1.0/"
# Required members and their types, written down from OGC 20-057 (tileSet.json, tileSet-item.json) and OGC 17-083r4
# (tileMatrixSet.json, tileMatrix.json, tileMatrixLimits.json, link.json).
SCHEMAS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "link": {"href": str, "rel": str},
    "tileSet-item": {"dataType": str, "crs": str, "links": list},
    "tileSet": {"dataType": str, "crs": str, "tileMatrixSetURI": str, "links": list},
    "tileMatrixLimits": {"tileMatrix": str, "minTileRow": int, "maxTileRow": int, "minTileCol": int, "maxTileCol": int},
    "tileMatrixSet": {"crs": str, "tileMatrices": list},
    "tileMatrix": {
        "id": str, "scaleDenominator": (int, float), "cellSize": (int, float), "pointOfOrigin": list, "tileWidth": int,
        "tileHeight": int, "matrixHeight": int, "matrixWidth": int,
    },
    "tileMatrixSet-item": {"links": list},
    "layer": {"id": str, "dataType": str},
    "boundingBox": {"lowerLeft": list, "upperRight": list},
}  # fmt: skip


def valid(name: str, found: dict[str, Any]) -> dict[str, Any]:
    for member, kind in SCHEMAS[name].items():
        assert isinstance(found[member], kind), (name, member)
    for one in found.get("links", []):
        if one is not found:
            valid("link", one)
    return found


def linked(found: dict[str, Any], relation: str) -> dict[str, Any]:
    return next(one for one in found["links"] if one["rel"] == relation)


def test_01_from_the_landing_page_to_a_tile(client: Client) -> None:
    place = factories.place("Haby")
    landing = client.get("/ogc/?f=json").json()
    listed = client.get(linked(landing, f"{RELATION}tilesets-vector")["href"]).json()
    item = valid("tileSet-item", listed["tilesets"][0])
    assert item["dataType"] == "vector"
    tileset = valid("tileSet", client.get(linked(item, "self")["href"]).json())
    template = linked(tileset, "item")
    assert (template["templated"], template["type"]) == (True, "application/vnd.mapbox-vector-tile")
    shown = place.geom.clone()
    shown.transform(4326)
    from gisapp.features.tilesets import cell

    column, row = cell(shown.x, shown.y, 14)
    address = (
        template["href"].replace("{tileMatrix}", "14").replace("{tileCol}", str(column)).replace("{tileRow}", str(row))
    )
    response = client.get(address)
    assert response.status_code == 200
    assert "places" in decode(response)


def test_02_a_collections_tileset(client: Client) -> None:
    place = factories.place("Haby")
    collection = client.get("/ogc/collections/places?f=json").json()
    listed = client.get(linked(collection, f"{RELATION}tilesets-vector")["href"]).json()
    assert len(listed["tilesets"]) == 1
    item = valid("tileSet-item", listed["tilesets"][0])
    found = valid("tileSet", client.get(linked(item, "self")["href"]).json())
    assert found["title"] == "Orte"
    assert linked(found, "item")["href"].endswith("/tiles/places/{tileMatrix}/{tileCol}/{tileRow}.mvt")
    box = valid("boundingBox", found["boundingBox"])
    place.geom.transform(4326)
    for number, coordinate in enumerate((place.geom.x, place.geom.y)):
        assert box["lowerLeft"][number] <= coordinate <= box["upperRight"][number]
    (told,) = found["layers"]
    valid("layer", told)
    assert (told["id"], told["geometryDimension"]) == ("places", 0)
    assert "name" in told["propertiesSchema"]["properties"]
    for one in found["tileMatrixSetLimits"]:
        valid("tileMatrixLimits", one)
        count = 1 << int(one["tileMatrix"])
        assert 0 <= one["minTileRow"] <= one["maxTileRow"] < count
        assert 0 <= one["minTileCol"] <= one["maxTileCol"] < count
        address = linked(found, "item")["href"].format(
            tileMatrix=one["tileMatrix"], tileCol=one["minTileCol"], tileRow=one["minTileRow"]
        )
        assert client.get(address).status_code in (200, 204)


def test_03_the_tile_matrix_set(client: Client) -> None:
    landing = client.get("/ogc/?f=json").json()
    listed = client.get(linked(landing, f"{RELATION}tiling-schemes")["href"]).json()["tileMatrixSets"]
    assert [one["id"] for one in listed] == ["WebMercatorQuad"]
    found = client.get(linked(valid("tileMatrixSet-item", listed[0]), "self")["href"]).json()
    valid("tileMatrixSet", found)
    assert found["crs"] == "http://www.opengis.net/def/crs/EPSG/0/3857"
    for number, one in enumerate(found["tileMatrices"]):
        valid("tileMatrix", one)
        assert (one["id"], one["matrixWidth"], one["matrixHeight"]) == (str(number), 1 << number, 1 << number)
    # The numbers of the standard's own table (17-083r4, annex D.1).
    first = found["tileMatrices"][0]
    assert first["scaleDenominator"] == pytest.approx(559_082_264.028717, rel=1e-9)
    assert first["cellSize"] == pytest.approx(156_543.033928041, rel=1e-12)
    assert found["tileMatrices"][18]["scaleDenominator"] == pytest.approx(2_132.72958384978, rel=1e-9)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/ogc/tileMatrixSets/WorldCRS84Quad", 404, "not-found"),
        ("/ogc/tiles/quatsch", 404, "not-found"),
        ("/ogc/collections/places/tiles/quatsch", 404, "not-found"),
        ("/ogc/collections/nichts/tiles", 404, "unknown-layer"),
        ("/ogc/collections/nichts/tiles/WebMercatorQuad", 404, "unknown-layer"),
        ("/ogc/tiles?f=xml", 400, "unknown-format"),
        ("/ogc/tiles?quatsch=1", 400, "unknown-parameter"),
    ],
)
def test_04_what_is_not_there(client: Client, path: str, status: int, code: str) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_05_conformance(client: Client) -> None:
    classes = client.get("/ogc/conformance?f=json").json()["conformsTo"]
    for name in ("core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "mvt"):
        assert f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}" in classes
