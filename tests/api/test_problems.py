"""Every refusal has one form and says what it is, whatever was asked and whatever broke."""

import json
from collections.abc import Iterator
from typing import Any
from unittest import mock

import psycopg
import pytest
from django.core.cache import caches
from django.db import OperationalError
from django.test import Client

from gisapp import problems
from tests import factories

# Every request asks which site it came to.
pytestmark = pytest.mark.django_db
PLACES = "/api/layers/places/features/"
ITEMS = "/ogc/collections/places/items"
POINT = {"type": "Point", "coordinates": [9.75, 54.4]}


def told(response: Any) -> tuple[int, str]:
    assert response["Content-Type"] == problems.CONTENT_TYPE, response.content[:200]
    assert response["Cache-Control"] == "no-store"
    found = response.json()
    assert found["type"] == f"urn:gisapp:error:{found['code']}"
    assert found["status"] == response.status_code
    return response.status_code, found["code"]


@pytest.fixture
def calm(client: Client) -> Iterator[Client]:
    """A client that shows a 500 as a stranger sees it."""
    client.raise_request_exception = False
    yield client


@pytest.mark.parametrize(
    "path", ["/nix", "/ogc/nix", "/api/nix", "/tiles/x", "/ogc/collections/places/items/1/2", "/%00"]
)
def test_01_unknown_addresses(calm: Client, path: str) -> None:
    assert told(calm.get(path)) == (404, "unknown-address")


@pytest.mark.parametrize(
    "path", ["/ogc/", "/ogc/collections", "/tiles/places.json", "/tiles/places/0/0/0.mvt", "/api/download/places"]
)
@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_02_other_methods_of_what_only_reads(path: str, method: str) -> None:
    response = getattr(Client(enforce_csrf_checks=True), method)(path)
    assert told(response) == (405, "method-not-allowed")
    assert "GET" in response["Allow"]


@pytest.mark.parametrize("path", ["/api/layers/", "/api/search?q=haby", "/api/layers/places/", "/ogc/", ITEMS])
def test_03_head_is_answered_where_get_is(client: Client, path: str) -> None:
    assert client.head(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/ogc/", {"Host": "evil.example"}, (400, "malformed")),
        ("/ogc/?" + "&".join(f"a{number}=1" for number in range(1_500)), {}, (400, "malformed")),
        ("/api/schema/?format=quatsch", {}, (404, "unknown-address")),
        ("/api/schema/", {"Accept": "application/xml"}, (406, "not-acceptable")),
    ],
)
def test_04_what_django_and_drf_refuse(
    calm: Client, path: str, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert told(calm.get(path, headers=headers)) == expected


@pytest.mark.parametrize(
    ("body", "kind", "expected"),
    [
        ("1", "application/json", (400, "no-feature")),
        ('{"type": "Feature", "properties": "x"}', "application/json", (400, "no-feature")),
        ('{"type": "Feature", "properties": null}', "application/json", (400, "no-feature")),
        ("[" * 100_000, "application/json", (400, "malformed")),
        (b'{"name": "\xff"}', "application/json", (400, "bad-input")),
        ("{}", "text/plain", (415, "unsupported-media-type")),
    ],
)
def test_05_bodies_that_are_none(calm: Client, body: Any, kind: str, expected: tuple[int, str]) -> None:
    calm.force_login(factories.staff())
    assert told(calm.post(PLACES, body, content_type=kind)) == expected


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ("SRID=25832;POINT(545000 6030000)", "geometry-wrong"),
        ({"type": "GeometryCollection", "geometries": []}, "geometry-wrong"),
        ({"type": "Point", "coordinates": [99, 0]}, "geometry-too-far"),
        ({"type": "Point", "coordinates": [54.4, 9.75e300]}, "geometry-too-far"),
    ],
)
def test_06_geometries_that_cannot_be_stored(calm: Client, shape: Any, code: str) -> None:
    calm.force_login(factories.staff())
    body = {"type": "Feature", "geometry": shape, "properties": {"name": "x", "kind": "village"}}
    assert told(calm.post(PLACES, body, content_type="application/json")) == (400, code)


def test_07_geojson_is_understood_as_such_and_heights_are_dropped(client: Client) -> None:
    client.force_login(factories.staff())
    shape = {"type": "Point", "coordinates": [9.75, 54.4, 12]}
    body = json.dumps({"type": "Feature", "geometry": shape, "properties": {"name": "x", "kind": "village"}})
    made = client.post(PLACES, body, content_type="application/geo+json")
    assert (made.status_code, made.json()["geometry"]["coordinates"]) == (201, pytest.approx([9.75, 54.4]))


