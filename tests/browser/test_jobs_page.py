"""The operators' page of jobs in a browser: it keeps itself fresh without an inline script, as the serving role."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from gisapp import cluster
from tests.browser.conftest import DATABASE, DESKTOP, PHONE, Visitor

PASSWORD = "Ein-langes-Passwort-7"


@pytest.fixture
def database(site: str) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(**cluster.dsn(DATABASE), autocommit=True) as made:  # type: ignore[arg-type]
        made.execute("TRUNCATE procrastinate_jobs CASCADE")
        yield made
        made.execute("TRUNCATE procrastinate_jobs CASCADE")


def put(database: "psycopg.Connection[Any]", task: str, status: str) -> int:
    row = database.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', %s) RETURNING id", [task]
    ).fetchone()
    assert row is not None
    for one in ("doing", status):
        if status != "todo":
            database.execute("UPDATE procrastinate_jobs SET status = %s WHERE id = %s", [one, row[0]])
    return int(row[0])


def report(database: "psycopg.Connection[Any]", job: int, percent: int) -> None:
    database.execute(
        "INSERT INTO tasks_progress VALUES (%s, %s, 'Seite ' || %s, 'Page', '', now()) ON CONFLICT (job_id) DO UPDATE "
        "SET percent = excluded.percent, text_de = excluded.text_de",
        [job, percent, percent],
    )


def test_the_page_keeps_itself_fresh_and_its_buttons_work(
    visit: Visitor, axe: Callable[[Page], list[str]], database: "psycopg.Connection[Any]"
) -> None:
    running, failed = put(database, "mail.deliver", "doing"), put(database, "tasks.compact", "failed")
    report(database, running, 10)
    page = visit.watch(visit.context().new_page())
    page.goto(visit.site + "/konto/anmelden/?next=/betrieb/auftraege/")
    page.get_by_label("E-Mail-Adresse").fill("betrieb@demo.invalid")
    page.get_by_label("Passwort").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name="Anmelden").click()
    row = page.locator(f'tr[data-job="{running}"]')
    expect(row.locator("progress")).to_have_attribute("value", "10")
    for device in (DESKTOP, PHONE):
        page.set_viewport_size(device["viewport"])
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert axe(page) == []
    page.evaluate("window.stillHere = true")
    report(database, running, 64)
    expect(row.locator("progress")).to_have_attribute("value", "64")
    expect(row).to_contain_text("Seite 64")
    fresh = put(database, "tasks.sessions", "todo")
    expect(page.locator(f'tr[data-job="{fresh}"]')).to_be_visible()
    database.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", [running])
    expect(row).to_contain_text("erledigt")
    assert page.evaluate("window.stillHere"), "it was not loaded anew"
    page.get_by_role("button", name=f"Auftrag {failed} wiederholen").click()
    expect(page.locator(f'tr[data-job="{failed}"]')).to_contain_text("wird wiederholt")
    page.get_by_role("button", name=f"Auftrag {fresh} anhalten").click()
    expect(page.locator(f'tr[data-job="{fresh}"]')).to_contain_text("angehalten")
    page.goto(visit.site + "/betrieb/auftraege/?state=failed&lang=en")
    expect(page.locator("h1")).to_have_text("Jobs")
    expect(page.locator("main")).to_contain_text("No jobs.")
