"""The pages without a browser: what they answer, to whom, and what they never say."""

import argparse
import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation

from gisapp.accounts.roles import Role
from gisapp.errors import BadInput
from layers.venues import contacts, services
from layers.venues.calendar import gaps
from layers.venues.commands import VENUES
from layers.venues.models import Booking, Extra, Holiday, Series, Space, Venue
from layers.venues.pages import BookingThrottle
from tests import factories
from tests.venues import world
from tests.venues.world import on, wish

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _uncounted() -> Iterator[None]:
    cache.clear()
    yield
    translation.deactivate()  # a request in English leaves it behind


def day(days: int = 30) -> str:
    return (timezone.localdate() + datetime.timedelta(days=days)).isoformat()


def asked(**more: Any) -> dict[str, Any]:
    return {"date": day(), "begins": "18:00", "ends": "22:00", "people": 20, **more}


def filled(hall: world.Hall, **more: Any) -> dict[str, Any]:
    return {
        **asked(), "space": hall.half.pk, "group": "club", "name": "Anna Probe", "email": "anna@example.org", "do": "send",
        "key": "7d8e0f1c-0000-4000-8000-000000000001", **more,
    }  # fmt: skip


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_01_the_search_finds_what_is_free_and_fits() -> None:
    hall = world.hall()
    assert "Saal mit Küche" in text(Client().get("/venues/", asked()))
    found = text(Client().get("/venues/", asked(people=60)))
    assert "Freie Angebote: 2" in found and "Saal West" not in found
    services.request(wish(hall.kitchen, on(30)))
    found = text(Client().get("/venues/", asked(people=60, equipment="kitchen")))
    assert "Freie Angebote: 0" in found
    Venue.objects.update(published=False)
    assert "Haby" not in text(Client().get("/venues/", asked()))


def test_02_near_is_within_so_many_kilometres() -> None:
    world.hall()
    world.hall(name="Weit weg", x=15_000)
    factories.place("Ascheffel", x=500, y=500)
    found = text(Client().get("/venues/", asked(near="Ascheffel", km=10)))
    assert "um Ascheffel" in found and "Dorfgemeinschaftshaus Haby" in found
    assert "Weit weg" not in found.split("Alle Orte")[0]
    answer = Client().get("/venues/", asked(near="Nirgendwo"))
    assert answer.status_code == 400 and "nicht zu finden" in text(answer)


@pytest.mark.parametrize(
    "wrong", [{"date": "x"}, {"people": 0}, {"begins": "25:00"}, {"km": -1}, {"equipment": "sauna"}, {"people": 10**30}]
)
def test_03_what_is_wrong_is_said(wrong: dict[str, Any]) -> None:
    answer = Client().get("/venues/", asked(**wrong))
    assert answer.status_code == 400
    assert "field-error" in text(answer)


def test_04_the_calendar_says_when_and_never_who() -> None:
    hall = world.hall(mode="instant")
    services.request(wish(hall.whole, on(30, 8, 2)))
    services.request(wish(hall.half, on(31)))
    url = f"/venues/{hall.venue.pk}/"
    month = {"space": hall.half.pk, "month": day()[:7]}
    page = text(Client().get(url, month))
    assert "day-taken" in page and "Probe" not in page
    shown = text(Client().get(url, {"space": hall.half.pk, "day": day(31)}))
    assert (
        "frei von 08:00 bis 18:00 Uhr" in shown
        and "frei von 22:00 bis 02:00 Uhr" in shown
        and f"date={day(31)}&amp;begins=22:00" in shown
    )
    told = re.search(r'<script type="application/ld\+json">(.*?)</script>', shown)
    assert told and json.loads(told[1])["maximumAttendeeCapacity"] == 120
    for odd in ({"month": "x"}, {"month": "2026-13"}, {"month": "9999-01"}, {"day": "quatsch"}, {"space": "-1"}):
        assert Client().get(url, odd).status_code == 200, odd
    assert Client().get("/venues/999999/").status_code == 404
    assert Client().get("/venues/99999999999999999999/").status_code == 404


def test_05_gaps_of_open_hours() -> None:
    at = [datetime.datetime(2027, 5, 3, hour, tzinfo=datetime.UTC) for hour in range(24)]
    assert gaps([(at[8], at[20])], [(at[10], at[12]), (at[11], at[14]), (at[19], at[23])]) == [
        (at[8], at[10]),
        (at[14], at[19]),
    ]
    assert gaps([(at[8], at[20])], [(at[7], at[21])]) == []
    assert gaps([(at[8], at[12]), (at[10], at[14])], []) == [(at[8], at[12]), (at[12], at[14])]


