"""The pages at /import/: from the upload to the undo, with real runs in processes of their own."""

import contextlib
import json
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings

from gisapp.accounts.roles import Role
from gisapp.tasks.progress import Progress
from importers import jobs
from importers.models import ImportJob
from importers.tasks import run_import
from layers.regions.models import Place
from tests import factories
from tests.db.importers.test_reach import places
from tests.serving import environment, working

pytestmark = pytest.mark.django_db(transaction=True)
State = ImportJob.State


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Uploads lie in the test's folder; the runs find the test's database."""
    cache.clear()
    for name, value in environment(str(connection.settings_dict["NAME"])).items():
        if name in ("DATABASE_URL", "GISAPP_DATABASE"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path / "media"))
    # Rows of tests before, whose numbers and workers are gone.
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers CASCADE")
    with override_settings(MEDIA_ROOT=tmp_path / "media"):
        yield


@pytest.fixture
def worker(here: None) -> Iterator["subprocess.Popen[bytes]"]:
    with working({**environment(str(connection.settings_dict["NAME"])), "WORKER_HEARTBEAT": "0.5"}) as process:
        yield process


@pytest.fixture
def staff(client: Client) -> Client:
    amt = factories.organisation("nah", factories.area("own:near", -5_000, -5_000, 10_000))
    client.force_login(factories.member(Role.STAFF, amt, email="nah@example.org"))
    return client


def send(client: Client, file: Path, layer: str = "places") -> Any:
    with file.open("rb") as opened:
        return client.post("/import/upload", {"file": opened, "layer": layer})


def run(client: Client, job: ImportJob, how: str = "dry", **more: str) -> ImportJob:
    """Run it and wait for its end."""
    fields = {"field_name": "name", "field_kind": "kind", "id_column": "id", "source": "orte", "run": how, **more}
    assert client.post(f"/import/{job.pk}/run", fields).status_code == 302
    until = time.monotonic() + 60
    while client.get(f"/import/{job.pk}/state").json()["state"] == State.RUNNING:
        assert time.monotonic() < until
        time.sleep(0.2)
    job.refresh_from_db()
    return job


@pytest.mark.usefixtures("worker")
def test_01_from_the_upload_to_the_undo(staff: Client, tmp_path: Path) -> None:
    response = send(staff, places(tmp_path, (0, 0), (100, 100)))
    job = ImportJob.objects.get()
    assert response["Location"] == f"/import/{job.pk}/"
    page = staff.get(response["Location"]).content.decode()
    assert "Ort 1" in page and '<option value="name" selected>' in page
    assert job.preview["geometry"]["type"] == "MultiPoint"
    assert job.preview["geometry"]["coordinates"][0] == pytest.approx([9.7, 54.4], abs=0.2)
    assert run(staff, job).state == State.TRIED
    assert (job.report["created"], Place.objects.count()) == (2, 0)
    assert run(staff, job, "real", note="Auftrag 7").state == State.DONE
    assert Place.objects.count() == 2
    context = Place.objects.first().events.get().pgh_context.metadata
    assert (context["user"], context["reason"], context["door"]) == (job.user_id, "Auftrag 7", "import")
    assert not jobs.path_of(job).exists()
    assert "Diesen Import zurücknehmen" in staff.get(f"/import/{job.pk}/").content.decode()
    assert staff.post(f"/import/{job.pk}/undo").status_code == 302
    job.refresh_from_db()
    assert (job.state, Place.objects.count()) == (State.REVERTED, 0)
    assert staff.post(f"/import/{job.pk}/undo").status_code == 404
    assert "zurückgenommen" in staff.get("/import/").content.decode()


@pytest.mark.usefixtures("worker")
def test_02_beyond_reach_the_run_is_refused_with_its_reason(staff: Client, tmp_path: Path) -> None:
    send(staff, places(tmp_path, (0, 0), (50_000, 0)))
    job = run(staff, ImportJob.objects.get(), "real")
    assert (job.state, Place.objects.count()) == (State.REFUSED, 0)
    assert "import-out-of-reach" in job.error
    assert "import-out-of-reach" in staff.get(f"/import/{job.pk}/").content.decode()


@pytest.mark.usefixtures("worker")
def test_03_stopped_in_the_middle_nothing_is_there(staff: Client, tmp_path: Path) -> None:
    send(staff, places(tmp_path, *[(number, 0) for number in range(3)]))
    job = ImportJob.objects.get()
    # Another writer holds the table: the run waits for it, and is stopped while it does.
    with psycopg.connect(**dsn()) as other:
        other.execute("LOCK TABLE regions_place IN ACCESS EXCLUSIVE MODE")
        jobs.start(job, dry_run=False)
        wait_for(lambda: blocked(other))
        jobs.stop(job)
        wait_for(lambda: jobs.refresh(job).state != State.RUNNING)
    assert (job.state, Place.objects.count()) == (State.STOPPED, 0)
    assert run(staff, job, "real").state == State.DONE


def dsn() -> dict[str, Any]:
    return {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in ("dbname", "user", "password", "host", "port")
    }


def blocked(other: "psycopg.Connection[Any]") -> bool:
    found = other.execute(
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    ).fetchone()
    return bool(found and found[0])


def wait_for(what: Callable[[], Any], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.1)


def runs(job: ImportJob) -> list[int]:
    """The processes that work on this import."""
    marked = str(job.pk).encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if marked in (process / "cmdline").read_bytes():
                found.append(int(process.name))
    return found


def test_03b_a_killed_worker_takes_its_run_along_and_another_does_it_once(staff: Client, tmp_path: Path) -> None:
    send(staff, places(tmp_path, (0, 0), (100, 100)))
    job = ImportJob.objects.get()
    env = {**environment(str(connection.settings_dict["NAME"])), "WORKER_HEARTBEAT": "0.5"}
    with psycopg.connect(**dsn()) as other, working(env) as first:
        other.execute("LOCK TABLE regions_place IN ACCESS EXCLUSIVE MODE")
        jobs.start(job, dry_run=False)
        assert "Arbeitsprozess" in jobs.progress(job) or runs(job)
        wait_for(lambda: blocked(other))
        assert runs(job)
        first.kill()
        wait_for(lambda: not runs(job))
        other.rollback()
        assert Place.objects.count() == 0
    assert jobs.refresh(job).state == State.RUNNING
    with working(env):
        wait_for(lambda: jobs.refresh(ImportJob.objects.get()).state == State.DONE)
    job.refresh_from_db()
    assert (job.report["created"], Place.objects.count()) == (2, 2)


def test_03c_a_run_that_had_ended_when_its_worker_died_is_not_run_again(staff: Client, tmp_path: Path) -> None:
    send(staff, places(tmp_path, (0, 0)))
    job = ImportJob.objects.get()
    jobs.start(job, dry_run=False)
    (jobs.folder(job) / "exit").write_text("0\n")
    (jobs.folder(job) / "out.json").write_text(json.dumps({"created": 7, "change": None}))
    run_import(Progress(0, lambda: False), number=str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.report["created"], Place.objects.count()) == (State.DONE, 7, 0)
    run_import(Progress(0, lambda: False), number=str(job.pk))
    assert not runs(job)


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00 kein Geodatenformat", b"\x00" * 100])
def test_04_what_is_no_geodata_is_refused_and_not_kept(staff: Client, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "orte.gpkg"
    file.write_bytes(content)
    assert send(staff, file).status_code == 400
    assert not ImportJob.objects.exists()
    assert list((tmp_path / "media/imports").iterdir()) == []


def test_05_bombs_and_hostile_names_are_refused(staff: Client, tmp_path: Path) -> None:
    bomb = tmp_path / "bombe.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", b"0" * 60_000_000)
    refused = send(staff, bomb)
    assert (refused.status_code, refused.json()["code"]) == (400, "zip-bomb")
    with zipfile.ZipFile(bomb, "w") as archive:
        archive.writestr("../../a.geojson", b"{}")
    assert send(staff, bomb).json()["code"] == "zip-path"
    good = places(tmp_path, (0, 0))
    from django.core.files.uploadedfile import SimpleUploadedFile

    sent = SimpleUploadedFile("../../etc/ö; rm -rf $x.gpkg", good.read_bytes())
    assert staff.post("/import/upload", {"file": sent, "layer": "places"}).status_code == 302
    job = ImportJob.objects.get()
    assert jobs.path_of(job).parent == jobs.folder(job)
    assert not set(job.file) & set("/;$ ")


def test_06_too_large_is_refused_while_it_comes(staff: Client, tmp_path: Path) -> None:
    file = tmp_path / "gross.csv"
    # A little too large: refused in words; far too large: before anything of it is kept.
    for lines, code in ((300_000, "file-too-big"), (600_000, "malformed")):
        file.write_bytes(b"x,y\n" + b"1,2\n" * lines)
        with override_settings(UPLOAD_MAX_MB=1):
            refused = send(staff, file)
        assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert list((tmp_path / "media/imports").iterdir()) == []


def test_07_who_may(client: Client, staff: Client, tmp_path: Path) -> None:
    file = places(tmp_path, (0, 0))
    send(staff, file)
    job = ImportJob.objects.get()
    addresses = ["/import/", f"/import/{job.pk}/", f"/import/{job.pk}/state"]
    other = Client()
    for address in addresses:
        assert other.get(address).status_code == 401
    other.force_login(factories.citizen())
    for address in addresses:
        assert other.get(address).status_code == 403
    assert send(other, file).status_code == 403
    # Somebody else's import is none of theirs, not even to stop; operators see all.
    other.force_login(factories.member(Role.STAFF, factories.organisation("fern"), email="fern@example.org"))
    for path in ("", "state"):
        assert other.get(f"/import/{job.pk}/{path}").status_code == 404
    for path in ("run", "stop", "undo"):
        assert other.post(f"/import/{job.pk}/{path}").status_code == 404
    assert job.file not in other.get("/import/").content.decode()
    other.force_login(factories.operator())
    assert other.get(f"/import/{job.pk}/").status_code == 200
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(job.user)
    assert send(strict, file).status_code == 403


def test_08_one_run_at_a_time_and_no_column_that_is_not_there(staff: Client, tmp_path: Path) -> None:
    send(staff, places(tmp_path, (0, 0)))
    job = ImportJob.objects.get()
    refused = staff.post(f"/import/{job.pk}/run", {"field_name": "nmae"})
    assert (refused.status_code, refused.json()["code"]) == (400, "no-such-column")
    jobs.start(job, dry_run=True)
    busy = staff.post(f"/import/{job.pk}/run", {"field_name": "name", "run": "real"})
    assert busy.json()["code"] == "import-busy"


def test_09_a_run_that_was_taken_out_of_the_queue_is_seen(staff: Client, tmp_path: Path) -> None:
    send(staff, places(tmp_path, (0, 0)))
    job = ImportJob.objects.get()
    jobs.start(job, dry_run=True)
    answer = staff.get(f"/import/{job.pk}/state").json()
    assert answer == {"state": State.RUNNING, "progress": "wartet, bis ein Arbeitsprozess frei ist"}
    assert staff.post(f"/import/{job.pk}/stop").status_code == 302
    assert staff.get(f"/import/{job.pk}/state").json()["state"] == State.STOPPED
    with connection.cursor() as cursor:
        jobs.start(job, dry_run=True)
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = %s", [job.task])
        cursor.execute(
            "INSERT INTO tasks_progress (job_id, percent, text_de, text_en, error_code, updated_at) VALUES (%s, 0, '', '', 'worker-died', now())",
            [job.task],
        )
        assert staff.get(f"/import/{job.pk}/state").json()["state"] == State.REFUSED
        job.refresh_from_db()
        assert "worker-died" in job.error
        jobs.start(job, dry_run=True)
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    assert staff.get(f"/import/{job.pk}/state").json()["state"] == State.STOPPED
