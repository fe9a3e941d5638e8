"""Backups with real pg_dump and pg_restore: whole or not at all, checked before anything is touched, proved by restoring."""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest
from django.db import connection
from django.utils import timezone

from gisapp.accounts.models import User
from gisapp.backup import archive, databases, programs, restoring, saving, sealing
from gisapp.backup.errors import BackupError
from gisapp.commands.backup import BACKUP, RESTORE
from gisapp.mail import outbox
from gisapp.mail.models import Outgoing
from gisapp.registry.facts import get, put
from layers.regions.models import Place
from tests import factories
from tests.processes import on_test_database

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    settings.MEDIA_ROOT = folder
    (folder / "fotos/2026").mkdir(parents=True)
    (folder / "fotos/2026/Schlagloch ü.jpg").write_bytes(os.urandom(70_000))
    (folder / "leer.txt").write_bytes(b"")
    (folder / "plan.pdf").write_bytes(b"plan")
    (folder / "hinaus").symlink_to("/etc/passwd")
    return folder


@pytest.fixture(autouse=True)
def nothing_left_over(transactional_db: None) -> Iterator[None]:
    """No test leaves a database beside ours."""
    before = names()
    yield
    assert names() == before


def names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def fill() -> None:
    factories.place("Haby")
    factories.place("Groß Wittensee", x=500)
    factories.address(factories.street(), "12 a")
    User.objects.create_user("frieda@amt.example", "ein langes Passwort")
    put("fact", "value")


def run(command: Any, file: Path, **given: Any) -> int:
    values = {
        "file": file, "force": False, "json": True, "key": None, "verify": False, "new_key": False, "encrypt_to": "",
        "keep_old": False, **given,
    }  # fmt: skip
    return int(command.run(argparse.Namespace(**values)))


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return dict(json.loads(capsys.readouterr().out.strip().splitlines()[-1]))


def content() -> dict[str, int]:
    with databases.connect(databases.current()) as reader:
        return {name: rows for name, rows in databases.counts(reader, ("gisapp_table_version",)).items() if rows}


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in archive.media_files(folder)}


@pytest.mark.parametrize("encrypted", [False, True])
def test_01_there_and_back(media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], encrypted: bool) -> None:
    fill()
    key = tmp_path / "key"
    public = ""
    if encrypted:
        assert run(BACKUP, key, new_key=True) == 0
        public = said(capsys)["public"]
        assert key.stat().st_mode & 0o777 == 0o600
    file = tmp_path / "a.backup"
    assert run(BACKUP, file, encrypt_to=public) == 0
    told = said(capsys)
    assert (told["ok"], told["encrypted"], told["media"]["entries"]) == (True, encrypted, 3)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes().startswith(sealing.AGE) is encrypted
    assert not (encrypted and b"frieda@amt.example" in file.read_bytes())
    before, pictures, columns = content(), files(media), shape()
    wanted = key if encrypted else None
    assert run(BACKUP, file, verify=True, key=wanted) == 0
    assert said(capsys)["verified"] is True

    Place.objects.all().delete()
    User.objects.create_user("spaeter@amt.example", "x")
    (media / "plan.pdf").unlink()
    (media / "neu.txt").write_bytes(b"neu")
    assert run(RESTORE, file, key=wanted, force=True) == 0, capsys.readouterr()
    assert said(capsys)["restored"] is True
    after = content()
    for name in ("django_migrations", "auth_permission", "django_content_type", *before):
        assert after[name] == before[name], name
    assert set(Place.objects.values_list("name", flat=True)) == {"Haby", "Groß Wittensee"}
    assert get("fact") == "value"
    assert files(media) == pictures
    assert sorted(path.name for path in media.iterdir()) == ["fotos", "leer.txt", "plan.pdf"]
    assert shape() == columns
    # Sequences go on where they were, generated columns and rules work.
    assert factories.place("Neu").pk > max(Place.objects.exclude(name="Neu").values_list("pk", flat=True))


