"""The one way out, against real servers on this machine: what the server never asks, and what it never waits for."""

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from requests import RequestException

from gisapp import fetch

Answer = Callable[[BaseHTTPRequestHandler], None]


class Service:
    """A web server that answers by path, and remembers who asked."""

    def __init__(self) -> None:
        self.paths: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.asked.append((self.path, dict(self.headers)))
                service.paths.get(self.path, say(b"ok"))(self)

            do_POST = do_GET

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.origin = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def say(content: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def redirect(to: str) -> Answer:
    return say(b"", 302, Location=to)


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    made.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


def refused(url: str, *trusted: str, **limits: Any) -> str:
    """The code with which it is refused."""
    with pytest.raises(fetch.Refused) as caught, fetch.session(trusted, **limits) as one:
        one.get(url)
    assert isinstance(caught.value, RequestException)  # what libraries on top of requests expect
    return caught.value.code


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0", "localhost", "localhost.",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]",
        "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fe80::1]", "[fc00::1]", "[fd12::1]",
        "[fec0::1]", "224.0.0.1", "[ff02::1]", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "[2001:db8::1]",
    ],
)  # fmt: skip
def test_01_no_address_of_an_inner_network_is_asked_however_it_is_written(host: str) -> None:
    assert refused(f"https://{host}:9/") == "fetch-address-refused"


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "193.99.144.80", "2a02:2e0:3fe:1001:302::", "64:ff9b::808:808", "2002:808:808::"]
)
def test_02_public_addresses_are(text: str) -> None:
    assert fetch.public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "url", ["http://karten.example/", "ftp://karten.example/", "file:///etc/passwd", "gopher://karten.example/", "https://u:p@karten.example/", "https:///x", "karten.example"],
)  # fmt: skip
def test_03_only_https_without_a_log_in(url: str) -> None:
    assert refused(url) == "fetch-scheme-refused"


def test_04_what_the_operator_allows_is_asked(service: Service, settings: Any) -> None:
    settings.FETCH_ALLOWED = [service.origin]
    assert fetch.get(f"{service.origin}/").content == b"ok"
    assert refused(f"http://127.0.0.1:{service.port + 1}/") == "fetch-scheme-refused"  # another port
    settings.FETCH_ALLOWED = [f"127.0.0.1:{service.port}", "127.0.0.0/8"]
    assert refused(f"{service.origin}/") == "fetch-scheme-refused"  # allowed with encryption alone
    assert len(service.asked) == 1


@pytest.mark.parametrize("entry", ["https://", "a b/c", "user@host", "10.0.0.1/8", "/x"])
def test_05_a_wrong_entry_is_named(entry: str, settings: Any) -> None:
    settings.FETCH_ALLOWED = [entry]
    with pytest.raises(ValueError, match=r"\S"):
        fetch.session()


def test_06_a_redirect_into_an_inner_network_is_not_followed(service: Service) -> None:
    inner = Service()
    inner.start()
    try:
        service.paths["/"] = redirect(f"{inner.origin}/geheim")
        assert refused(f"{service.origin}/", service.origin) == "fetch-scheme-refused"
        service.paths["/"] = redirect(f"https://127.0.0.1:{inner.port}/geheim")
        assert refused(f"{service.origin}/", service.origin) == "fetch-address-refused"
        service.paths["/"] = redirect("file:///etc/passwd")
        assert refused(f"{service.origin}/", service.origin) == "fetch-scheme-refused"
        assert inner.asked == []
    finally:
        inner.server.shutdown()
        inner.server.server_close()


def test_07_redirects_end_and_take_no_secret_along(service: Service) -> None:
    other = Service()
    other.start()
    try:
        service.paths["/loop"] = redirect("/loop")
        assert refused(f"{service.origin}/loop", service.origin) == "fetch-too-many-redirects"
        service.paths["/to"] = redirect(f"{other.origin}/end")
        service.paths["/own"] = redirect("/end")
        with fetch.session([service.origin, other.origin]) as one:
            for path in ("/to", "/own"):
                answer = one.get(f"{service.origin}{path}", headers={"Authorization": "Bearer geheim", "X-Say": "1"})
                assert answer.content == b"ok"
            assert one.post(f"{service.origin}/to", data=b"x").status_code == 302  # a body is sent once
        assert "Authorization" not in other.asked[0][1]
        assert other.asked[0][1]["X-Say"] == "1"
        assert service.asked[-2][1]["Authorization"] == "Bearer geheim"
    finally:
        other.server.shutdown()
        other.server.server_close()


