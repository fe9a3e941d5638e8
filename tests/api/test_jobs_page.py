"""The operators' page of jobs: who sees it, what it shows and hides, and its two buttons."""

import re

import pytest
from django.db import connection
from django.test import Client

from gisapp.accounts.roles import may_operate
from gisapp.tasks import overview
from tests import factories
from tests.jobs import tasks as jobs

pytestmark = pytest.mark.django_db
PAGE = "/betrieb/auftraege/"


def put(status: str, task: str = "test.quick", **more: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, args, attempts) "
            "VALUES ('default', %s, 'todo', '{\"number\": 424242}', %s) RETURNING id",
            [task, more.get("attempts", 0)],
        )
        job = int(cursor.fetchone()[0])
        if status != "todo":
            cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job])
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = %s::procrastinate_job_status WHERE id = %s", [status, job]
            )
        if "code" in more or "percent" in more:
            cursor.execute(
                "INSERT INTO tasks_progress VALUES (%s, %s, 'Halb da', 'Half way', %s, now())",
                [job, more.get("percent", 0), more.get("code", "")],
            )
    return job


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(factories.operator())
    return client


def html(client: Client, address: str = PAGE, status: int = 200) -> str:
    answer = client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == status, answer.content[:300]
    return str(answer.content.decode())


def row(page: str, job: int) -> str:
    found = re.search(rf'<tr data-job="{job}".*?</tr>', page, re.DOTALL)
    assert found, page
    return found[0]


def test_01_who_may_see_it(client: Client) -> None:
    job = put("failed")
    doors = [("get", PAGE), ("post", f"{PAGE}{job}/anhalten"), ("post", f"{PAGE}{job}/wiederholen")]
    for method, address in doors:
        answer = getattr(client, method)(address)
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/konto/anmelden/")
    client.force_login(factories.citizen())
    for method, address in doors:
        assert getattr(client, method)(address).status_code == 403
    assert overview.jobs(job=job)[0].state == "failed"
    assert "Betrieb" not in html(client, "/map/contents/")
    assert not may_operate(None)


def test_02_every_state_in_both_languages_and_no_argument(operator: Client) -> None:
    states = {
        put("todo"): "wartet", put("todo", attempts=2): "wird wiederholt", put("doing", "test.long", percent=50): "läuft",
        put("failed", code="internal"): "gescheitert", put("aborted"): "angehalten", put("cancelled"): "angehalten",
        put("succeeded"): "erledigt", put("todo", "gone.unknown"): "wartet",
    }  # fmt: skip
    page = html(operator)
    for job, word in states.items():
        assert word in row(page, job)
    running, failed = list(states)[2:4]
    assert 'value="50"' in row(page, running)
    assert "Halb da" in row(page, running)
    assert "Hier ist etwas schiefgegangen" in row(page, failed)
    assert "424242" not in page
    assert "gone.unknown" in page
    english = html(operator, PAGE + "?lang=en")
    assert "Half way" in row(english, running)
    assert "Something went wrong" in row(english, failed)
    assert "Betrieb" not in english
    assert html(operator, "/map/contents/?lang=de").count(">Betrieb</a>") == 1


def test_03_filters_pages_and_wrong_addresses(operator: Client) -> None:
    many = [put("todo") for _ in range(overview.PAGE + 3)]
    failed = put("failed")
    assert re.findall(r'data-job="(\d+)"', html(operator, PAGE + "?state=failed")) == [str(failed)]
    first = re.findall(r'data-job="(\d+)"', html(operator, PAGE + "?state=waiting"))
    assert first == [str(job) for job in reversed(many)][: overview.PAGE]
    second = re.findall(r'data-job="(\d+)"', html(operator, f"{PAGE}?state=waiting&before={first[-1]}"))
    assert second == [str(job) for job in reversed(many[:3])]
    assert "Keine Aufträge." in html(operator, PAGE + "?state=done")
    for wrong in ("state=nix", "before=x", "before=99999999999999999999", "before=-1"):
        html(operator, f"{PAGE}?{wrong}", 400)


def test_04_the_table_alone_for_the_script(operator: Client) -> None:
    job = put("doing", "test.long", percent=7)
    part = html(operator, PAGE + "?part=rows")
    assert part.lstrip().startswith("<tr")
    assert row(part, job)
    page = operator.get(PAGE)
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert page["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?![^>]*src=)", page.content.decode())
    assert not re.search(r"\sstyle=|\son\w+=", page.content.decode())


def test_05_the_buttons_are_forms_with_protection(operator: Client) -> None:
    waiting, failed = put("todo"), put("failed", code="internal")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(factories.staff("andere@amt.example"))
    assert strict.post(f"{PAGE}{waiting}/anhalten").status_code == 403
    assert operator.get(f"{PAGE}{waiting}/anhalten").status_code == 405
    answer = operator.post(f"{PAGE}{waiting}/anhalten", {"next": PAGE + "?state=waiting"})
    assert (answer.status_code, answer["Location"]) == (302, PAGE + "?state=waiting")
    assert overview.jobs(job=waiting)[0].state == "stopped"
    away = operator.post(f"{PAGE}{failed}/wiederholen", {"next": "https://evil.example/"})
    assert away["Location"] == PAGE
    assert overview.jobs(job=failed)[0].state in {"waiting", "again"}
    assert operator.post(f"{PAGE}{failed}/wiederholen").status_code == 409
    assert operator.post(f"{PAGE}999999999/wiederholen").status_code == 404


def test_06_only_what_helps_is_offered(operator: Client) -> None:
    offered = {
        put("todo"): "anhalten", put("doing", "test.long"): "anhalten", put("doing", "test.deaf"): "",
        put("failed"): "wiederholen", put("failed", "gone.unknown"): "", put("succeeded"): "",
    }  # fmt: skip
    page = html(operator)
    for job, action in offered.items():
        assert re.findall(rf'action="{PAGE}{job}/(\w+)"', row(page, job)) == ([action] if action else [])


def test_07_a_page_costs_the_same_however_many_jobs(operator: Client, django_assert_max_num_queries: object) -> None:
    for _ in range(40):
        put("todo")
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        html(operator)


def test_08_the_jobs_of_this_test_are_declared() -> None:
    assert jobs.quick.title.de == "Schnell"