def shape() -> list[tuple[Any, ...]]:
    """Columns, rules, indexes, triggers, functions and rights: all that a restore could lose."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type, is_nullable, coalesce(column_default, ''), is_generated FROM information_schema.columns "
            "WHERE table_schema = 'public' UNION ALL SELECT indexname, indexdef, '', '', '', '' FROM pg_indexes WHERE schemaname = 'public' "
            "UNION ALL SELECT conname, pg_get_constraintdef(oid), '', '', '', '' FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
            "UNION ALL SELECT tgname, pg_get_triggerdef(oid), '', '', '', '' FROM pg_trigger WHERE NOT tgisinternal "
            "UNION ALL SELECT relname, coalesce((SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(relacl) a), ''), '', '', '', '' FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v') "
            "UNION ALL SELECT proname, pg_get_functiondef(p.oid), '', '', '', '' FROM pg_proc p WHERE proname LIKE 'gisapp%%' "
            "UNION ALL SELECT extname, extversion, '', '', '', '' FROM pg_extension "
            "UNION ALL SELECT 'acl', coalesce(defaclacl::text, ''), defaclobjtype::text, '', '', '' FROM pg_default_acl ORDER BY 1, 2, 3"
        )
        return list(cursor.fetchall())


def test_02_a_file_that_exists_stays(media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.backup"
    file.write_text("kostbar")
    assert run(BACKUP, file) == 1
    assert said(capsys)["code"] == "backup-exists"
    assert file.read_text() == "kostbar"
    assert run(BACKUP, file, force=True) == 0
    assert archive.read(file, None).product == "krit-gis"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.backup", "media"]


def cli(*arguments: str, limit: int = 0, **env: str) -> "subprocess.Popen[str]":
    """A real `gisapp` on the test's database; `limit` is the longest file that it may write, as a full disk would."""

    def limited() -> None:
        if limit:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-m", "gisapp", *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**on_test_database(), "LANG": "de_DE.UTF-8", **env},
        preexec_fn=limited,
    )  # fmt: skip


@pytest.mark.parametrize("encrypted", [False, True])
def test_03_a_full_disk_leaves_nothing_half(media: Path, tmp_path: Path, encrypted: bool) -> None:
    (media / "gross.bin").write_bytes(os.urandom(3_000_000))
    file = tmp_path / "out/a.backup"
    file.parent.mkdir()
    file.write_text("die alte")
    more = ["--encrypt-to", str(pyrage.x25519.Identity.generate().to_public())] if encrypted else []
    process = cli("backup", str(file), "--force", "--json", *more, limit=1_000_000, MEDIA_ROOT=str(media))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert json.loads(out)["code"] == "backup-failed"
    assert [path.name for path in file.parent.iterdir()] == ["a.backup"]
    assert file.read_text() == "die alte"


def test_04_killed_at_any_moment_the_file_is_whole_or_not_there(media: Path, tmp_path: Path) -> None:
    (media / "gross.bin").write_bytes(os.urandom(20_000_000))
    fill()
    folder = tmp_path / "out"
    folder.mkdir()
    file = folder / "a.backup"
    process = cli("backup", str(file), MEDIA_ROOT=str(media))
    until = time.monotonic() + 30
    while not list(folder.glob(".a.backup.part-*")):
        assert time.monotonic() < until
        assert process.poll() is None
    process.kill()
    process.communicate()
    assert not file.exists()
    # The next one is not held up by what the dead one left.
    again = cli("backup", str(file), "--json", MEDIA_ROOT=str(media))
    assert again.wait(timeout=60) == 0, again.communicate()
    assert archive.read(file, None).media.entries == 4
    process = cli("backup", str(folder / "b.backup"), MEDIA_ROOT=str(media))
    while not list(folder.glob(".b.backup.part-*")):
        assert process.poll() is None
    process.terminate()
    assert process.wait(timeout=30) == 130
    process.communicate()
    assert not list(folder.glob("*b.backup*")), "who is asked to end cleans up"


