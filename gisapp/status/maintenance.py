"""Is the installation in maintenance? A row of the database says so to all machines, and a file of each machine holds
it while the database is away or is being replaced by a backup. The newer of the two is believed.

A machine that learns of maintenance from the database writes the file; one that learns of its end removes it.
"""

import json
import logging
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from gisapp.fields import Text
from gisapp.status.live import changed, live

OFF, READ_ONLY, FULL = "off", "read-only", "full"
FILE = "maintenance.json"
USUAL_WAIT = 300
LONGEST_WAIT = 86_400
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
log = logging.getLogger("gisapp")


@dataclass(frozen=True)
class State:
    """`mode` "off", "read-only" (nothing is written) or "full" (nothing is answered); `until` is what was announced."""

    mode: str = OFF
    reason_de: str = ""
    reason_en: str = ""
    until: datetime | None = None
    changed_at: datetime = BEGINNING

    @property
    def on(self) -> bool:
        return self.mode != OFF

    @property
    def reason(self) -> Text:
        return Text(self.reason_de, self.reason_en or self.reason_de)

    @property
    def wait(self) -> int:
        """Seconds after which it is worth asking again."""
        if self.until is None or self.until <= timezone.now():
            return USUAL_WAIT
        return min(max(int((self.until - timezone.now()).total_seconds()), 1), LONGEST_WAIT)

    def as_dict(self) -> dict[str, Any]:
        return {
            "mode": self.mode, "reason": {"de": self.reason.de, "en": self.reason.en} if self.on else None,
            "until": self.until.isoformat() if self.on and self.until else None,
        }  # fmt: skip


def path() -> Path:
    return Path(settings.DATA_DIR) / FILE


_read: tuple[int, State] | None = None


def _from_file() -> State | None:
    """What the file says; None without one. It is read when it has changed."""
    global _read
    try:
        # At every request: a string is quicker than a Path.
        stamp = os.stat(f"{settings.DATA_DIR}/{FILE}").st_mtime_ns  # noqa: PTH116
    except OSError:
        return None
    if _read is None or _read[0] != stamp:
        _read = stamp, _parsed()
    return _read[1]


def _parsed() -> State:
    """A file that cannot be understood was put there to close the site: it does."""
    try:
        raw = json.loads(path().read_text(encoding="utf-8"))
        until = datetime.fromisoformat(raw["until"]) if raw["until"] else None
        found = State(str(raw["mode"]), str(raw["reason_de"]), str(raw["reason_en"]), until,
                      datetime.fromisoformat(raw["changed_at"]))  # fmt: skip
        if found.mode in (OFF, READ_ONLY, FULL) and found.changed_at.tzinfo:
            return found
    except (OSError, ValueError, KeyError, TypeError):
        log.error("the maintenance file is not readable; the site stays closed")
    return State(FULL, changed_at=datetime.max.replace(tzinfo=UTC))


def state() -> State:
    """Now. Costs a look at a file's time and none at the database."""
    row = live().maintenance
    kept = State(*row) if row else State()
    file = _from_file()
    if file is None:
        if kept.on:
            write_file(kept)
        return kept
    if file.changed_at > kept.changed_at:
        return file
    if file.changed_at < kept.changed_at:
        if kept.on:
            write_file(kept)
        else:
            remove_file()
    return kept


def write_file(what: State) -> bool:
    """Keep it on this machine; False where the data directory cannot be written."""
    said = asdict(what) | {"until": what.until.isoformat() if what.until else None,
                           "changed_at": what.changed_at.isoformat()}  # fmt: skip
    half = path().with_name(f"{FILE}.{os.getpid()}")
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
        half.replace(path())
    except OSError:
        log.warning("the maintenance file cannot be written")
        return False
    return True


def remove_file() -> None:
    try:
        path().unlink(missing_ok=True)
    except OSError:
        log.warning("the maintenance file cannot be removed")


def put(mode: str, reason: Text | None = None, until: datetime | None = None) -> tuple[State, bool]:
    """Begin or end maintenance; the new state, and whether the database took it (else only this machine holds it).

    Ending needs the database: a file that alone says "off" would be forgotten by the others.
    """
    changed()
    known = [one.changed_at for one in (state(),) if one.changed_at.year < 9999]
    newest = max([timezone.now(), *(one + timedelta(microseconds=1) for one in known)])
    wanted = State(mode, reason.de if reason else "", reason.en if reason else "", until, newest)
    if wanted.on:
        write_file(wanted)
    try:
        _store(wanted)
    except (DatabaseError, psycopg.Error):
        if not wanted.on:
            raise
        return wanted, False
    if not wanted.on:
        remove_file()
    changed()
    return wanted, True


def _store(wanted: State) -> None:
    from gisapp.status.models import Maintenance

    with transaction.atomic():
        Maintenance.objects.update_or_create(pk=1, defaults=asdict(wanted))


def same(one: State, other: State) -> bool:
    """Do both say the same, whenever that was?"""
    return replace(one, changed_at=BEGINNING) == replace(other, changed_at=BEGINNING)
