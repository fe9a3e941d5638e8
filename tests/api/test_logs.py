"""The log: one JSON object a line, with what an operator needs, and nothing of anybody's data."""

import json
import logging
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import transaction
from django.test import Client

from gisapp.observe.access import pattern
from gisapp.observe.config import configuration
from gisapp.observe.logs import Json, Plain
from gisapp.observe.redaction import LONGEST, redact, told, trace
from tests.db.test_serve_stops import free_port
from tests.processes import children, on_test_database

SECRET, EMAIL, NAME, QUERY = "hunter2-Geheimwort", "frieda.geheim@amt.example", "Tausendschön", "suchwort-privat"
PATH_KEY, BEARER, COOKIE = "schluessel-im-pfad", "tok-9f8e7d6c5b4a", "sitzung-1a2b3c4d"
PLANTED = (
    SECRET,
    EMAIL,
    "frieda",
    NAME,
    "Geheimrat",
    QUERY,
    PATH_KEY,
    BEARER,
    COOKIE,
    "streng-geheim",
    "84.17.9.3",
    "AGE-SECRET-KEY-1Q",
)


class Server:
    """A real `gisapp serve` on the test's database; its stderr is the log."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.port, self.file = free_port(), folder / "log"
        env = {
            **on_test_database(), "GISAPP_URLS": "tests.api.failing_urls", "LOG_FORMAT": "json", "LOG_LEVEL": "DEBUG",
            **more,
        }  # fmt: skip
        command = [sys.executable, "-m", "gisapp", "serve", "--port", str(self.port), "--workers", "2"]
        with self.file.open("wb") as log:
            self.process = subprocess.Popen(command, env=env, stderr=log, stdout=log)
        until = time.monotonic() + 30
        while self.ask("/healthz")[0] != 200:
            assert time.monotonic() < until, self.file.read_text()
            time.sleep(0.1)

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, Any, bytes]:
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()
        except OSError:
            return 0, {}, b""

    def stop(self) -> str:
        self.process.terminate()
        self.process.wait(timeout=15)
        return self.file.read_text()


@pytest.fixture
def server(tmp_path: Path, transactional_db: None) -> Iterator[Server]:
    made = Server(tmp_path)
    try:
        yield made
    finally:
        made.stop()


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_01_no_way_of_failing_brings_a_secret_into_the_log(server: Server) -> None:
    form = {"email": EMAIL, "password": SECRET, "username": EMAIL}
    headers = {
        "Authorization": f"Bearer {BEARER}",
        "Cookie": f"sessionid={COOKIE}; a=b",
        "X-Forwarded-For": "84.17.9.3",
    }
    name = urllib.parse.quote(NAME)
    assert server.ask(f"/fault/{PATH_KEY}/?q={QUERY}&name={name}", **headers)[0] == 500
    for path in ("/value/", "/detail/", "/duplicate/", "/unwary/"):
        status, _, body = server.ask(path, form, **headers, Accept="text/html")
        assert status in {403, 500}, path  # Django's CSRF refusal comes first: next test looks behind it
        assert SECRET.encode() not in body
    assert server.ask("/konto/anmelden/", form, **headers)[0] == 403
    assert server.ask(f"/{PATH_KEY}?q={QUERY}", **headers)[0] == 404
    assert server.ask("/", Host=f"{QUERY}.example")[0] == 400
    assert server.ask(f"/api/search?q={QUERY}&{EMAIL}")[0] in {200, 400}
    assert_clean(server.stop())


def assert_clean(text: str) -> None:
    assert [one for one in PLANTED if one.lower() in text.lower()] == [], text
    for line in text.splitlines():
        assert isinstance(json.loads(line), dict), line


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/fault/x/", "/value/", "/detail/", "/duplicate/", "/unwary/"])
def test_02_behind_the_forms_protection(path: str, settings: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """In this process, where no CSRF check stands before the views: both forms of the log, at the loudest level."""
    settings.ROOT_URLCONF = "tests.api.failing_urls"
    client = Client(raise_request_exception=False)
    for form in ("json", "plain"):
        with spoken(form), transaction.atomic():  # what the view breaks is undone, or it would break the next
            response = client.post(
                f"{path}?q={QUERY}&name={NAME}", {"email": EMAIL, "password": SECRET},
                headers={"Authorization": f"Bearer {BEARER}", "Cookie": f"sessionid={COOKIE}"},
            )  # fmt: skip
            transaction.set_rollback(True)
        assert response.status_code in {409, 500}
        log = capfd.readouterr().err
        assert [one for one in PLANTED if one.lower() in log.lower()] == [], log
        if response.status_code == 500:
            assert path.strip("/").split("/")[0] in log
            assert "failing_urls.py" in log  # the place in the code stays: without it nobody can mend anything


class spoken:
    """Django's logging as the settings of `form` make it, and pytest's afterwards."""

    def __init__(self, form: str) -> None:
        self.form = form

    def __enter__(self) -> None:
        import logging.config

        self.kept = (logging.root.handlers[:], logging.root.level)
        logging.config.dictConfig(configuration(self.form, "DEBUG", access=True))

    def __exit__(self, *problem: object) -> None:
        from django.conf import settings

        logging.config.dictConfig(settings.LOGGING)
        logging.root.handlers[:], logging.root.level = self.kept


def test_03_the_access_line(server: Server) -> None:
    status, headers, body = server.ask(f"/api/search?q={QUERY}", **{"X-Request-ID": "proxy-0123456789"})
    assert (status, headers["X-Request-ID"]) == (200, "proxy-0123456789")
    made = server.ask("/stream/", **{"X-Request-ID": f"x {EMAIL}"})[1]["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{16}", made)
    assert server.ask("/nix")[0] == 404
    assert server.ask("/readyz")[0] in {200, 503}
    found = {line["route"]: line for line in lines(server.stop()) if line["logger"] == "gisapp.access"}
    assert set(found) == {"/api/search", "/stream/", "-"}
    line = found["/api/search"]
    assert set(line) == {"time", "level", "logger", "method", "route", "status", "ms", "bytes", "request_id"}
    assert (line["method"], line["status"], line["bytes"], line["request_id"]) == (
        "GET",
        200,
        len(body),
        "proxy-0123456789",
    )
    assert line["ms"] > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert (found["/stream/"]["bytes"], found["/stream/"]["request_id"]) == (3000, made)
    assert found["-"]["status"] == 404


def test_04_a_fault_is_found_by_its_request(server: Server) -> None:
    number = server.ask("/fault/x/?name=y", Accept="application/json")[1]["X-Request-ID"]
    fault = next(line for line in lines(server.stop()) if line["level"] == "ERROR")
    assert (fault["request_id"], fault["route"], fault["method"], fault["status"]) == (
        number,
        "/fault/<key>/",
        "GET",
        500,
    )
    assert "builtins" not in fault["exception"]
    assert "ValueError: […]" in fault["exception"]
    assert "KeyError: […]" in fault["exception"]
    assert "failing_urls.py" in fault["exception"]


def test_05_granians_own_lines_are_json_too(server: Server) -> None:
    """A web process that is killed is replaced, and the server says so in our form."""
    os.kill(children(server.process.pid)[0], 9)
    until = time.monotonic() + 20
    while not any(line["logger"] == "_granian" for line in lines(server.file.read_text())):
        assert time.monotonic() < until
        time.sleep(0.2)
    assert server.ask("/healthz")[0] == 200


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("an frieda.geheim@amt.example gesendet", "an [e-mail] gesendet"),
        ("postgresql://u:p@ss/w@h:5432/db", "postgresql://[…]@ss/w@h:5432/db"),
        ("postgresql://u:p%40ss@h:5432/db", "postgresql://[…]@h:5432/db"),
        ("smtp://u@x:p@mail.example", "smtp://[…]@mail.example"),
        ("Authorization: Basic QWxhZGRpbjpvcGVu", "Authorization: […]"),
        ("{'Cookie': 'sessionid=1; a=2', 'X': 1}", "{'Cookie: […]"),
        ("sent Bearer abcdef123456", "sent Bearer […]"),
        ("password=abc, user=x", "password=[…], user=x"),
        ('"new_password1": "a b c", "x": 1', '"new_password1": […], "x": 1'),
        ("GET /x?token=abc&y=2", "GET /x?token=[…]&y=2"),
        ("eyJhbGciOi.eyJzdWIi.sig-x", "[…]"),
        ("id 3f2504e04f8941d39a0c0305e82c3301aa end", "id […] end"),
        ("from 84.17.9.3 to 10.0.0.1 and 127.0.0.1", "from [address] to 10.0.0.1 and 127.0.0.1"),
        ("from 2a02:8109:9440::1", "from [address]"),
        ("version 3.3.2 at 12:30:45", "version 3.3.2 at 12:30:45"),
        ("ERROR: x\nDETAIL:  Key (a)=(b)\nHINT: y", "ERROR: x\nDETAIL: […]\nHINT: y"),
        ("ERROR: x\nZEILE 1: SELECT 'geheim'\n    ^", "ERROR: x\nZEILE 1: […]"),
        ("layers/regions/migrations/0001_initial.py", "layers/regions/migrations/0001_initial.py"),
    ],
)  # fmt: skip
def test_06_what_the_net_catches(given: str, wanted: str) -> None:
    if "p@ss/w" in given:
        assert "u:p" not in redact(given)
    else:
        assert redact(given) == wanted


@pytest.mark.parametrize("endless", ["a" * 500_000, "a1" * 250_000, "a." * 250_000, "token" * 100_000, ":" * 500_000])
def test_06b_the_net_is_not_torn_by_a_long_line(endless: str) -> None:
    """Work that grows with the square of the length would hold up the process; the suite's time limit would tell."""
    assert len(redact(endless)) <= LONGEST + 10


