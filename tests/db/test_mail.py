"""The outbox with a real mail server: working, away, refusing, dying in the middle; and a worker that is killed."""

import email
import json
import os
import smtplib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session
from django.db import connection, transaction
from django.utils import timezone

from gisapp.errors import BadInput
from gisapp.mail import delivery, outbox, transport
from gisapp.mail.models import Outgoing, State
from gisapp.tasks import overview
from gisapp.tasks.declare import DECLARED
from tests.db.test_serve_stops import free_port
from tests.db.test_tasks import Hire, hire, wait_for  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


class Office:
    """What the server's side decides and has seen. `answers` are replies to RCPT by recipient, `data` to DATA."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.data = "250 OK"
        self.taken: list[EmailMessage] = []
        self.on_data: Any = None

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        made = email.message_from_bytes(content, policy=default)
        assert isinstance(made, EmailMessage)
        self.taken.append(made)
        if self.on_data:
            self.on_data(server)
        return self.data


@pytest.fixture
def office(settings: Any) -> Iterator[Office]:
    made = Office()
    control = Controller(made, hostname="127.0.0.1", port=free_port())
    control.start()
    settings.EMAIL_URL = f"smtp://127.0.0.1:{control.port}?tls=none"
    try:
        yield made
    finally:
        control.stop()


def ask(key: str = "k", to: str = "frieda@amt.example", language: str = "de") -> Outgoing:
    assert outbox.send("test", to, language, {}, key)
    return Outgoing.objects.get(key=key)


def due_now() -> None:
    Outgoing.objects.update(due_at=timezone.now())


def test_01_a_mail_in_two_languages_with_text_and_html(office: Office, settings: Any) -> None:
    settings.SITE_NAME, settings.PUBLIC_URL = "Amt <Müller & Söhne>", "https://karte.amt.example"
    settings.MAIL_REPLY_TO = "buero@amt.example"
    german, english = ask("a"), ask("b", language="en")
    assert delivery.deliver_due() == 2
    first, second = office.taken
    assert first["Subject"] == "Probemail von Amt <Müller & Söhne>"
    assert second["Subject"] == "Trial mail from Amt <Müller & Söhne>"
    text, html = first.get_body(("plain",)), first.get_body(("html",))
    assert text and html
    assert "diese Mail zeigt, dass Amt <Müller & Söhne> Mails" in text.get_content()
    assert "Amt &lt;Müller &amp; Söhne&gt;" in html.get_content()
    assert 'lang="de"' in html.get_content()
    assert first["Message-ID"] == f"<{german.pk}@karte.amt.example>"
    assert second["Message-ID"] == f"<{english.pk}@karte.amt.example>"
    assert (first["To"], first["Reply-To"], first["Auto-Submitted"]) == (
        "frieda@amt.example",
        "buero@amt.example",
        "auto-generated",
    )
    assert "krit-gis@karte.amt.example" in first["From"]
    assert set(Outgoing.objects.values_list("state", "tries", "error_code")) == {(State.SENT, 1, "")}
    assert delivery.deliver_due() == 0


def test_02_asked_twice_sent_once_and_only_with_its_transaction(office: Office) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ask("lost")
        raise ZeroDivisionError
    ask("a")
    with transaction.atomic():
        assert not outbox.send("test", "anders@amt.example", "de", {}, "a")
        assert Outgoing.objects.count() == 1, "the transaction is whole after the second asking"
    assert delivery.deliver_due() == 1
    assert [one["To"] for one in office.taken] == ["frieda@amt.example"]
    waiting = [job for job in overview.jobs() if job.name == "mail.deliver"]
    assert len(waiting) == 1


@pytest.mark.parametrize(
    "address", ["", "keine", "a@b", "a@amt.example\nBcc: x@y.example", "a@amt.example, b@amt.example"]
)
def test_03_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadInput) as refused:
        outbox.send("test", address, "de", {}, "k")
    assert refused.value.code == "bad-mail-address"
    assert not Outgoing.objects.exists()


def test_04_no_value_becomes_a_header(office: Office, settings: Any) -> None:
    settings.SITE_NAME = "Amt\r\nBcc: fremd@evil.example\r\n\r\nX"
    ask()
    delivery.deliver_due()
    assert office.taken[0]["Bcc"] is None
    assert "\n" not in office.taken[0]["Subject"]


def test_05_the_server_is_away_and_comes_back(settings: Any, office: Office) -> None:
    working, settings.EMAIL_URL = settings.EMAIL_URL, f"smtp://127.0.0.1:{free_port()}?tls=none"
    mail = ask()
    with pytest.raises(transport.Unreachable):
        delivery.deliver_due()
    # Nothing was taken from the outbox: the server was asked before any mail.
    mail.refresh_from_db()
    assert (mail.state, mail.tries) == (State.WAITING, 0)
    DECLARED["mail.deliver"](_Silent())  # type: ignore[arg-type]
    settings.EMAIL_URL = working
    due_now()
    assert delivery.deliver_due() == 1


class _Silent:
    """A progress that nobody reads; it is told that the server takes nothing."""

    said = ""

    def note(self, text: Any) -> None:
        self.said = text.de

    def checkpoint(self, percent: float | None = None, text: Any = None) -> None:
        self.said = text.de


def test_06_refused_for_good_refused_for_now_and_the_rest(office: Office) -> None:
    office.answers = {
        "nie@amt.example": "550 5.1.1 frieda@amt.example unbekannt",
        "spaeter@amt.example": "451 gerade nicht",
    }
    never, later, good = ask("a", "nie@amt.example"), ask("b", "spaeter@amt.example"), ask("c")
    assert delivery.deliver_due() == 1
    for mail in (never, later, good):
        mail.refresh_from_db()
    assert (never.state, never.error_code, never.reply_code) == (State.DEAD, "mail-refused", 550)
    assert (later.state, later.error_code, later.reply_code) == (State.WAITING, "mail-deferred", 451)
    assert later.due_at > timezone.now() + timedelta(seconds=20)
    assert good.state == State.SENT
    # An hour later the server has changed its mind about one, an operator about the other.
    office.answers = {}
    due_now()
    assert delivery.retry_dead() == 1
    assert delivery.deliver_due() == 2


@pytest.mark.parametrize(
    ("answer", "state", "code"),
    [("552 zu gross", State.DEAD, 552), ("452 voll", State.WAITING, 452), ("421 gehe", State.WAITING, 421)],
)
def test_07_answers_to_the_content(office: Office, answer: str, state: State, code: int) -> None:
    office.data = answer
    mail = ask()
    if code == 421:
        with pytest.raises(transport.Unreachable):
            delivery.deliver_due()
    else:
        assert delivery.deliver_due() == 0
    mail.refresh_from_db()
    assert (mail.state, mail.reply_code) == (state, code)


def test_08_the_server_dies_in_the_middle_and_the_double_is_recognised(office: Office) -> None:
    """It has taken the mail and goes before it says so: nobody can know, so the mail comes twice."""
    office.on_data = lambda server: server.transport.abort()
    mail, other = ask("a"), ask("b")
    with pytest.raises(transport.Unreachable):
        delivery.deliver_due()
    for one in (mail, other):
        one.refresh_from_db()
    assert sorted([mail.tries, other.tries]) == [0, 1], "the pass ends with the server"
    assert {mail.state, other.state} == {State.WAITING}
    office.on_data = None
    due_now()
    assert delivery.deliver_due() == 2
    numbers = [one["Message-ID"] for one in office.taken]
    assert len(numbers) == 3
    assert len(set(numbers)) == 2


def test_09_not_for_ever(office: Office, settings: Any) -> None:
    office.answers = {"frieda@amt.example": "451 gerade nicht"}
    mail = ask()
    Outgoing.objects.update(created_at=timezone.now() - timedelta(hours=settings.MAIL_GIVE_UP_HOURS + 1))
    delivery.deliver_due()
    mail.refresh_from_db()
    assert (mail.state, mail.error_code, mail.reply_code) == (State.DEAD, "mail-given-up", 451)


def test_10_texts_are_purged_after_their_time(office: Office, settings: Any) -> None:
    sent, waiting = ask("a"), None
    delivery.deliver_due()
    waiting = ask("b")
    assert delivery.purge() == 0
    old = timezone.now() - timedelta(days=settings.MAIL_KEPT_DAYS + 1)
    Outgoing.objects.filter(key="a").update(done_at=old)
    Outgoing.objects.filter(key="b").update(created_at=old)
    assert delivery.purge() == 1
    sent.refresh_from_db()
    waiting.refresh_from_db()
    assert (sent.recipient, sent.subject, sent.text, sent.html, sent.state) == ("", "", "", "", State.SENT)
    assert waiting.recipient
    assert not outbox.send("test", "frieda@amt.example", "de", {}, "a"), "its key is still known"
    Outgoing.objects.filter(key="a").update(done_at=timezone.now() - timedelta(days=366))
    delivery.purge()
    assert [one.key for one in Outgoing.objects.all()] == ["b"]


def test_11_purged_mails_are_not_tried_again_and_held_ones_can_be(office: Office) -> None:
    ask("a")
    assert delivery.hold() == 1
    assert Outgoing.objects.get().error_code == "mail-held"
    assert delivery.deliver_due() == 0
    assert delivery.retry_dead() == 1
    assert delivery.deliver_due() == 1
    Outgoing.objects.update(state=State.DEAD, purged_at=timezone.now())
    assert delivery.retry_dead() == 0


def test_12_to_files_without_a_server(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_URL = f"file://{tmp_path}/Post%20fach"
    mail = ask()
    assert delivery.deliver_due() == 1
    written = list((tmp_path / "Post fach").iterdir())
    assert [path.name for path in written] == [f"{mail.pk}.eml"]
    assert email.message_from_bytes(written[0].read_bytes(), policy=default)["To"] == "frieda@amt.example"


def _with_login(settings: Any, password: str) -> Controller:
    def check(server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = (data.login, data.password) == (b"nutzer@amt.example", b"p@ss wort")
        return AuthResult(success=right, handled=False)

    control = Controller(
        Office(),
        hostname="127.0.0.1",
        port=free_port(),
        auth_require_tls=False,
        auth_required=True,
        authenticator=check,
    )
    control.start()
    settings.EMAIL_URL = f"smtp://nutzer%40amt.example:{password}@127.0.0.1:{control.port}?tls=none"
    return control


@pytest.mark.parametrize(("password", "taken"), [("p%40ss%20wort", 1), ("falsch", 0)])
def test_13_log_in(settings: Any, password: str, taken: int) -> None:
    """A wrong password is not the mail's fault: it stays."""
    control = _with_login(settings, password)
    mail = ask()
    try:
        if taken:
            assert delivery.deliver_due() == 1
        else:
            with pytest.raises(transport.Unreachable) as away:
                delivery.deliver_due()
            assert away.value.code == 535
    finally:
        control.stop()
    mail.refresh_from_db()
    assert mail.state == (State.SENT if taken else State.WAITING)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_14_encrypted_and_only_to_whom_we_trust(
    settings: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, trusted: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    seen = Office()
    if scheme == "smtp":
        control = Controller(seen, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True)
    else:
        control = Controller(seen, hostname="127.0.0.1", port=free_port(), ssl_context=context)
    # The server's own probe of a TLS port would not trust it either.
    control._trigger_server = lambda: socket.create_connection(("127.0.0.1", control.port)).close()  # type: ignore[method-assign]
    control.start()
    settings.EMAIL_URL = f"{scheme}://127.0.0.1:{control.port}"
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    ask()
    try:
        if trusted:
            assert delivery.deliver_due() == 1
        else:
            with pytest.raises(transport.Unreachable):
                delivery.deliver_due()
        assert len(seen.taken) == trusted
    finally:
        control.stop()


def test_15_a_server_that_never_answers_is_left(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "SECONDS", 0.5)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        settings.EMAIL_URL = f"smtp://127.0.0.1:{silent.getsockname()[1]}?tls=none"
        ask()
        with pytest.raises(transport.Unreachable):
            delivery.deliver_due()


def test_16_a_senders_address_that_is_refused_is_our_fault_not_the_mails() -> None:
    class Refusing:
        def send_message(self, message: EmailMessage) -> None:
            raise smtplib.SMTPSenderRefused(553, b"nicht von Ihnen", "gis@amt.example")

    with pytest.raises(transport.Unreachable) as away:
        transport.Server(Refusing()).send(EmailMessage())  # type: ignore[arg-type]
    assert away.value.code == 553


@pytest.mark.django_db(transaction=True)
def test_17_a_worker_that_is_killed_while_it_sends(office: Office, settings: Any, hire: Hire) -> None:  # noqa: F811
    """The server has the mail, the worker is dead before it can note it: another sends it again, recognisably."""
    first = hire(EMAIL_URL=settings.EMAIL_URL)
    killed = threading.Event()

    def kill(server: Any) -> None:
        if not killed.is_set():
            killed.set()
            os.kill(first.process.pid, 9)

    office.on_data = kill
    with transaction.atomic():
        mail = ask()
    wait_for(killed.is_set)
    first.process.wait(timeout=10)
    mail.refresh_from_db()
    assert (mail.state, mail.tries) == (State.WAITING, 0)
    second = hire(EMAIL_URL=settings.EMAIL_URL)
    wait_for(lambda: Outgoing.objects.get().state == State.SENT, 60)
    assert len(office.taken) == 2
    assert len({one["Message-ID"] for one in office.taken}) == 1
    second.end()
    assert "frieda" not in first.log + second.log
    Outgoing.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_18_two_workers_send_each_mail_once(office: Office, settings: Any, hire: Hire) -> None:  # noqa: F811
    for number in range(30):
        ask(f"m{number}", f"a{number}@amt.example")
    threads = [threading.Thread(target=_deliver) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one["To"] for one in office.taken) == sorted(f"a{number}@amt.example" for number in range(30))
    Outgoing.objects.all().delete()


def _deliver() -> None:
    delivery.deliver_due()
    connection.close()


def test_19_the_command(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    from gisapp.commands.mail import MAIL

    def run(**given: Any) -> dict[str, int]:
        values = {"test": None, "retry_dead": False, "language": "en", "json": True, **given}
        assert MAIL.run(argparse.Namespace(**values)) == 0
        return dict(json.loads(capsys.readouterr().out))

    assert run(test="frieda@amt.example") == {"queued": 1, "waiting": 1, "sent": 0, "dead": 0}
    delivery.deliver_due()
    assert office.taken[0]["Subject"].startswith("Trial mail")
    assert run(retry_dead=True) == {"retried": 0, "waiting": 0, "sent": 1, "dead": 0}


def test_20_the_serving_role_may_ask_for_mails_and_jobs() -> None:
    """Views run as gisapp_web, which owns nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE gisapp_web")
        assert outbox.send("test", "frieda@amt.example", "de", {}, "web")
        cursor.execute("RESET ROLE")
    assert Outgoing.objects.get().key == "web"
