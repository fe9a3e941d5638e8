"""The one way out: every HTTP request that the server itself makes goes through `session()`.

What an address names may be chosen by somebody else (a map service's configuration, a log-in service's discovery
document), and the server stands where outsiders do not: beside the database, the metadata service of a cloud, the town
hall's printers. So an address is refused unless it is https and every address that its host resolves to is public. The
host is resolved once, and that very address is connected to: nobody can answer differently the second time. Each
redirect is looked at anew. Size and time of an answer are limited, whatever the other side does.

FETCH_ALLOWED names what else may be asked: `host`, `host:port`, networks (`10.20.0.0/16`), and origins that may be asked
without encryption (`http://keycloak.intern:8080`). docs/operator/outgoing.md
"""

import ipaddress
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from gisapp.errors import GisError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MOST_BYTES = 5 * 1024 * 1024
SECONDS = 15.0
MOST_REDIRECTS = 3
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PIECE = 64 * 1024


class Refused(GisError, RequestException):
    """Not asked, or the answer was not taken. Also what `requests` raises, for libraries that know only that."""


@dataclass(frozen=True)
class Allowed:
    """What may be asked beside public addresses over https."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    plain: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "Allowed":
        """Raises ValueError for what is none of the forms."""
        hosts: set[tuple[str, int | None]] = set()
        networks, plain = [], set()
        for entry in entries:
            if "://" in entry:
                scheme, host, port = _parts(entry)
                hosts.add((host, port))
                if scheme == "http":
                    plain.add((host, port))
                continue
            try:
                networks.append(ipaddress.ip_network(entry))
            except ValueError:
                parts = urlsplit(f"//{entry}")
                if not parts.hostname or parts.path or "@" in entry:
                    raise ValueError(f"FETCH_ALLOWED: {entry!r} is no host, origin or network") from None
                hosts.add((parts.hostname.rstrip("."), parts.port))
        return cls(frozenset(hosts), tuple(networks), frozenset(plain))

    def host(self, host: str, port: int) -> bool:
        return (host, None) in self.hosts or (host, port) in self.hosts

    def address(self, address: Address) -> bool:
        return any(address in network for network in self.networks if network.version == address.version)


def _parts(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. Raises ValueError for anything but an http(s) address without a log-in in it."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError(url)
    return parts.scheme, parts.hostname.rstrip("."), parts.port or _PORTS[parts.scheme]


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address


def public(address: Address) -> bool:
    """Does the address belong to the internet, and to one computer there?"""
    inner = _inner(address)
    special = (
        inner.is_multicast or inner.is_reserved or inner.is_unspecified or inner.is_loopback or inner.is_link_local
    )
    local = isinstance(inner, ipaddress.IPv6Address) and inner.is_site_local
    return inner.is_global and not special and not local


def _address(text: str) -> Address:
    return ipaddress.ip_address(text.partition("%")[0])


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host; a name of its own, so that tests can answer in the resolver's place."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def checked(host: str, port: int, allowed: Allowed) -> list[str]:
    """The addresses to connect to. Raises Refused when one of them is not public: the host's owner mixes on purpose."""
    try:
        found = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise Refused("fetch-failed", host=host, reason="DNS") from error
    if not allowed.host(host, port):
        for text in found:
            address = _address(text)
            if not public(address) and not allowed.address(address):
                raise Refused("fetch-address-refused", host=host)
    if not found:
        raise Refused("fetch-failed", host=host, reason="DNS")
    return found


class _Watch:
    """The connections of one request, which end when its time is up: a timeout per read never ends a slow trickle."""

    def __init__(self, allowed: Allowed, seconds: float) -> None:
        self.allowed, self.until, self.expired = allowed, monotonic() + seconds, False
        self.refusal: Refused | None = None
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    @property
    def left(self) -> float:
        return max(self.until - monotonic(), 0.01)

    def add(self, one: socket.socket) -> None:
        # A second handle: the first one's owner changes (encryption takes it over) and forgets it before the end.
        self._sockets.append(one.dup())

    def _end(self) -> None:
        self.expired = True
        for one in self._sockets:
            with suppress(OSError):  # it has ended by itself
                one.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._timer.cancel()
        for one in self._sockets:
            one.close()


_watch: ContextVar[_Watch] = ContextVar("gisapp_fetch")