@pytest.mark.django_db
def test_07_a_database_error_is_told_by_its_names() -> None:
    from gisapp.accounts.models import User

    User.objects.create_user(EMAIL, SECRET)
    with pytest.raises(Exception, match=r"duplicate|doppelt") as caught:
        User.objects.create_user(EMAIL, SECRET)
    line = told(caught.value)
    assert (
        line
        == "django.db.utils.IntegrityError: SQLSTATE 23505, table accounts_user, constraint accounts_user_email_key"
    )
    assert EMAIL not in trace(caught.value)
    assert "psycopg.errors.UniqueViolation" in trace(caught.value)


def test_08_what_python_says_about_the_code_stays() -> None:
    with pytest.raises(AttributeError) as caught:
        object().nix  # type: ignore[attr-defined]  # noqa: B018
    assert told(caught.value) == "AttributeError: 'object' object has no attribute 'nix'"
    assert told(FileNotFoundError(2, "No such file", "/home/frieda/x")) == "FileNotFoundError: [Errno 2] No such file"
    assert told(ValueError(EMAIL)) == "ValueError: […]"
    assert told(psycopg.OperationalError(f"password=abc {EMAIL}")) == "psycopg.OperationalError: password=[…] [e-mail]"


@pytest.mark.parametrize("formatter", [Json(), Plain()])
def test_09_the_record_itself_stays_as_it_was(formatter: logging.Formatter) -> None:
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "to %s", (EMAIL,), None)
    assert "[e-mail]" in formatter.format(record)
    assert record.getMessage() == f"to {EMAIL}"


@pytest.mark.parametrize(
    ("route", "wanted"),
    [
        (
            r"tiles/^(?P<names>[a-z0-9_,-]+)/(?P<z>\d{1,2})/(?P<x>\d{1,7})/(?P<y>\d{1,7})\.mvt$",
            "/tiles/<names>/<z>/<x>/<y>.mvt",
        ),
        ("map/detail/<slug:name>/<str:key>", "/map/detail/<name>/<key>"),
        ("", "/"),
    ],
)
def test_10_patterns_are_readable(route: str, wanted: str) -> None:
    assert pattern(route) == wanted
