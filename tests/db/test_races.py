"""Two people, or one program twice, at the same moment: each on a connection of its own."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections, transaction
from django.test import Client

from gisapp.accounts.models import User
from gisapp.errors import Conflict
from gisapp.features import idempotency
from gisapp.features.models import Answer
from gisapp.history import reverting
from gisapp.history.recording import recorded
from gisapp.layer import get
from layers.regions.models import Place
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
OGC = "/ogc/collections/places/items"
GEOJSON = "application/geo+json"
BODY = json.dumps({
    "type": "Feature", "geometry": {"type": "Point", "coordinates": [9.75, 54.4]},
    "properties": {"name": "Neudorf", "kind": "village"},
})  # fmt: skip


def together(*tasks: Callable[[Client], Any]) -> list[Any]:
    """What the tasks give that start at the same moment, each logged in as the same person."""
    cache.clear()
    user = User.objects.filter(email="amt@example.org").first() or factories.staff()
    start = threading.Barrier(len(tasks))

    def run(task: Callable[[Client], Any]) -> Any:
        client = Client()
        client.force_login(user)
        start.wait()
        try:
            return task(client)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [one.result() for one in [pool.submit(run, task) for task in tasks]]


def test_01_of_two_changes_from_one_state_one_is_refused() -> None:
    for turn in range(5):
        place = factories.place(f"Ort {turn}", population=0)
        url = f"{OGC}/{place.pk}"
        tag = Client().get(url)["ETag"]

        def change(number: int, url: str = url, tag: str = tag) -> Callable[[Client], Any]:
            body = json.dumps({"properties": {"population": number}})
            return lambda client: client.patch(url, body, GEOJSON, headers={"If-Match": tag})

        answers = together(change(1), change(2), change(3))
        assert sorted(one.status_code for one in answers) == [200, 412, 412]
        winner = next(one for one in answers if one.status_code == 200)
        place.refresh_from_db()
        assert winner.json()["properties"]["population"] == place.population
        for loser in (one for one in answers if one.status_code == 412):
            assert loser.json()["changed"] == ["population"]
            assert loser["ETag"] == winner["ETag"]


def test_02_a_request_that_is_sent_at_the_same_time_is_done_once() -> None:
    for turn in range(5):
        before = Place.objects.count()
        headers = {"Idempotency-Key": f"turn-{turn}"}
        answers = together(*[lambda client: client.post(OGC, BODY, GEOJSON, headers=headers)] * 4)  # noqa: B023
        codes = [one.status_code for one in answers]
        assert set(codes) <= {201, 409} and 201 in codes
        assert Place.objects.count() == before + 1
        assert len({one["Location"] for one in answers if one.status_code == 201}) == 1
        for one in answers:
            if one.status_code == 409:
                assert (one.json()["code"], one["Retry-After"]) == ("idempotency-in-flight", "1")


def test_03_while_the_first_is_at_work_the_second_is_told_so() -> None:
    """The first one's transaction is still open, here by the lock that it holds."""
    user = factories.staff()
    client = Client()
    client.force_login(user)
    held, done = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"gisapp once {user.pk} slow"])
            held.set()
            done.wait(20)
        connections.close_all()

    worker = threading.Thread(target=first)
    worker.start()
    assert held.wait(20)
    refused = client.post(OGC, BODY, GEOJSON, headers={"Idempotency-Key": "slow"})
    done.set()
    worker.join()
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency-in-flight")
    assert not Place.objects.exists()
    assert client.post(OGC, BODY, GEOJSON, headers={"Idempotency-Key": "slow"}).status_code == 201


def test_04_a_process_that_dies_leaves_neither_feature_nor_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection ends after the write and before the commit, as when the process is killed."""
    client = Client(raise_request_exception=False)
    client.force_login(factories.staff())
    store = idempotency._store

    def dies(*arguments: Any) -> None:
        store(*arguments)
        connection.close()
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(idempotency, "_store", dies)
        with pytest.raises(SystemExit):
            client.post(OGC, BODY, GEOJSON, headers={"Idempotency-Key": "k"})
    connection.close()
    assert (Place.objects.count(), Answer.objects.count()) == (0, 0)
    assert client.post(OGC, BODY, GEOJSON, headers={"Idempotency-Key": "k"}).status_code == 201
    assert (Place.objects.count(), Answer.objects.count()) == (1, 1)


@pytest.mark.parametrize("whole", [False, True], ids=["one change", "the whole import"])
def test_05_nothing_that_is_being_changed_is_taken_back_over(whole: bool) -> None:
    """Somebody's change is open when the one before it is taken back: it is waited for, and then it stands in the way."""
    with recorded("import") as import_:
        place = factories.place("Alt")
        place.name = "Neu"
        place.save()
    event = place.events.order_by("-pgh_id").first()
    written, go = threading.Event(), threading.Event()

    def other() -> None:
        with transaction.atomic():
            Place.objects.filter(pk=place.pk).update(name="Inzwischen")
            written.set()
            go.wait(20)
        connections.close_all()

    def revert() -> None:
        user = factories.operator()
        if whole:
            reverting.revert_all(user, import_.id)
        else:
            reverting.revert_change(get("places", user), user, str(place.pk), event.pgh_id)

    writer = threading.Thread(target=other)
    writer.start()
    assert written.wait(20)
    threading.Timer(1, go.set).start()
    with pytest.raises(Conflict) as refused:
        revert()
    writer.join()
    place.refresh_from_db()
    assert (refused.value.code, place.name) == ("changed-since", "Inzwischen")