def test_08_the_resolver_is_asked_once_and_its_answer_is_where_we_go(
    service: Service, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """DNS rebinding: a public address when it is looked at, an inner one when it is connected to."""
    answers = [["8.8.8.8"], ["127.0.0.1"]]
    asked: list[str] = []
    connected: list[Any] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked) - 1, 1)]

    def connect(address: Any, timeout: float) -> Any:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(fetch, "resolve", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    assert refused("https://karten.example/") == "fetch-failed"
    assert asked == ["karten.example"]
    assert connected == [("8.8.8.8", 443)]
    answers[0] = ["8.8.8.8", "10.0.0.1"]
    asked.clear()
    assert refused("https://karten.example/") == "fetch-address-refused"  # mixed on purpose
    answers[0] = []
    asked.clear()
    assert refused("https://karten.example/") == "fetch-failed"


def test_09_a_huge_answer_is_not_read_to_its_end(service: Service) -> None:
    sent = 0

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(2_000):
                handler.wfile.write(b"x" * 65_536)
                sent += 65_536
        except OSError:
            pass

    service.paths["/"] = endless
    assert refused(f"{service.origin}/", service.origin, most_bytes=1_000_000) == "fetch-too-large"
    assert sent < 50_000_000


def test_10_so_is_one_that_unpacks_to_a_huge_one(service: Service) -> None:
    import gzip

    service.paths["/"] = say(gzip.compress(b"\0" * 30_000_000), Content_Encoding="gzip")
    assert refused(f"{service.origin}/", service.origin, most_bytes=1_000_000) == "fetch-too-large"


@pytest.mark.parametrize("part", ["headers", "body", "silence"])
def test_11_a_slow_answer_ends_in_time(service: Service, part: str) -> None:
    stop = threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        if part == "body":
            handler.send_response(200)
            handler.end_headers()
        elif part == "headers":
            handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
        try:
            while not stop.wait(0.1):
                if part != "silence":
                    handler.wfile.write(b"X-A: b\r\n" if part == "headers" else b"x")
                    handler.wfile.flush()
        except OSError:
            pass

    service.paths["/"] = trickle
    begun = time.monotonic()
    assert refused(f"{service.origin}/", service.origin, seconds=1) == "fetch-too-slow"
    assert time.monotonic() - begun < 3
    stop.set()


def test_12_what_is_no_answer_is_told_without_its_words(service: Service) -> None:
    service.paths["/"] = lambda handler: handler.wfile.write(b"geheim\r\n\r\n") and None  # type: ignore[func-returns-value]
    with pytest.raises(fetch.Refused) as caught, fetch.session([service.origin]) as one:
        one.get(f"{service.origin}/")
    assert caught.value.code == "fetch-failed"
    assert "geheim" not in str(caught.value)


def test_13_a_status_that_refuses_is_no_answer(service: Service, settings: Any) -> None:
    settings.FETCH_ALLOWED = [service.origin]
    service.paths["/"] = say(b"", 404)
    with pytest.raises(fetch.Refused, match="HTTP 404"):
        fetch.get(f"{service.origin}/")


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate of this name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / f"{name}.pem", folder / f"{name}.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


def test_14_the_certificate_is_checked_against_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secure = Service()
    public, private = certificate(tmp_path, "karten.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    secure.server.socket = context.wrap_socket(secure.server.socket, server_side=True)
    secure.start()
    monkeypatch.setattr(fetch, "resolve", lambda _host, _port: ["127.0.0.1"])
    try:
        with fetch.session([f"https://karten.example:{secure.port}", f"https://andere.example:{secure.port}"]) as one:
            answer = one.get(f"https://karten.example:{secure.port}/", verify=str(public))
            assert answer.content == b"ok"
            assert secure.asked[0][1]["Host"] == f"karten.example:{secure.port}"
            with pytest.raises(fetch.Refused, match="SSLError"):
                one.get(f"https://andere.example:{secure.port}/", verify=str(public))
            with pytest.raises(fetch.Refused, match="SSLError"):
                one.get(f"https://karten.example:{secure.port}/")
    finally:
        secure.server.shutdown()
        secure.server.server_close()


def test_15_a_proxy_is_not_a_way_around(monkeypatch: pytest.MonkeyPatch, service: Service) -> None:
    monkeypatch.setenv("https_proxy", service.origin)
    monkeypatch.setenv("http_proxy", service.origin)
    monkeypatch.setenv("no_proxy", "")
    assert refused("https://169.254.169.254/latest/") == "fetch-address-refused"
    assert refused("http://karten.example/") == "fetch-scheme-refused"
    assert service.asked == []