def test_06_from_the_form_to_the_bookings_own_page() -> None:
    hall = world.hall()
    terms = world.conditions(hall.venue)
    Extra.objects.create(space=hall.half, name="Geschirr", cents=1_500, most=3)
    extra = f"extra_{hall.half.extras.get().pk}"
    url, client = f"/venues/{hall.venue.pk}/book/", Client()
    page = client.get(url, {"space": hall.half.pk, **asked()})
    assert "50,00 €" in text(page) and f'value="{terms.pk}"' in text(page)
    checked = client.post(url, filled(hall, do="check", **{extra: 2}))
    assert checked.status_code == 200 and "80,00 €" in text(checked) and not Booking.objects.exists()
    assert "nicht genug Platz" in text(client.post(url, filled(hall, do="check", people=60)))
    assert "Personen:" in text(client.post(url, filled(hall, do="check", people="viele")))
    refused = client.post(url, filled(hall, version=terms.pk))
    assert refused.status_code == 400 and not Booking.objects.exists()
    sent = client.post(url, filled(hall, version=terms.pk, accept="on", **{extra: 2}))
    made = Booking.objects.get()
    assert sent.status_code == 302 and sent["Location"] == f"/venues/booking/{made.pk}/{contacts.token(made)}/"
    again = client.post(url, filled(hall, version=terms.pk, accept="on", **{extra: 2}))
    assert again["Location"] == sent["Location"] and Booking.objects.count() == 1
    own = client.get(sent["Location"])
    assert own["Cache-Control"] == "private, no-store" and own["X-Robots-Tag"] == "noindex"
    assert "angefragt" in text(own) and "80,00 €" in text(own) and "2 × 15,00 €" in text(own)
    client.post(sent["Location"], {"do": "cancel"})
    assert Booking.objects.get().state == "requested"
    client.post(sent["Location"], {"do": "cancel", "sure": "yes"})
    assert Booking.objects.get().state == "cancelled"
    assert client.get(f"/venues/booking/{made.pk}/falsch/").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"date": "2020-01-01"}, "schon vorbei"),
        ({"begins": "18:00", "ends": "18:15"}, "kürzeste Nutzung"),
        ({"begins": "03:00", "ends": "05:00"}, "nicht (durchgehend) geöffnet"),
        ({"people": 51}, "nicht genug Platz"),
        ({"homepage": "http://spam.example"}, "bleibt leer"),
        ({"email": "quatsch"}, "Bitte sehen Sie die markierten Felder an"),
        ({"name": " "}, "Bitte sehen Sie die markierten Felder an"),
        ({"key": "x"}, ""),
        ({"date": "2027-03-28", "begins": "02:30", "ends": "05:00"}, "gibt es am 28.03.2027 nicht"),
        ({"date": "2027-10-31", "begins": "02:30", "ends": "05:00"}, "zweimal"),
        ({"name": "<script>alert(1)</script>", "email": "x"}, "&lt;script&gt;"),
    ],
)
def test_07_bad_input_is_answered_and_nothing_booked(wrong: dict[str, Any], said: str) -> None:
    hall = world.hall()
    answer = Client().post(f"/venues/{hall.venue.pk}/book/", filled(hall, **wrong))
    assert answer.status_code == 400 and said in text(answer)
    assert "<script>alert" not in text(answer)
    assert not Booking.objects.exists()


def test_08_the_hour_that_comes_twice_can_be_chosen() -> None:
    hall = world.hall(opens=0, closes=0, days_ahead=800)
    url = f"/venues/{hall.venue.pk}/book/"
    given = filled(hall, date="2027-10-31", begins="02:30", ends="05:00")
    assert 'name="clock"' in text(Client().post(url, given))
    assert Client().post(url, {**given, "clock": "winter"}).status_code == 302
    made = Booking.objects.get()
    assert made.used.upper - made.used.lower == datetime.timedelta(hours=2, minutes=30)


def test_09_who_comes_too_late_may_wait() -> None:
    hall = world.hall()
    services.request(wish(hall.half, on(30)))
    url = f"/venues/{hall.venue.pk}/book/"
    assert "schon belegt" in text(Client().get(url, {"space": hall.half.pk, **asked()}))
    late = Client().post(url, filled(hall))
    assert late.status_code == 400 and 'value="wait"' in text(late) and "schon belegt" in text(late)
    assert Client().post(url, filled(hall, do="wait")).status_code == 302
    assert world.states() == ["requested", "waiting"]


def test_10_nobody_asks_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BookingThrottle, "rate", "2/h")
    hall = world.hall()
    url = f"/venues/{hall.venue.pk}/book/"
    codes = [
        Client().post(url, filled(hall, date=day(30 + n), key=f"7d8e0f1c-0000-4000-8000-00000000000{n}")).status_code
        for n in range(3)
    ]
    assert codes == [302, 302, 429]


