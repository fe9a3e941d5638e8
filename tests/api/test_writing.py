"""Writing through REST and OGC API Features Part 4: versions, doing it once, rights, systems of coordinates."""

import json
import uuid
from typing import Any
from unittest import mock

import pytest
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone

from gisapp.accounts import tokens
from gisapp.api.serializers import serializer_for
from gisapp.api.throttles import WriteThrottle
from gisapp.features import idempotency
from gisapp.features.models import Answer
from gisapp.layer import all_layers
from layers.notes.models import Note
from layers.regions.models import Place
from tests import factories

pytestmark = pytest.mark.django_db
REST, OGC = "/api/layers/places/features/", "/ogc/collections/places/items"
GEOJSON = "application/geo+json"
CRS = "http://www.opengis.net/def/crs/"


def feature(name: str = "Neudorf", coordinates: tuple[float, ...] = (9.75, 54.4), **more: Any) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": list(coordinates)}
    return {"type": "Feature", "geometry": point, "properties": {"name": name, "kind": "village", **more}}


def address(door: str, key: Any) -> str:
    return f"{REST}{key}/" if door == REST else f"{OGC}/{key}"


def properties(**values: Any) -> str:
    return json.dumps({"type": "Feature", "properties": values})


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(factories.staff())
    return client


@pytest.fixture(params=[REST, OGC], ids=["rest", "ogc"])
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# ---------------------------------------------------------------------------------------------------------- versions


def test_01_a_version_for_each_state(staff: Client, door: str) -> None:
    """Two changes within the same second have two versions; the same state has the same."""
    place = factories.place(population=1)
    url = address(door, place.pk)
    tags = [staff.get(url)["ETag"]]
    for change in ({"population": 2}, {"population": 3}):
        response = staff.patch(url, properties(**change), GEOJSON)
        assert response.status_code == 200, response.content
        tags.append(response["ETag"])
        assert staff.get(url)["ETag"] == tags[-1]
    moved = json.dumps({"geometry": {"type": "Point", "coordinates": [9.75, 54.4]}, "properties": {}})
    tags.append(staff.patch(url, moved, GEOJSON)["ETag"])
    # A tenth of a millimetre is a change as well, though no answer shows it.
    place.refresh_from_db()
    place.geom.x += 0.0001
    place.save()
    tags.append(staff.get(url)["ETag"])
    assert len(set(tags)) == 5
    assert all(one.startswith('"') and one.endswith('"') for one in tags)