def damaged(file: Path, how: str) -> Path:
    data = bytearray(file.read_bytes())
    if how == "bit":
        data[len(data) // 2] ^= 1
    elif how == "cut":
        del data[-100:]
    elif how == "half":
        del data[len(data) // 2 :]
    elif how == "nothing":
        data = bytearray(b"")
    elif how == "other":
        data = bytearray(b"PK\x03\x04 keine Sicherung")
    target = file.with_name(f"{how}.backup")
    target.write_bytes(data)
    return target


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("how", ["bit", "cut", "half", "nothing", "other", "missing"])
def test_05_damaged_files_are_refused_before_anything_is_touched(
    media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str, encrypted: bool
) -> None:
    fill()
    identity = pyrage.x25519.Identity.generate()
    key = tmp_path / "key"
    key.write_text(str(identity))
    file = tmp_path / "a.backup"
    saving.save(file, force=False, to=str(identity.to_public()) if encrypted else "")
    broken = damaged(file, how) if how != "missing" else tmp_path / "gibt-es-nicht"
    before, pictures, there = content(), files(media), names()
    assert run(RESTORE, broken, force=True, key=key) == 1
    assert said(capsys)["code"] == ("backup-unreadable" if how == "missing" else "backup-damaged")
    assert (content(), files(media), names()) == (before, pictures, there)
    assert not list(media.glob(".*"))
    assert run(BACKUP, broken, verify=True, key=key) == 1


def test_06_without_the_right_key(media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, other, nothing = tmp_path / "a.backup", tmp_path / "other", tmp_path / "nothing"
    saving.save(file, force=False, to=str(pyrage.x25519.Identity.generate().to_public()))
    sealing.new_key(other)
    nothing.write_text("kein Schlüssel")
    for key, code in ((None, "backup-encrypted"), (other, "backup-wrong-key"), (nothing, "backup-bad-key")):
        assert run(RESTORE, file, key=key, force=True) == 1
        assert said(capsys)["code"] == code
    assert run(BACKUP, tmp_path / "b", encrypt_to="age1quatsch") == 1
    assert said(capsys)["code"] == "backup-bad-key"
    assert run(BACKUP, other, new_key=True) == 1
    assert said(capsys)["code"] == "backup-exists"
    # The file of a secret key serves as well, and whoever has it can read it with any age program.
    saving.save(tmp_path / "c", force=False, to=str(other))
    assert archive.read(tmp_path / "c", other).product == "krit-gis"


def test_07_data_is_replaced_only_when_told_to(media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.backup"
    saving.save(file, force=False)
    fill()
    before = content()
    assert run(RESTORE, file) == 1
    told = said(capsys)
    assert told["code"] == "restore-not-empty"
    assert "accounts_user: 1" in told["text"]
    assert content() == before
    assert run(RESTORE, file, force=True) == 0
    capsys.readouterr()
    assert databases.own_rows() == {}
    assert run(RESTORE, file) == 0, "a database without anybody's rows needs no force"


def test_08_what_a_newer_version_wrote_is_refused(
    media: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.backup"
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('regions', '9999_future', now())")
        try:
            saving.save(file, force=False)
        finally:
            cursor.execute("DELETE FROM django_migrations WHERE name = '9999_future'")
    assert run(RESTORE, file, force=True) == 1
    assert said(capsys)["code"] == "backup-too-new"


def test_09_an_older_backup_is_brought_to_this_version_and_its_time_is_counted(media: Path, tmp_path: Path) -> None:
    """Migrations run, old texts of mails are forgotten, waiting mails are held; all before anybody sees the database."""
    outbox.send("test", "frieda@amt.example", "de", {}, "waiting")
    outbox.send("test", "frieda@amt.example", "de", {}, "old")
    old = timezone.now() - timezone.timedelta(days=40)
    Outgoing.objects.filter(key="old").update(state="sent", done_at=old)
    with connection.cursor() as cursor:
        # As before registry 0002: the table and its note are missing.
        cursor.execute("DROP TABLE registry_fact")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'registry' AND name = '0002_fact'")
        try:
            manifest = _save_without_fact(tmp_path / "a.backup")
        finally:
            cursor.execute("CREATE TABLE registry_fact (name text PRIMARY KEY, value text NOT NULL)")
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('registry', '0002_fact', now())")
    assert "registry_fact" not in manifest.tables
    restoring.restore(tmp_path / "a.backup", None, force=True, keep_old=False, say=print)
    found = {mail.key: mail for mail in Outgoing.objects.all()}
    assert (found["old"].state, found["old"].recipient) == ("sent", "")
    assert (found["waiting"].state, found["waiting"].error_code) == ("dead", "mail-held")
    put("works", "again")


def _save_without_fact(path: Path) -> archive.Manifest:
    """The note about the last backup has no table to go to then."""
    with path.open("wb") as file:
        return saving._write(file, [])


def test_10_a_trial_that_does_not_agree_fails(media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill()
    file = tmp_path / "a.backup"
    real = databases.counts
    monkeypatch.setattr(databases, "counts", lambda reader, without=(): {**real(reader, without), "regions_place": 7})
    saving.save(file, force=False)
    monkeypatch.setattr(databases, "counts", real)
    with pytest.raises(BackupError, match="backup-differs"):
        restoring.verify(file, None)
    with pytest.raises(BackupError, match="backup-differs"):
        restoring.restore(file, None, force=True, keep_old=False, say=print)
    assert Place.objects.count() == 2


def test_11_a_backup_is_of_one_moment(media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are committed between counting and dumping are in neither."""
    fill()
    real = saving._dump

    def late(*given: Any) -> Any:
        factories.place("Zu spät")
        return real(*given)

    monkeypatch.setattr(saving, "_dump", late)
    file = tmp_path / "a.backup"
    saving.save(file, force=False)
    assert archive.read(file, None).tables["regions_place"] == 2
    assert restoring.verify(file, None)["verified"]


def test_12_the_old_may_be_kept_and_servers_come_back(media: Path, tmp_path: Path) -> None:
    """A connection of a running server is sent away, finds the restored database, and nothing else changes for it."""
    fill()
    file = tmp_path / "a.backup"
    saving.save(file, force=False)
    Place.objects.all().delete()
    there = names()
    server = databases.connect(databases.current())
    server.execute("SELECT 1")
    restoring.restore(file, None, force=True, keep_old=True, say=print)
    with pytest.raises(psycopg.OperationalError):
        server.execute("SELECT 1")
    with databases.connect(databases.current()) as again:
        assert databases.counts(again)["regions_place"] == 2
    (old,) = names() - there
    with databases.connect(old) as kept:
        assert databases.counts(kept)["regions_place"] == 0
    databases.drop(old)
    (aside,) = [path for path in media.iterdir() if path.name.startswith(".before-")]
    assert "plan.pdf" in {path.name for path in aside.iterdir()}
    assert not any(name.startswith(".before") for name in files(media)), "what is kept is in no backup"


def test_13_media_that_cannot_be_swapped_leave_all_as_it_was(
    media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()
    file = tmp_path / "a.backup"
    saving.save(file, force=False)
    Place.objects.all().delete()
    pictures = files(media)
    real = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if ".restoring-" in str(self):
            raise OSError(28, "No space left on device", str(self))
        return real(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(BackupError, match="No space left"):
        restoring.restore(file, None, force=True, keep_old=False, say=print)
    monkeypatch.undo()
    assert Place.objects.count() == 0, "the database is the old one too"
    assert {name: data for name, data in files(media).items() if not name.startswith(".")} == pictures


def test_14_a_given_empty_database_by_its_address(media: Path, tmp_path: Path) -> None:
    """DATABASE_URL of somebody else's server, whose user may create nothing: filled directly; refused when not empty."""
    fill()
    file = tmp_path / "a.backup"
    saving.save(file, force=False)
    socket = connection.settings_dict["HOST"]
    with databases.fresh("elsewhere") as name, databases.connect("postgres", autocommit=True) as admin:
        guest = f"guest_{os.getpid()}"
        superuser = psycopg.connect(host=socket, user="postgres", dbname=name, autocommit=True)
        superuser.execute(f"CREATE ROLE {guest} LOGIN")
        try:
            superuser.execute(f"GRANT ALL ON SCHEMA public TO {guest}")
            superuser.execute(f"GRANT ALL ON DATABASE {name} TO {guest}")
            url = f"postgresql://{guest}@/{name}?host={socket}"
            folder = tmp_path / "elsewhere"
            given = {"DATABASE_URL": url, "MEDIA_ROOT": str(folder)}
            process = cli("restore", str(file), "--json", **given)
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, out + err
            assert files(folder).keys() == files(media).keys()
            row = superuser.execute("SELECT count(*) FROM regions_place").fetchone()
            assert row == (2,)
            process = cli("restore", str(file), "--json", **given)
            out, _ = process.communicate(timeout=120)
            assert (process.returncode, json.loads(out)["code"]) == (1, "restore-not-empty")
            process = cli("restore", str(file), "--json", "--force", **given)
            out, _ = process.communicate(timeout=120)
            assert (process.returncode, json.loads(out)["code"]) == (1, "restore-no-right")
            process = cli("backup", str(tmp_path / "b.backup"), "--json", **given)
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, out + err
        finally:
            superuser.execute(f"DROP OWNED BY {guest} CASCADE")
            superuser.execute(f"DROP ROLE {guest}")
            superuser.close()
        assert admin.execute("SELECT 1").fetchone() == (1,)


def test_15_usage_and_exit_codes(media: Path, tmp_path: Path) -> None:
    for arguments in (["backup"], ["restore"], ["backup", "x", "--nix"], ["backup", "x", "--verify", "--new-key"]):
        process = cli(*arguments)
        process.communicate(timeout=30)
        assert process.returncode == 2, arguments
    process = cli("backup", str(tmp_path / "nirgends/a.backup"))
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "nirgends" in err and "Traceback" not in err


def test_16_names_that_lead_out_of_the_media_directory_are_refused(media: Path, tmp_path: Path) -> None:
    for name in ("media/../../x", "/etc/x", "media/", "other/x", "media/a/../../x"):
        assert archive._safe(name) is None, name
    assert str(archive._safe("media/a/b ü.jpg")) == "a/b ü.jpg"


def test_17_programs_are_those_of_the_server_or_newer(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(13, ["old"], {}), (99, ["newest"], {}), (programs.server_major(), ["same"], {})]
    monkeypatch.setattr(programs, "_candidates", lambda _name: found)
    program, env = programs.command("pg_dump", "x y")
    assert (program, env["PGDATABASE"]) == (["same"], "x y")
    monkeypatch.setattr(programs, "_candidates", lambda _name: found[:1])
    with pytest.raises(BackupError, match="backup-no-program"):
        programs.command("pg_dump", "x")


def test_18_the_age_of_the_last_backup_is_a_metric(media: Path, tmp_path: Path, client: Any) -> None:
    from gisapp.observe import exposition

    saving.save(tmp_path / "a.backup", force=False)
    exposition.forget()
    assert b"gisapp_backup_age_seconds" in client.get("/metrics").content
