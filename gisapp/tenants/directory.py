"""All sites, in each process's memory: which one does a host belong to?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gisapp.database import fetch_rows
from gisapp.fields import Text
from gisapp.registry.kept import Kept
from gisapp.tenants.current import Logo, Site, current

TABLES = (
    "tenants_tenant", "tenants_legaltext", "accounts_organisation", "accounts_organisation_areas", "accounts_area",
)  # fmt: skip

_SITES = """
SELECT t.id, t.key, t.title_de, t.title_en, o.name, t.hosts, t.languages, t.primary_colour, t.accent_colour,
       l.digest, l.width, l.height, t.services, t.is_default,
       ST_XMin(e.box), ST_YMin(e.box), ST_XMax(e.box), ST_YMax(e.box),
       ARRAY(SELECT x.kind FROM tenants_legaltext x WHERE x.tenant_id = t.id)
  FROM tenants_tenant t
  JOIN accounts_organisation o ON o.id = t.organisation_id
  LEFT JOIN tenants_logo l ON l.digest = t.logo_id
  LEFT JOIN LATERAL (
       SELECT ST_Extent(ST_Transform(a.geom, 4326)) AS box FROM accounts_organisation_areas r
         JOIN accounts_area a ON a.id = r.area_id WHERE r.organisation_id = o.id) e ON true
 WHERE t.retired_at IS NULL
 ORDER BY t.id
"""
_COMMON = "SELECT kind FROM tenants_legaltext WHERE tenant_id IS NULL"


@dataclass(frozen=True)
class Directory:
    """The live tenants; `legal` are the kinds of legal texts that hold for all."""

    by_host: Mapping[str, Site] = field(default_factory=dict)
    sites: tuple[Site, ...] = ()
    default: Site | None = None
    legal: frozenset[str] = frozenset()

    def of(self, host: str) -> Site | None:
        """The tenant of this host; the default one for a host of nobody's."""
        return self.by_host.get(host) or self.default


def _site(row: tuple[Any, ...]) -> Site:
    (key, name, title_de, title_en, organisation, hosts, languages, primary, accent, digest, width, height, services,
     is_default, west, south, east, north, legal) = row  # fmt: skip
    return Site(
        id=key, key=name, title=Text(title_de, title_en), organisation=organisation, hosts=tuple(hosts),
        languages=tuple(languages), primary=primary, accent=accent, logo=Logo(digest, width, height) if digest else None,
        services=None if services is None else frozenset(services), is_default=is_default, legal=frozenset(legal),
        box=None if west is None else (round(west, 6), round(south, 6), round(east, 6), round(north, 6)),
    )  # fmt: skip


def _load() -> Directory:
    sites = tuple(_site(row) for row in fetch_rows(_SITES, []))
    return Directory(
        {host: one for one in sites for host in one.hosts},
        sites,
        next((one for one in sites if one.is_default), None),
        frozenset(kind for (kind,) in fetch_rows(_COMMON, [])),
    )


_kept = Kept(TABLES, _load, Directory())


def directory() -> Directory:
    """All sites as of a moment ago."""
    return _kept.get()


def changed(**more: Any) -> None:
    """Read anew at the next question in this process; the others notice within seconds."""
    _kept.expire()


def here() -> Site | None:
    """The present request's site, outside of requests the default one."""
    return current() or directory().default


def name_here(otherwise: str) -> str:
    """What mails and programs call the site."""
    found = here()
    return str(found.title) if found else otherwise
