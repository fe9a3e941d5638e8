"""The operator's map file: what is accepted, and that a mistake names its place."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from gisapp.map.config import foreign_map_hosts, map_config, parse

TITLE = {"de": "Luftbild", "en": "Aerial view"}


def _base(**changes: Any) -> dict[str, Any]:
    return {"id": "luftbild", "title": TITLE, "type": "xyz", "url": "https://tiles.example/{z}/{x}/{y}.png",
            "attribution": "© Land", **changes}  # fmt: skip


def test_nothing_configured_is_our_own_map_and_no_foreign_host() -> None:
    assert map_config().base_maps == ()
    assert foreign_map_hosts() == []


def test_hosts_of_base_maps_feed_the_policy(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text(
        json.dumps(
            {
                "base_maps": [
                    _base(),
                    _base(
                        id="stil", type="style", url="https://a.example/style.json", hosts=["https://b.example:8443/x"]
                    ),
                ]
            }
        )
    )
    with override_settings(MAP_CONFIG_FILE=str(path)):
        assert foreign_map_hosts() == ["https://a.example", "https://b.example:8443", "https://tiles.example"]


def test_wms_becomes_a_request_with_a_box() -> None:
    found = parse({"base_maps": [_base(type="wms", url="https://wms.example/?map=x", layers="web,b")]}).base_maps[0]
    assert found.source is not None
    address = found.source["tiles"][0]
    assert address.startswith("https://wms.example/?map=x&service=WMS&request=GetMap")
    assert "layers=web%2Cb" in address
    assert address.endswith("&bbox={bbox-epsg-3857}")


def test_wmts_templates_and_requests() -> None:
    template = "https://w.example/{Layer}/{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.png"
    one = parse({"base_maps": [_base(type="wmts", url=template, layers="web", matrix_set="G")]}).base_maps[0]
    assert one.source is not None
    assert one.source["tiles"] == ["https://w.example/web/default/G/{z}/{y}/{x}.png"]
    other = parse({"base_maps": [_base(type="wmts", url="https://w.example/wmts", layers="web")]}).base_maps[0]
    assert other.source is not None
    assert "tilematrix={z}&tilerow={y}&tilecol={x}" in other.source["tiles"][0]


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        ([], "the file"),
        ({"centr": [9, 54]}, "centr"),
        ({"centre": [9]}, "centre"),
        ({"centre": [9, 99]}, "centre"),
        ({"zoom": "far"}, "zoom"),
        ({"imprint": "javascript:alert(1)"}, "imprint"),
        ({"imprint": "//elsewhere.example"}, "imprint"),
        ({"links": [{"title": "", "url": "/x"}]}, "links[0].title"),
        ({"base_maps": [_base(type="tms")]}, "base_maps[0]"),
        ({"base_maps": [_base(id="own")]}, "base_maps[0].id"),
        ({"base_maps": [_base(url="https://x.example/; script-src *")]}, "base_maps[0].url"),
        ({"base_maps": [_base(attribution="")]}, "base_maps[0].attribution"),
        ({"base_maps": [_base(hosts=["data:"])]}, "base_maps[0].hosts"),
        ({"base_maps": [_base(), _base()]}, "twice"),
    ],
)
def test_a_mistake_names_its_place(raw: Any, place: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"GISAPP_MAP_CONFIG") as caught:
        parse(raw)
    assert place in str(caught.value)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    path.write_text("{")
    with override_settings(MAP_CONFIG_FILE=str(path)), pytest.raises(ImproperlyConfigured, match=r"map\.json"):
        map_config()
    with override_settings(MAP_CONFIG_FILE=str(tmp_path / "none.json")), pytest.raises(ImproperlyConfigured):
        map_config()
