"""Banners and maintenance in each process's memory; no request asks the database for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from gisapp.database import fetch_rows
from gisapp.fields import Text
from gisapp.registry.kept import Kept
from gisapp.tenants.current import current

_BANNERS = """
SELECT id, text_de, text_en, level, valid_from, valid_until, tenant_id FROM status_banner
 WHERE cleared_at IS NULL AND (valid_until IS NULL OR valid_until > now())
 ORDER BY array_position(ARRAY['disruption', 'warning', 'info'], level), id
"""
_MAINTENANCE = "SELECT mode, reason_de, reason_en, until, changed_at FROM status_maintenance"


@dataclass(frozen=True)
class Shown:
    """A banner; `tenant` None: on every site."""

    id: int
    text: Text
    level: str
    since: datetime
    until: datetime | None
    tenant: int | None

    @property
    def key(self) -> str:
        """Whoever dismissed a banner has not dismissed another wording of it."""
        import hashlib

        return f"{self.id}-{hashlib.sha256(f'{self.text.de}|{self.text.en}|{self.level}'.encode()).hexdigest()[:8]}"

    def as_dict(self) -> Mapping[str, Any]:
        return {
            "id": self.key, "level": self.level, "text": {"de": self.text.de, "en": self.text.en},
            "from": self.since.isoformat(), "until": self.until.isoformat() if self.until else None,
        }  # fmt: skip


@dataclass(frozen=True)
class Live:
    """What the tables say; `maintenance` is (mode, reason_de, reason_en, until, changed_at) or None."""

    banners: tuple[Shown, ...] = ()
    maintenance: tuple[str, str, str, datetime | None, datetime] | None = None


def _load() -> Live:
    banners = tuple(
        Shown(key, Text(de, en), level, since, until, tenant)
        for key, de, en, level, since, until, tenant in fetch_rows(_BANNERS, [])
    )
    rows = fetch_rows(_MAINTENANCE, [])
    return Live(banners, rows[0] if rows else None)


_kept = Kept(("status_banner", "status_maintenance"), _load, Live())


def live() -> Live:
    return _kept.get()


def changed(**more: Any) -> None:
    """Read anew at the next question in this process; the others notice within seconds."""
    _kept.expire()


def banners() -> list[Shown]:
    """The banners of the site that was asked, the worst first."""
    site, now = current(), timezone.now()
    mine = (None, site.id) if site else (None,)
    return [
        one for one in live().banners
        if one.tenant in mine and one.since <= now and (one.until is None or one.until > now)
    ]  # fmt: skip