def test_11_the_desk_is_for_who_keeps_the_venue() -> None:
    hall = world.hall()
    made = services.request(wish(hall.half, on(30)))
    one = f"/venues/desk/{made.pk}/"
    assert Client().get("/venues/desk/").status_code == 401
    other, own = Client(), Client()
    other.force_login(factories.member(Role.STAFF, factories.organisation("andere")))
    own.force_login(factories.member(Role.STAFF, hall.venue.organisation))
    assert "Anna Probe" not in text(other.get("/venues/desk/")) and other.get(one).status_code == 404
    assert other.post(one, {"do": "approve"}).status_code == 404
    assert other.get(f"/venues/{hall.venue.pk}/book/?desk=1").status_code == 403
    page = own.get("/venues/desk/")
    assert "SV Probe" in text(page) and "Antwort warten: 1" in text(page) and "no-store" in page["Cache-Control"]
    for odd in (
        {"since": "2026-02-31"},
        {"q": "9" * 40},
        {"venue": "x"},
        {"state": "quatsch"},
        {"from": "-1"},
        {"q": "\x00"},
    ):
        assert own.get("/venues/desk/", odd).status_code == 200, odd
    assert own.post(one, {"do": "decline", "answer": ""}).status_code == 400
    assert own.post("/venues/desk/", {"booking": [str(made.pk)]}).status_code == 302
    assert own.post("/venues/desk/", {"booking": ["x"]}).status_code == 400
    made.refresh_from_db()
    assert made.state == "confirmed"
    assert own.post(one, {"do": "quatsch"}).status_code == 400


def test_12_staff_book_for_a_caller() -> None:
    hall = world.hall()
    own = Client()
    own.force_login(factories.member(Role.STAFF, hall.venue.organisation))
    url = f"/venues/{hall.venue.pk}/book/?desk=1"
    assert "Nur vormerken" in text(own.get(url))
    assert own.post(url, filled(hall, do="hold", email="")).status_code == 302
    night = filled(hall, do="book", email="", begins="03:00", ends="05:00", key="7d8e0f1c-0000-4000-8000-000000000002")
    assert own.post(url, night).status_code == 400
    assert own.post(url, {**night, "exempt": "on"}).status_code == 302
    assert world.states() == ["option", "confirmed"]


def test_13_the_calendar_feed() -> None:
    hall = world.hall()
    Venue.objects.update(
        name="Haus; mit, allem \\ und einem Namen, der viel länger ist als fünfundsiebzig Zeichen Öffentlichkeit"
    )
    services.request(wish(hall.whole, on(30)))
    answer = Client().get(f"/venues/{hall.venue.pk}/calendar.ics")
    body = answer.content.decode()
    assert answer["Content-Type"].startswith("text/calendar")
    assert body.count("BEGIN:VEVENT") == 2 and "Probe" not in body and "STATUS:TENTATIVE" in body
    assert all(len(line.encode()) <= 75 for line in body.split("\r\n"))
    assert "Haus\\; mit\\, allem \\\\ und" in body.replace("\r\n ", "")
    begin = on(30).begin.astimezone(datetime.UTC)
    assert f"DTSTART:{begin:%Y%m%dT%H%M%SZ}" in body


def told_by(*words: str) -> int:
    parser = argparse.ArgumentParser()
    VENUES.arguments(parser)
    return VENUES.run(parser.parse_args(words))


def test_14_the_command_says_what_is_free(capsys: pytest.CaptureFixture[str]) -> None:
    hall = world.hall()
    services.request(wish(hall.half, on(30)))
    arguments = ["free", "--date", day(), "--from", "18:00", "--to", "22:00", "--people", "5"]
    assert told_by(*arguments, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["venue"], one["room"]) for one in told["free"]] == [(hall.venue.pk, "Küche")] and told["count"] == 1
    assert told_by(*arguments, "--near", "54.41,9.69", "--km", "20") == 0
    assert "Küche, Haby (10)" in capsys.readouterr().out
    for wrong in (["--near", "x"], ["--people", "0"], ["--date", "gestern"]):
        with pytest.raises(BadInput):
            told_by(*arguments, *wrong)


def test_15_english() -> None:
    hall = world.hall()
    page = text(Client().get(f"/venues/{hall.venue.pk}/?lang=en"))
    assert "When is what free?" in page and "Wann ist" not in page
    Space.objects.all().update(active=False)
    assert "Nothing can be booked here" in text(Client().get(f"/venues/{hall.venue.pk}/?lang=en"))


def test_16_staff_book_a_series_and_cancel_the_rest_of_it() -> None:
    hall = world.hall()
    own = Client()
    own.force_login(factories.member(Role.STAFF, hall.venue.organisation))
    url = f"/venues/{hall.venue.pk}/book/?desk=1"
    services.request(wish(hall.whole, on(44)))
    Holiday.objects.get_or_create(day=timezone.localdate() + datetime.timedelta(days=37), defaults={"name": "Probetag"})
    given = filled(hall, do="book", email="", until=day(58), weeks=1)
    clash = own.post(url, given)
    assert clash.status_code == 400 and "Nicht alle Termine sind frei" in text(clash)
    done = own.post(url, {**given, "without": "on", "leave_out": "on"}, follow=True)
    assert "Serie mit 3 Terminen gebucht" in text(done) and "Nicht frei und ausgelassen" in text(done)
    made = Series.objects.get()
    second = made.bookings.order_by("used")[1]
    listed = own.get("/venues/desk/", {"state": "all", "series": made.pk})
    assert text(listed).count('class="order-name"') == 3
    assert own.get("/venues/desk/", {"series": "x"}).status_code == 400
    assert own.post(f"/venues/desk/{second.pk}/", {"do": "cancel-series"}).status_code == 302
    assert sorted(made.bookings.values_list("state", flat=True)) == ["cancelled", "cancelled", "confirmed"]