def test_02_what_is_known_is_not_sent_again(client: Client, door: str) -> None:
    place = factories.place()
    url = address(door, place.pk)
    tag = client.get(url)["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(url, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    # What is shown in other words or from elsewhere is another answer.
    place.municipality = factories.municipality("Sehestedt")
    place.save()
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 200
    tag = client.get(url)["ETag"]
    place.municipality.name = "Umbenannt"
    place.municipality.save()
    assert client.get(url, headers={"If-None-Match": tag}).status_code == 200
    if door == OGC:
        stored = client.get(url, {"crs": f"{CRS}EPSG/0/25832"})
        assert stored["ETag"] != client.get(url)["ETag"]


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_03_a_stale_change_is_refused_and_says_what_differs(staff: Client, door: str, method: str) -> None:
    place = factories.place("Haby", population=1)
    url = address(door, place.pk)
    tag = staff.get(url)["ETag"]
    moved = {"geometry": {"type": "Point", "coordinates": [9.8, 54.4]}, "properties": {"population": 7}}
    changed = staff.patch(url, json.dumps(moved), GEOJSON)
    refused = getattr(staff, method)(url, json.dumps(feature("Meins")), GEOJSON, headers={"If-Match": tag})
    found = refused.json()
    assert (refused.status_code, found["code"]) == (412, "changed-meanwhile")
    assert found["changed"] == ["population", "geometry"]
    assert found["etag"] == refused["ETag"] == changed["ETag"]
    assert "population, geometry" in found["title"]
    place.refresh_from_db()
    assert (place.name, place.population) == ("Haby", 7)
    done = getattr(staff, method)(
        url, json.dumps(feature("Meins")), GEOJSON, headers={"If-Match": f'"x", {changed["ETag"]}'}
    )
    assert done.status_code in (200, 204)
    assert [one.name for one in Place.objects.all()] == ([] if method == "delete" else ["Meins"])


def test_04_if_match_in_its_other_forms(staff: Client, door: str) -> None:
    place = factories.place()
    url = address(door, place.pk)
    change = properties(population=3)
    assert staff.patch(url, change, GEOJSON, headers={"If-Match": "*"}).status_code == 200
    weak = "W/" + staff.get(url)["ETag"]  # as a proxy makes it
    assert staff.patch(url, properties(population=4), GEOJSON, headers={"If-Match": weak}).status_code == 200
    bad = staff.patch(url, change, GEOJSON, headers={"If-Match": "gestern"})
    assert (bad.status_code, bad.json()["code"]) == (400, "bad-value")
    unknown = staff.patch(url, change, GEOJSON, headers={"If-Match": '"nobody-knows"'})
    assert (unknown.status_code, unknown.json()["changed"]) == (412, None)
    gone = staff.patch(address(door, 4711), change, GEOJSON, headers={"If-Match": "*"})
    assert gone.status_code == 404
    # A municipality with another name is no change of the place.
    place.municipality = factories.municipality("Sehestedt")
    place.save()
    tag = staff.get(url)["ETag"]
    place.municipality.name = "Umbenannt"
    place.municipality.save()
    assert staff.patch(url, properties(population=5), GEOJSON, headers={"If-Match": tag}).status_code == 200


def test_04b_long_answers_have_versions_too(staff: Client, door: str) -> None:
    """Compressed or not, the tag is strong, and either is known again and may be changed from."""
    place = factories.place("Ort " * 200)
    url = address(door, place.pk)
    plain, packed = staff.get(url), staff.get(url, headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert packed["ETag"] == plain["ETag"][:-1] + '+gzip"'
    for tag in (plain["ETag"], packed["ETag"]):
        assert staff.get(url, headers={"If-None-Match": tag}).status_code == 304
    changed = staff.patch(url, properties(population=4), GEOJSON, headers={"If-Match": packed["ETag"]})
    assert changed.status_code == 200
    refused = staff.patch(url, properties(population=5), GEOJSON, headers={"If-Match": packed["ETag"]})
    assert (refused.status_code, refused["ETag"]) == (412, changed["ETag"])


def test_05_without_if_match_unless_it_is_wanted(staff: Client, door: str) -> None:
    place = factories.place()
    url = address(door, place.pk)
    assert "ETag" in staff.patch(url, properties(population=3), GEOJSON)
    with override_settings(REQUIRE_IF_MATCH=True):
        for method in ("put", "patch", "delete"):
            refused = getattr(staff, method)(url, json.dumps(feature()), GEOJSON)
            assert (refused.status_code, refused.json()["code"]) == (428, "if-match-required")
        tag = staff.get(url)["ETag"]
        assert staff.patch(url, properties(population=4), GEOJSON, headers={"If-Match": tag}).status_code == 200
        assert staff.post(door, json.dumps(feature()), GEOJSON).status_code == 201


def test_06_a_refusal_tells_nothing_to_who_sees_nothing(client: Client) -> None:
    """Of a feature out of sight there is no version to ask about."""
    note = factories.note(factories.organisation("b"))
    client.force_login(factories.staff())
    for url in (f"/ogc/collections/notes/items/{note.pk}", f"/api/layers/notes/features/{note.pk}/"):
        refused = client.patch(url, properties(title="x"), GEOJSON, headers={"If-Match": '"a-b"'})
        assert (refused.status_code, refused.json()["code"]) == (404, "unknown-feature")


# ---------------------------------------------------------------------------------------------------------- only once


def once(key: str) -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_10_the_same_request_is_done_once(staff: Client, door: str) -> None:
    body = json.dumps(feature())
    first, second = (staff.post(door, body, GEOJSON, headers=once("k-1")) for _ in range(2))
    assert first.status_code == 201
    for member in ("Location", "ETag", "Content-Type"):
        assert first[member] == second[member]
    assert (second.status_code, second.content) == (201, first.content)
    assert second["Idempotency-Replayed"] == "true"
    assert Place.objects.count() == 1
    other = staff.post(door, json.dumps(feature("Anders")), GEOJSON, headers=once("k-1"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-mismatch")
    assert staff.post(door, body, GEOJSON, headers=once("k-2")).status_code == 201
    assert Place.objects.count() == 2


def test_11_changes_and_removals_too(staff: Client, door: str) -> None:
    place = factories.place(population=1)
    url = address(door, place.pk)
    tag = staff.get(url)["ETag"]
    headers = {**once("k"), "If-Match": tag}
    answers = [staff.patch(url, properties(population=2), GEOJSON, headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]  # the second would be stale
    assert answers[0].content == answers[1].content
    assert place.events.count() == 2
    gone = [staff.delete(url, headers=once("d")) for _ in range(2)]
    assert [one.status_code for one in gone] == [204, 204]


def test_12_a_key_belongs_to_its_person(client: Client, door: str) -> None:
    body = json.dumps(feature())
    for email in ("eins@example.org", "zwei@example.org"):
        client.force_login(factories.staff(email))
        response = client.post(door, body, GEOJSON, headers=once("same"))
        assert response.status_code == 201
        assert "Idempotency-Replayed" not in response
    assert Place.objects.count() == 2


def test_13_a_refusal_is_not_kept(staff: Client, door: str) -> None:
    bad = staff.post(door, json.dumps(feature(kind=None)), GEOJSON, headers=once("k"))
    assert bad.status_code == 400
    assert not Answer.objects.exists()
    assert staff.post(door, json.dumps(feature()), GEOJSON, headers=once("k")).status_code == 201


@pytest.mark.parametrize("key", ["", "ä", "x" * 300, "a b"])
def test_14_what_is_no_key(staff: Client, key: str) -> None:
    refused = staff.post(OGC, json.dumps(feature()), GEOJSON, headers=once(key))
    assert (refused.status_code, refused.json()["code"]) == (400, "bad-value")


def test_15_answers_are_kept_for_a_day(staff: Client) -> None:
    body = json.dumps(feature())
    assert staff.post(OGC, body, GEOJSON, headers=once("k")).status_code == 201
    assert idempotency.purge() == 0
    Answer.objects.update(created_at=timezone.now() - idempotency.KEPT * 1.01)
    assert staff.post(OGC, body, GEOJSON, headers=once("k")).status_code == 201
    assert Place.objects.count() == 2
    Answer.objects.update(created_at=timezone.now() - idempotency.KEPT * 1.01)
    assert idempotency.purge() == 1


def test_16_taking_back_is_done_once(staff: Client) -> None:
    place = factories.place(population=1)
    staff.patch(address(REST, place.pk), properties(population=2), GEOJSON)
    change = staff.get(f"{REST}{place.pk}/history").json()["changes"][0]
    url = f"{REST}{place.pk}/history/{change['event']}/revert"
    answers = [staff.post(url, "{}", "application/json", headers=once("r")) for _ in range(2)]
    assert [one.status_code for one in answers] == [204, 204]
    place.refresh_from_db()
    assert (place.population, place.events.count()) == (1, 3)


# --------------------------------------------------------------------------------------------------------- OGC Part 4


def test_20_create_replace_update_delete(staff: Client) -> None:
    made = staff.post(OGC, json.dumps(feature(population=5)), GEOJSON)
    assert made.status_code == 201, made.content
    url = made["Location"].removeprefix("http://testserver")
    assert url == f"{OGC}/{made.json()['id']}"
    assert staff.get(url).json() == made.json()
    replaced = staff.put(url, json.dumps(feature("Altdorf")), GEOJSON)
    assert (replaced.status_code, replaced.json()["properties"]["name"]) == (200, "Altdorf")
    updated = staff.patch(url, properties(population=9), GEOJSON)
    assert updated.json()["properties"] == {"name": "Altdorf", "kind": "village", "population": 9, "municipality": None}
    assert {one["rel"] for one in updated.json()["links"]} == {"self", "alternate", "collection"}
    assert staff.delete(url).status_code == 204
    assert staff.get(url).status_code == 404


@pytest.mark.parametrize(
    ("crs", "coordinates"),
    [
        ("OGC/1.3/CRS84", (9.7, 54.4)), ("EPSG/0/4326", (54.4, 9.7)), ("EPSG/0/4258", (54.4, 9.7)),
        ("EPSG/0/25832", (545_438.2, 6_028_336.6)), ("EPSG/0/3857", (1_079_799.1, 7_244_466.4)),
    ],
)  # fmt: skip
def test_21_the_sent_system_is_honoured(staff: Client, crs: str, coordinates: tuple[float, float]) -> None:
    headers = {"Content-Crs": f"<{CRS}{crs}>"}
    made = staff.post(OGC, json.dumps(feature(coordinates=coordinates)), GEOJSON, headers=headers)
    assert made.status_code == 201, made.content
    assert made["Content-Crs"] == f"<{CRS}{crs}>"
    assert made.json()["geometry"]["coordinates"] == pytest.approx(list(coordinates), abs=2e-3)
    stored = Place.objects.get().geom
    stored.transform(4326)
    assert (stored.x, stored.y) == pytest.approx((9.7, 54.4), abs=0.01)


def test_22_wrong_systems_and_places_are_refused(staff: Client) -> None:
    for headers, body, code in (
        ({"Content-Crs": "<http://example.org/crs>"}, feature(), "bad-crs"),
        ({"Content-Crs": f"<{CRS}EPSG/0/4326>"}, feature(), "geometry-too-far"),
        ({"Content-Crs": f"<{CRS}EPSG/0/4326>"}, {**feature(), "geometry": {"type": "Point"}}, "bad-input"),
        ({"Content-Crs": f"<{CRS}EPSG/0/25832>"}, feature(coordinates=(1e9, 1e9)), "geometry-too-far"),
    ):
        if body["geometry"].get("coordinates") == [9.75, 54.4] and code == "geometry-too-far":
            body["geometry"]["coordinates"] = [9.75, 95.0]
        refused = staff.post(OGC, json.dumps(body), GEOJSON, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (400, code), body
    assert not Place.objects.exists()


def test_23_options_say_what_this_asker_may_do(client: Client) -> None:
    place = factories.place()
    reading = {"GET", "HEAD", "OPTIONS"}

    def allowed(url: str) -> set[str]:
        response = client.options(url)
        assert response.status_code == 200
        return set(response["Allow"].split(", "))

    for user in (None, factories.citizen()):
        if user:
            client.force_login(user)
        assert allowed(OGC) == allowed(f"{OGC}/{place.pk}") == reading
    client.force_login(factories.staff())
    assert allowed(OGC) == {*reading, "POST"}
    assert allowed(f"{OGC}/{place.pk}") == {*reading, "PUT", "PATCH", "DELETE"}
    # Staff of elsewhere add to the layer, and change nothing here.
    far = factories.area("own:far", x=900_000)
    client.force_login(factories.member("staff", factories.organisation("far", far)))
    assert allowed(f"{OGC}/{place.pk}") == reading
    assert client.options(f"{OGC}/4711").status_code == 404
    assert client.options("/ogc/collections/nichts/items").status_code == 404


def test_24_sessions_need_the_token_against_forgery_and_bearers_do_not() -> None:
    strict, user = Client(enforce_csrf_checks=True), factories.staff()
    body = json.dumps(feature())
    strict.force_login(user)
    refused = strict.post(OGC, body, GEOJSON)
    assert (refused.status_code, Place.objects.count()) == (403, 0)
    strict.get("/konto/anmelden/")
    _token, text = tokens.make(user, "QGIS", scopes=("read", "write"))
    bearer = Client(enforce_csrf_checks=True)
    done = bearer.post(OGC, body, GEOJSON, headers={"Authorization": f"Bearer {text}"})
    assert done.status_code == 201, done.content
    _token, reading = tokens.make(user, "nur lesen")
    refused = bearer.post(OGC, body, GEOJSON, headers={"Authorization": f"Bearer {reading}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "token-scope")


def test_25_who_may_not_is_told_so(client: Client) -> None:
    place = factories.place()
    for method, url in (("post", OGC), ("put", f"{OGC}/{place.pk}"), ("delete", f"{OGC}/{place.pk}")):
        assert getattr(client, method)(url, json.dumps(feature()), GEOJSON).json()["code"] == "not-logged-in"
    client.force_login(factories.citizen())
    for method, url in (("post", OGC), ("patch", f"{OGC}/{place.pk}"), ("delete", f"{OGC}/{place.pk}")):
        refused = getattr(client, method)(url, json.dumps(feature()), GEOJSON)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert Place.objects.count() == 1


def test_26_other_methods_and_media_are_refused(staff: Client) -> None:
    place = factories.place()
    refused = staff.put(OGC, json.dumps(feature()), GEOJSON)
    assert (refused.status_code, refused.json()["code"]) == (405, "method-not-allowed")
    assert "POST" in refused["Allow"]
    refused = staff.post(OGC, "<x/>", "application/xml")
    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported-media-type")
    refused = staff.patch(f"{OGC}/{place.pk}", "{", GEOJSON)
    assert refused.status_code == 400


def test_27_the_document_describes_what_the_asker_may_write(client: Client) -> None:
    items, item = "/collections/places/items", "/collections/places/items/{featureId}"
    paths = client.get("/ogc/api?f=json").json()["paths"]
    assert (set(paths[items]), set(paths[item])) == ({"get"}, {"get"})
    client.force_login(factories.staff())
    paths = client.get("/ogc/api?f=json").json()["paths"]
    assert (set(paths[items]), set(paths[item])) == ({"get", "post"}, {"get", "put", "patch", "delete"})
    classes = client.get("/ogc/conformance?f=json").json()["conformsTo"]
    for name in ("create-replace-delete", "update", "optimistic-locking-etags"):
        assert f"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/{name}" in classes


def test_28_a_note_of_an_organisation(client: Client) -> None:
    """The owner is set by who writes; another's notes are out of reach."""
    client.force_login(factories.staff())
    body = feature()
    body["properties"] = {"title": "Schacht klemmt", "state": "open", "audience": "public"}
    made = client.post("/ogc/collections/notes/items", json.dumps(body), GEOJSON)
    assert (made.status_code, made.json()["properties"]["organisation"]) == (201, "amt")
    foreign = factories.note(factories.organisation("b"), audience="public")
    refused = client.delete(f"/ogc/collections/notes/items/{foreign.pk}", headers=once(str(uuid.uuid4())))
    assert (refused.status_code, refused.json()["code"]) == (403, "out-of-reach")


def test_29_private_fields_are_neither_sent_nor_stored(staff: Client) -> None:
    """`source` is how an import recognises its rows: nobody takes over a row by claiming one."""
    factories.organisation()
    sent = {**feature(), "properties": {"title": "Neu", "source": "kreis", "source_id": "1"}}
    answer = staff.post("/api/layers/notes/features/", json.dumps(sent), GEOJSON)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "unknown-field", "source")
    assert not Note.objects.exists()
    for one in all_layers():
        private = {field.name for field in one.fields if not field.public}
        assert not private & set(serializer_for(one)().get_fields()), one.name


@pytest.mark.parametrize("door", [REST, OGC])
def test_30_writes_are_counted_by_person_and_reading_is_not(staff: Client, door: str) -> None:
    cache.clear()
    other = Client()
    other.force_login(factories.staff("andere@example.org"))
    with mock.patch.object(WriteThrottle, "THROTTLE_RATES", {"write": "2/min"}):
        statuses = [staff.post(door, json.dumps(feature(f"Ort {one}")), GEOJSON).status_code for one in range(3)]
        assert statuses == [201, 201, 429]
        refused = staff.delete(address(door, Place.objects.first().pk))  # type: ignore[union-attr]
        assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")
        assert int(refused["Retry-After"]) > 0
        assert staff.get(door).status_code == 200
        assert other.post(door, json.dumps(feature("Anderswo")), GEOJSON).status_code == 201
    assert Place.objects.count() == 3