def _connect(connection: HTTPConnection) -> socket.socket:
    """A socket to an address of the host that was looked at, the first one that answers."""
    watch = _watch.get()
    host = connection.host.strip("[]")
    trouble: OSError | None = None
    try:
        for address in checked(host, connection.port, watch.allowed):
            try:
                made = socket.create_connection((address, connection.port), timeout=watch.left)
            except OSError as error:
                trouble = error
                continue
            watch.add(made)
            return made
        raise Refused("fetch-failed", host=host, reason=type(trouble).__name__) from trouble
    except Refused as refusal:
        watch.refusal = refusal  # urllib3 makes an error of its own of every OSError
        raise


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _Encrypted(HTTPSConnection):
    """The certificate is checked against the name, although the address is what is connected to."""

    def _new_conn(self) -> socket.socket:
        return _connect(self)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}

    def send(self, request: PreparedRequest, *arguments: Any, **more: Any) -> Response:
        watch = _watch.get()
        scheme, host, port = _parts(request.url or "")
        if scheme != "https" and (host, port) not in watch.allowed.plain:
            raise Refused("fetch-scheme-refused", host=host)
        if more.get("proxies"):
            # The proxy connects; what can be said of the address here is said before.
            try:
                checked(host, port, watch.allowed)
            except Refused as refusal:
                if refusal.code != "fetch-failed":
                    raise
        return super().send(request, *arguments, **more)


@contextmanager
def _in_time(allowed: Allowed, seconds: float, host: str) -> Iterator[_Watch]:
    """Everything within ends in time, and in our words."""
    watch = _Watch(allowed, seconds)
    token = _watch.set(watch)
    try:
        yield watch
    except Refused as refusal:
        if watch.expired and refusal.code == "fetch-failed":
            raise Refused("fetch-too-slow", host=host, seconds=seconds) from refusal
        raise
    except (RequestException, HTTPError, OSError) as error:
        if watch.expired or isinstance(error, TimeoutError):
            raise Refused("fetch-too-slow", host=host, seconds=seconds) from error
        raise watch.refusal or Refused("fetch-failed", host=host, reason=type(error).__name__) from error
    finally:
        watch.stop()
        _watch.reset(token)


class Guarded(Session):
    """A requests.Session that asks only what may be asked. The whole answer is read before `request` returns."""

    def __init__(self, allowed: Allowed, *, seconds: float = SECONDS, most_bytes: int = MOST_BYTES) -> None:
        super().__init__()
        self._allowed, self._seconds, self._most = allowed, seconds, most_bytes
        self.headers.update({"Connection": "close", "Accept-Encoding": "identity", "User-Agent": "KRIT-GIS"})
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def request(self, method: str | bytes, url: str | bytes, *arguments: Any, **more: Any) -> Response:
        """Raises Refused."""
        verb = (method.decode() if isinstance(method, bytes) else method).upper()
        follow = more.pop("allow_redirects", True)
        more |= {"timeout": self._seconds, "stream": True, "allow_redirects": False}
        target = url.decode() if isinstance(url, bytes) else url
        host = urlsplit(target).hostname or "?"
        with _in_time(self._allowed, self._seconds, host) as watch:
            for _hop in range(MOST_REDIRECTS + 1):
                if _origin(target) is None:
                    raise Refused("fetch-scheme-refused", host="?")
                answer = super().request(verb, target, *arguments, **more)
                following = answer.headers.get("Location") if answer.is_redirect else None
                if following is None or not follow or verb not in ("GET", "HEAD"):
                    self._read(answer, watch, host)
                    return answer
                answer.close()
                more["headers"] = _kept(more.get("headers"), target, following)
                more["auth"] = more.get("auth") if _origin(target) == _origin(urljoin(target, following)) else None
                target, more["params"] = urljoin(target, following), None
        raise Refused("fetch-too-many-redirects", host=host, most=MOST_REDIRECTS)

    def _read(self, answer: Response, watch: _Watch, host: str) -> None:
        content = bytearray()
        for piece in answer.raw.stream(_PIECE, decode_content=True):
            content += piece
            if len(content) > self._most:
                answer.close()
                raise Refused("fetch-too-large", host=host, most=self._most)
        if watch.expired:  # an answer without a length ends well when its connection is ended
            raise Refused("fetch-too-slow", host=host, seconds=self._seconds)
        answer._content = bytes(content)
        answer.close()


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        return _parts(url)
    except ValueError:
        return None


def origin(url: str) -> str:
    """scheme://host:port of an address; raises ValueError for what is none."""
    scheme, host, port = _parts(url)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _kept(headers: Any, before: str, following: str) -> Any:
    """The headers for the next address: what lets in at one host is not told to another."""
    if not headers or _origin(before) == _origin(urljoin(before, following)):
        return headers
    kept = CaseInsensitiveDict(headers)
    for name in ("Authorization", "Cookie", "Proxy-Authorization"):
        kept.pop(name, None)
    return kept


def session(trusted: Iterable[str] = (), **limits: Any) -> Guarded:
    """A session to ask with. `trusted` are origins that the operator wrote down for this very purpose."""
    return Guarded(Allowed.parse([*settings.FETCH_ALLOWED, *trusted]), **limits)


def get(url: str, **limits: Any) -> Response:
    """The answer to a GET; raises Refused, also for a status of 400 and more."""
    with session(**limits) as one:
        answer = one.get(url)
    if answer.status_code >= 400:
        raise Refused("fetch-failed", host=urlsplit(url).hostname or "?", reason=f"HTTP {answer.status_code}")
    return answer
