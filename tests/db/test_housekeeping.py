"""What is forgotten by itself, and what is not."""

import datetime
import os
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone

from gisapp.accounts import tokens
from gisapp.accounts.models import Token, User
from gisapp.features.models import Answer
from gisapp.tasks import retention
from gisapp.tasks.declare import DECLARED
from importers import jobs
from importers import leftovers as importing
from importers.models import ImportJob
from tests import factories

pytestmark = pytest.mark.django_db
State = ImportJob.State
PREVIEW = {"columns": ["name"], "rows": [{"name": "Erika Mustermann"}], "geometry": None}


def ago(**span: float) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(**span)


@pytest.fixture
def person() -> User:
    return factories.staff()


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "imports"


def imported(user: User, state: str, days: float, **more: Any) -> ImportJob:
    """An import of so many days ago, with its folder and its file."""
    job = ImportJob.objects.create(user=user, layer="places", file="orte.csv", preview=PREVIEW, state=state, **more)
    ImportJob.objects.filter(pk=job.pk).update(created_at=ago(days=days))
    jobs.folder(job).mkdir(parents=True)
    jobs.path_of(job).write_text("name\nErika Mustermann\n")
    return job


def test_01_uploads_that_nobody_ran_are_forgotten_with_their_files(person: User, media: Path, settings: Any) -> None:
    settings.IMPORTS_KEPT_DAYS = 14
    old = [imported(person, state, 15) for state in importing.UNUSED]
    young = imported(person, State.UPLOADED, 13)
    tried = imported(person, State.TRIED, 15, finished_at=ago(days=1))  # somebody is still at it
    running = imported(person, State.RUNNING, 15)
    done = imported(person, State.DONE, 15, report={"read": 1}, change=uuid.uuid4())
    assert retention.run()["imports.unused"] == len(old) + 1
    assert set(ImportJob.objects.values_list("pk", flat=True)) == {young.pk, tried.pk, running.pk, done.pk}
    done.refresh_from_db()
    assert (done.preview["rows"], done.report) == ([], {"read": 1})
    assert retention.run()["imports.unused"] == 0  # again, and nothing is left to forget
    for one in old:
        os.utime(jobs.folder(one), (time.time() - 90_000,) * 2)
    assert importing.remove_folders() == len(old) + 1
    assert sorted(one.name for one in media.iterdir()) == sorted(str(one.pk) for one in (young, tried, running))


def test_02_only_folders_of_imports_are_removed(media: Path) -> None:
    for name in ("notizen", "abc"):
        (media / name).mkdir(parents=True)
        os.utime(media / name, (1, 1))
    (media / str(uuid.uuid4())).write_text("eine Datei")
    outside = media.parent / "outside"
    outside.mkdir()
    (media / str(uuid.uuid4())).symlink_to(outside)
    arriving = media / str(uuid.uuid4())
    arriving.mkdir()
    assert importing.remove_folders() == 0
    assert outside.is_dir() and arriving.is_dir()
    os.utime(arriving, (1, 1))
    assert importing.remove_folders() == 1


def test_03_the_nightly_job_tells_what_it_did(person: User, media: Path) -> None:
    imported(person, State.DONE, 1)
    progress = Notes()
    DECLARED["imports.tidy"].function(progress)
    assert progress.said == ["1 Ordner entfernt"]
    assert list(media.iterdir()) == []


class Notes:
    """In the place of a job's progress."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: Any) -> None:
        assert text.en
        self.said.append(text.de)


def test_04_the_page_of_an_import_without_its_folder_is_shown(client: Client, person: User, media: Path) -> None:
    job = imported(person, State.UPLOADED, 1, mapping='source = "orte"\n[fields]\nname = "name"\n')
    jobs.path_of(job).unlink()
    jobs.folder(job).rmdir()
    client.force_login(person)
    assert client.get(f"/import/{job.pk}/").status_code == 200


def test_05_keys_that_ended_long_ago_are_forgotten(person: User, settings: Any) -> None:
    settings.TOKENS_KEPT_DAYS = 90
    live, _text = tokens.make(person, "lebt", days=300)
    for name, change in (
        ("alt", {"expires_at": ago(days=91)}),
        ("widerrufen", {"revoked_at": ago(days=91)}),
        ("eben abgelaufen", {"expires_at": ago(days=89)}),
    ):
        Token.objects.filter(pk=tokens.make(person, name)[0].pk).update(**change)
    assert retention.run()["accounts.tokens"] == 2
    assert set(Token.objects.values_list("name", flat=True)) == {live.name, "eben abgelaufen"}


def test_06_sessions_end_with_the_addresses_of_their_devices(client: Client, person: User) -> None:
    client.force_login(person)
    client.get("/konto/")
    Session.objects.create(session_key="alt", session_data="x", expire_date=ago(seconds=1))
    mine = client.session.session_key
    for key in ("alt", "längst weg"):
        UserSession.objects.create(user=person, session_key=key, ip="203.0.113.9", user_agent="Firefox")
    UserSession.objects.get_or_create(user=person, session_key=mine, defaults={"ip": "203.0.113.9", "user_agent": "x"})
    assert retention.run()["accounts.sessions"] == 3
    assert list(UserSession.objects.values_list("session_key", flat=True)) == [mine]
    assert client.get("/konto/").status_code == 200


def test_07_answers_and_counts_whose_time_is_over_go(person: User) -> None:
    for key, hours in (("alt", 25), ("neu", 23)):
        row = Answer.objects.create(user=person, key=key, fingerprint=b"", status=201, headers={}, body=b"")
        Answer.objects.filter(pk=row.pk).update(created_at=ago(hours=hours))
    cache.clear()
    cache.set("lebt", 1, 600)
    cache.set("vorbei", 1, 600)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE gisapp_cache SET expires = now() - interval '1 s' WHERE cache_key LIKE '%vorbei'")
    found = retention.run()
    assert (found["features.answers"], found["accounts.limits"]) == (1, 1)
    assert list(Answer.objects.values_list("key", flat=True)) == ["neu"]
    assert cache.get("lebt") == 1


def test_08_every_rule_has_a_period_in_the_operators_guide() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs/operator/worker.md").read_text(encoding="utf-8")
    told = {
        "imports.unused": "IMPORTS_KEPT_DAYS", "accounts.tokens": "TOKENS_KEPT_DAYS", "accounts.sessions": "Sitzungen, ihre",
        "accounts.limits": "Zähler von Anmeldungen", "features.answers": "Idempotency-Key", "mail.bodies": "MAIL_KEPT_DAYS",
        "tasks.jobs": "FAILED_JOBS_KEPT_DAYS", "venues.bookers": "VENUES_KEPT_DAYS",
    }  # fmt: skip
    assert set(retention.RULES) == set(told)
    assert all(words in guide for words in told.values())
