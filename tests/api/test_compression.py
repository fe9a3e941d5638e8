"""What is compressed, for whom, and what is not."""

import gzip
import json
from collections.abc import Iterator
from unittest import mock

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory

from gisapp.compression import Compress
from tests import factories

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
WORDS = "Gemeinde " * 200
ADDRESSES = [
    "/", "/map/contents/", "/tiles/style.json", "/tiles/places,roads,pois.json", "/ogc/?f=json", "/ogc/?f=html", "/ogc/api",
    "/ogc/collections?f=json", "/ogc/collections/places/items", "/api/layers/", "/api/schema/", "/api/layers/places/features/",
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_01_words_are_compressed_for_who_takes_it(client: Client, address: str) -> None:
    for number in range(5):
        factories.place(f"Ort {number}")
    plain, packed = client.get(address), client.get(address, headers=GZIP)
    assert (plain.status_code, packed.status_code) == (200, 200)
    assert "Content-Encoding" not in plain and packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in plain["Vary"] and "Accept-Encoding" in packed["Vary"]
    assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content)
    same = gzip.decompress(packed.content)
    if "json" in packed["Content-Type"]:
        times = {"timeStamp": ""}
        assert {**_members(same), **times} == {**_members(plain.content), **times}
    else:
        assert len(same) == pytest.approx(len(plain.content), abs=50)


def _members(body: bytes) -> dict[str, object]:
    found = json.loads(body)
    return found if isinstance(found, dict) else {"": found}


@pytest.mark.django_db
def test_02_a_page_with_a_token_goes_out_as_it_is(client: Client) -> None:
    """The log-in, the map of somebody logged in (its menu has a form), the administration."""
    assert "Content-Encoding" not in client.get("/konto/anmelden/", headers=GZIP)
    client.force_login(factories.operator())
    for address in ("/", "/admin/", "/konto/"):
        page = client.get(address, headers=GZIP)
        assert page.status_code == 200
        assert b"csrfmiddlewaretoken" in page.content, address
        assert "Content-Encoding" not in page, address
    # What has none is compressed for them as well.
    assert client.get("/map/contents/", headers=GZIP)["Content-Encoding"] == "gzip"


@pytest.mark.django_db
def test_03_tiles_and_downloads_are_left_alone(client: Client) -> None:
    for number in range(200):
        factories.place(f"Ort {number}", x=2000 + number)
    with mock.patch("gisapp.compression.gzip") as ours:
        tile = client.get("/tiles/places/8/134/81.mvt", headers=GZIP)
        assert tile.status_code == 200 and gzip.decompress(tile.content)
        for form in ("geojson", "csv", "gpkg"):
            answer = client.get(f"/api/download/places?format={form}", headers=GZIP)
            assert answer.streaming and "Content-Encoding" not in answer
            assert len(b"".join(answer.streaming_content)) > 5000
    assert not ours.compress.called


def answered(response: HttpResponse | StreamingHttpResponse, accepts: str = "gzip") -> HttpResponse:
    request = RequestFactory().get("/", headers={"Accept-Encoding": accepts})
    return Compress(lambda _request: response)(request)  # type: ignore[arg-type, return-value]


def test_04_a_stream_is_not_gathered() -> None:
    asked: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(3):
            asked.append(number)
            yield WORDS.encode()

    response = answered(StreamingHttpResponse(pieces(), content_type="text/csv"))
    assert asked == []
    next(iter(response))
    assert asked == [0]


@pytest.mark.parametrize("accepts", ["gzip", "identity"])
def test_05_a_tag_is_weak_because_two_bodies_share_it(accepts: str) -> None:
    assert answered(HttpResponse(WORDS, headers={"ETag": '"a"'}), accepts)["ETag"] == 'W/"a"'
    assert answered(HttpResponse(WORDS, headers={"ETag": 'W/"a"'}), accepts)["ETag"] == 'W/"a"'


@pytest.mark.parametrize(
    ("content", "headers", "accepts"),
    [
        ("kurz", {}, "gzip"),
        (WORDS, {"Content-Type": "image/png"}, "gzip"),
        (WORDS, {"Content-Type": "application/vnd.mapbox-vector-tile"}, "gzip"),
        (WORDS, {"Content-Encoding": "br"}, "gzip"),
        (WORDS, {}, "gzip;q=0"),
        (WORDS, {}, "br"),
    ],
)
def test_06_what_is_left_as_it_is(content: str, headers: dict[str, str], accepts: str) -> None:
    response = answered(HttpResponse(content, headers=headers), accepts)
    assert response.content == content.encode()
    assert response.headers.get("Content-Encoding") == headers.get("Content-Encoding")


def test_07_the_mark_of_a_token_is_the_one_that_django_leaves() -> None:
    request = RequestFactory().get("/", headers={"Accept-Encoding": "gzip"})

    def view(asked: object) -> HttpResponse:
        return HttpResponse(WORDS + get_token(request))

    assert "Content-Encoding" not in Compress(view)(request)