def test_08_what_others_stand_on_is_not_deleted(calm: Client) -> None:
    calm.force_login(factories.staff())
    district = factories.district()
    factories.municipality(district=district)
    response = calm.delete(f"/api/layers/districts/features/{district.pk}/")
    assert told(response) == (409, "still-used")
    assert "regions_municipality" in response.json()["title"]


@pytest.mark.parametrize(
    "path", [ITEMS, "/tiles/places/0/0/0.mvt", "/api/search?q=haby", PLACES, "/api/download/places?format=csv"]
)
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (psycopg.errors.QueryCanceled("timeout"), (503, "too-slow")),
        (psycopg.errors.AdminShutdown("bye"), (503, "unavailable")),
        (psycopg.OperationalError("the connection is lost"), (503, "unavailable")),
    ],
)
def test_09_faults_of_the_database_beneath_every_door(
    calm: Client, path: str, fault: Exception, expected: tuple[int, str]
) -> None:
    """The hot paths speak psycopg, which Django's own exceptions do not wrap."""
    with (
        mock.patch("psycopg.Cursor.execute", side_effect=fault),
        mock.patch("psycopg.ServerCursor.execute", side_effect=fault),
    ):
        response = calm.get(path)
    assert told(response) == expected
    assert ("Retry-After" in response) == (expected[1] == "unavailable")


def test_10_the_error_page_needs_no_database(calm: Client, rf: Any) -> None:
    request = rf.get("/", headers={"Accept": "text/html"})
    with mock.patch("gisapp.problems.render_to_string", side_effect=OperationalError):
        response = problems.unknown_address(request, Exception())
    assert (response.status_code, response["Content-Type"]) == (404, problems.CONTENT_TYPE)


@pytest.mark.parametrize(
    ("accept", "query", "page"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "", True),
        ("text/html", "f=json", False),
        ("application/json, text/html;q=0.1", "", False),
        ("*/*", "", False),
        ("", "", False),
    ],
)
def test_11_pages_are_for_browsers(rf: Any, accept: str, query: str, page: bool) -> None:
    assert problems.wants_page(rf.get(f"/?{query}", headers={"Accept": accept})) is page


def test_12_errors_speak_the_askers_language(calm: Client) -> None:
    english = calm.get("/nix", headers={"Accept-Language": "en"})
    assert (english.json()["title"], english["Content-Language"]) == ("There is nothing at this address.", "en")
    assert "Accept-Language" in english["Vary"]
    assert calm.get("/nix").json()["title"] == "Diese Adresse gibt es nicht."


@pytest.mark.parametrize(
    "path", ["/nix", "/ogc/", f"{ITEMS}?limit=0", "/tiles/places/0/0/0.mvt", "/api/layers/", "/admin/login/"]
)
def test_13_every_answer_is_guarded(client: Client, path: str) -> None:
    response = client.get(path)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    for cookie in response.cookies.values():
        assert cookie["httponly"] and cookie["samesite"] == "Lax"


def test_14_the_administration_is_for_operators(client: Client) -> None:
    for user in (None, factories.citizen(), factories.staff()):
        if user:
            client.force_login(user)
        assert client.get("/admin/")["Location"].startswith("/admin/login/")
    client.force_login(factories.operator())
    assert client.get("/admin/").status_code == 200


def _forget_counts() -> None:
    for one in caches.all():
        one.clear()


def test_15_asking_too_often_is_said_with_the_wait(client: Client, settings: Any) -> None:
    from gisapp.api.throttles import DownloadThrottle, SearchThrottle

    _forget_counts()
    few = {"search": "2/min", "download": "2/min"}
    with (
        mock.patch.object(SearchThrottle, "THROTTLE_RATES", few),
        mock.patch.object(DownloadThrottle, "THROTTLE_RATES", few),
    ):
        for path in ("/api/search?q=haby", "/api/download/places?format=csv"):
            # An address that the asker made up counts for nothing.
            answers = [client.get(path, headers={"X-Forwarded-For": f"10.0.0.{number}"}) for number in range(3)]
            for one in answers:
                b"".join(one)
            assert [one.status_code for one in answers] == [200, 200, 429], path
            assert told(answers[2]) == (429, "too-many-requests")
            assert 0 < int(answers[2]["Retry-After"]) <= 60
    _forget_counts()
