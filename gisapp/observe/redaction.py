"""Texts and exceptions without what must not stand in a log: secrets, personal data, values of rows.

The first rule is that nobody logs such things. This is the net below: it does not know what was meant, so of an
exception it keeps type and places in the code, and its message only where Python itself wrote it about the code.
"""

import ipaddress
import re
import traceback
from collections.abc import Iterator

import psycopg
from django.conf import settings
from django.db import DatabaseError

from gisapp.errors import GisError

LEFT_OUT = "[…]"
LONGEST = 20_000

_TELLING = r"[\w-]{0,40}(?:passwor[dt]|passwd|kennwort|pwd|secret|token|api[_-]?key|session_?id|csrf\w*|signature|access_?key)[\w-]*"
# (what, by what), in this order: whole header lines first, single words last.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # PostgreSQL's and libpq's further lines carry values of rows and pieces of statements; German servers say ZEILE.
    (
        re.compile(r"\b(DETAIL|CONTEXT|KONTEXT|STATEMENT|ANWEISUNG|QUERY|ANFRAGE|LINE \d+|ZEILE \d+):[^\n]*(?:\n[ \t]+[^\n]*)*"),
        rf"\1: {LEFT_OUT}",
    ),
    (
        re.compile(r"(?i)\b((?:proxy-)?authorization|(?:http_)?(?:set-)?cookie|x-api-key|x-csrftoken)[\"']?\s*[:=][^\n]*"),
        rf"\1: {LEFT_OUT}",
    ),
    (re.compile(r"(?i)\b(bearer|basic|negotiate)\s+[\w.+/=~-]{6,}"), rf"\1 {LEFT_OUT}"),
    # DATABASE_URL, EMAIL_URL: all between the scheme and the host, also with an unescaped @ in it.
    (re.compile(r"(\w://)[^\s/?#\"'<>]*@"), rf"\1{LEFT_OUT}@"),
    (
        re.compile(rf"(?i)(?<![\w-])({_TELLING})([\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&)}}\]]+)"),
        rf"\1\2{LEFT_OUT}",
    ),
    (re.compile(r"AGE-SECRET-KEY-[\w-]+"), LEFT_OUT),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), LEFT_OUT),
    (re.compile(r"[\w.+%'-]{1,64}@[\w-]+(?:\.[\w-]+)*"), "[e-mail]"),
    # Long strings of letters and digits without a word in them are keys of something.
    (re.compile(r"(?<![\w/-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{32,}(?![\w/-])"), LEFT_OUT),
)  # fmt: skip
_ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){3,7})(?![\w.:]\w)")
# Who writes these is the interpreter, about names in the code.
_ABOUT_CODE = (AttributeError, NameError, ImportError, SyntaxError, NotImplementedError, RecursionError)


def _address(match: re.Match[str]) -> str:
    """The addresses of people; our own machines' may stay."""
    try:
        return "[address]" if ipaddress.ip_address(match[0]).is_global else match[0]
    except ValueError:
        return match[0]


def redact(text: str) -> str:
    """The text without e-mail addresses, public IP addresses, passwords, tokens, cookies and PostgreSQL's DETAIL."""
    if len(text) > LONGEST:  # nobody reads on, and every pattern goes through all of it
        text = text[:LONGEST] + LEFT_OUT
    for pattern, by in _PATTERNS:
        text = pattern.sub(by, text)
    return _ADDRESS.sub(_address, text)


def _of_database(error: psycopg.Error) -> str:
    """SQLSTATE, its name and the names of table, column and rule; never a message, which quotes values."""
    diagnosis = error.diag
    parts = [f"SQLSTATE {error.sqlstate}"] if error.sqlstate else []
    for what, name in (
        ("table", diagnosis.table_name),
        ("column", diagnosis.column_name),
        ("constraint", diagnosis.constraint_name),
    ):
        if name:
            parts.append(f"{what} {name}")
    if isinstance(error, psycopg.OperationalError) and not error.sqlstate:
        # No server has seen a row then: it says why there is no connection.
        parts.append(redact(str(error).splitlines()[0]) if str(error) else "")
    return ", ".join(parts)


def told(error: BaseException) -> str:
    """The exception in one line: its type, and of its message what cannot be somebody's data."""
    name = type(error).__qualname__
    if type(error).__module__ not in {"builtins", "__main__"}:
        name = f"{type(error).__module__}.{name}"
    if isinstance(error, GisError):
        return f"{name}: {error.code}"
    # Django's and the queue's own errors say again what the driver's said.
    wrapped = isinstance(error, DatabaseError) or type(error).__module__.startswith("procrastinate")
    cause = error.__cause__ if wrapped and error.__cause__ is not None else error
    if isinstance(cause, psycopg.Error):
        return f"{name}: {_of_database(cause)}".rstrip(": ")
    if isinstance(error, OSError) and error.errno is not None:
        return f"{name}: [Errno {error.errno}] {error.strerror}"
    if isinstance(error, _ABOUT_CODE) or settings.DEBUG:
        return f"{name}: {redact(str(error))}"
    return f"{name}: {LEFT_OUT}" if str(error) else name


def _chain(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """The exception and what it came of, the first one first; with the words that stand below each."""
    links: list[tuple[BaseException, str]] = []
    seen: set[int] = set()
    current: BaseException | None = error
    below = ""
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        links.append((current, below))
        if current.__cause__ is not None:
            current, below = current.__cause__, "The above exception was the direct cause of the following exception:"
        elif current.__context__ is not None and not current.__suppress_context__:
            current, below = current.__context__, "During handling of the above exception, another exception occurred:"
        else:
            current = None
    yield from reversed(links)


def trace(error: BaseException) -> str:
    """The exception's traceback as Python prints it, with `told` in place of the messages. Code lines stay."""
    lines: list[str] = []
    for one, below in _chain(error):
        if one.__traceback__ is not None:
            lines += ["Traceback (most recent call last):\n", *traceback.format_tb(one.__traceback__)]
        lines.append(told(one) + "\n")
        if isinstance(one, BaseExceptionGroup):
            lines += [f"  | {line}\n" for inner in one.exceptions for line in trace(inner).splitlines()]
        if below:
            lines.append(f"\n{below}\n\n")
    return "".join(lines).rstrip("\n")
