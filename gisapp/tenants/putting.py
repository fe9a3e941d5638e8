"""Making, changing and retiring a site: one function for each thing a person does, in one transaction each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.gis.geos import MultiPolygon
from django.db import transaction
from django.utils import timezone

from gisapp.accounts.models import Area, Organisation
from gisapp.errors import BadInput, Conflict, GisError, NotFound
from gisapp.layer import all_apps
from gisapp.tenants import directory, logos, rules
from gisapp.tenants.models import Logo, Tenant

OWN_AREA = "own:"


@dataclass(frozen=True)
class Wish:
    """What is asked for; None: leave it as it is. `services` () switches all on, "" as a colour means the usual one."""

    name: str | None = None
    title_de: str | None = None
    title_en: str | None = None
    kind: str | None = None
    boundary: Path | None = None
    crs: str = ""
    file_layer: str = ""
    hosts: Sequence[str] | None = None
    languages: Sequence[str] | None = None
    primary: str | None = None
    accent: str | None = None
    logo: bytes | None = None
    no_logo: bool = False
    services: Sequence[str] | None = None
    default: bool | None = None


@dataclass
class Done:
    """The tenant as it is now, and what was changed for it (empty: it was all so already)."""

    tenant: Tenant
    changed: list[str] = field(default_factory=list)

    def put(self, what: Any, name: str, value: Any) -> None:
        """Set the attribute where it is another, and note that."""
        if getattr(what, name) != value:
            setattr(what, name, value)
            self.changed.append(name)


def read_boundary(path: Path, crs: str = "", file_layer: str = "") -> MultiPolygon:
    """The polygons of the file as one MultiPolygon in EPSG:25832. Raises BadInput with file, place and reason."""
    reader = next((app.boundary for app in all_apps() if app.boundary), None)
    if reader is None:
        raise GisError("not-set-up", what="importers", remedy="INSTALLED_APPS")
    return reader(path, crs, file_layer)


def create(key: str, wish: Wish) -> Done:
    """Make the site, its organisation and its boundary; or bring one of that key to what is asked.

    Raises BadInput, and Conflict for a host of another tenant or a site without any boundary.
    """
    rules.key(key)
    if wish.kind is not None and wish.kind not in Organisation.Kind.values:
        raise BadInput("bad-value", field="kind", name="kind", value=wish.kind[:50])
    boundary = read_boundary(wish.boundary, wish.crs, wish.file_layer) if wish.boundary else None
    with transaction.atomic():
        organisation = Organisation.objects.select_for_update().filter(key=key).first()
        tenant = Tenant.objects.select_for_update().filter(key=key).first()
        if tenant is not None:
            organisation = tenant.organisation
        made: list[str] = []
        if organisation is None:
            name = rules.title(wish.name or "", "name")
            organisation = Organisation.objects.create(key=key, name=name, kind=wish.kind or Organisation.Kind.AMT)
            made.append("organisation")
        if tenant is None:
            title = rules.title(wish.name or organisation.name, "name")
            tenant = Tenant(key=key, organisation=organisation, title_de=title, title_en=title)
            made.append("tenant")
        done = Done(tenant, made)
        _apply(done, wish, boundary)
        if not organisation.areas.exists():
            raise Conflict("tenant-without-boundary", name=organisation.name)
    directory.changed()
    return done


def change(key: str, wish: Wish) -> Done:
    """Change what is asked of a live tenant. Raises NotFound, and what `create` raises."""
    boundary = read_boundary(wish.boundary, wish.crs, wish.file_layer) if wish.boundary else None
    with transaction.atomic():
        done = Done(find(key, lock=True))
        _apply(done, wish, boundary)
    directory.changed()
    return done


def remove(key: str) -> Done:
    """Retire the site: its hosts are free again. The organisation, its people and its data stay. Raises NotFound."""
    with transaction.atomic():
        done = Done(find(key, lock=True), ["retired_at"])
        done.tenant.retired_at, done.tenant.is_default = timezone.now(), False
        done.tenant.save()
    directory.changed()
    return done


def find(key: str, *, lock: bool = False) -> Tenant:
    """The live tenant of that key; raises NotFound("tenant-unknown")."""
    rows = Tenant.objects.filter(key=key, retired_at__isnull=True)
    found = (rows.select_for_update() if lock else rows).first()
    if found is None:
        possible = Tenant.objects.filter(retired_at__isnull=True).order_by("key").values_list("key", flat=True)
        raise NotFound("tenant-unknown", key=key[:50], possible=", ".join(possible) or "–")
    return found


def _apply(done: Done, wish: Wish, boundary: MultiPolygon | None) -> None:
    """Everything that was asked, in the caller's transaction."""
    tenant, organisation = done.tenant, done.tenant.organisation
    if wish.name is not None:
        done.put(organisation, "name", rules.title(wish.name, "name"))
    if wish.kind is not None:
        done.put(organisation, "kind", wish.kind)
    organisation.save()
    # A new name is the title too, unless the title is said.
    for language in ("de", "en"):
        said = getattr(wish, f"title_{language}")
        if said is None and wish.name is not None and not _titled(tenant):
            said = wish.name
        if said is not None:
            done.put(tenant, f"title_{language}", rules.title(said, f"title_{language}"))
    # Also those of a site that comes back: somebody else may have them by now.
    hosts = tenant.hosts if wish.hosts is None else rules.hosts(wish.hosts)
    done.put(tenant, "hosts", free_hosts(hosts, tenant))
    if wish.languages is not None:
        done.put(tenant, "languages", rules.languages(wish.languages))
    for name, asked in (("primary_colour", wish.primary), ("accent_colour", wish.accent)):
        if asked is not None:
            done.put(tenant, name, rules.colour(asked, name))
    if wish.services is not None:
        done.put(tenant, "services", rules.services(wish.services or None))
    if wish.logo is not None or wish.no_logo:
        done.put(tenant, "logo", keep_logo(logos.read(wish.logo)) if wish.logo is not None else None)
    if wish.default is not None:
        done.put(tenant, "is_default", wish.default)
    done.put(tenant, "retired_at", None)
    if tenant.is_default:
        Tenant.objects.filter(is_default=True).exclude(pk=tenant.pk).update(is_default=False)
    tenant.save()
    if boundary is not None:
        _responsible(done, organisation, boundary)


def _titled(tenant: Tenant) -> bool:
    """Has the site a title other than its organisation's name as it was?"""
    before = Organisation.objects.filter(pk=tenant.organisation_id).values_list("name", flat=True).first()
    return tenant.pk is not None and {tenant.title_de, tenant.title_en} != {before}


def free_hosts(hosts: list[str], tenant: Tenant) -> list[str]:
    """The hosts, if none is another's; the database has the last word (sql/hosts.sql)."""
    others = Tenant.objects.filter(retired_at__isnull=True, hosts__overlap=hosts).exclude(pk=tenant.pk)
    for other in others:
        taken = ", ".join(sorted(set(other.hosts) & set(hosts)))
        raise Conflict("host-taken", field="hosts", message=f"{taken} ({other.key})")
    return hosts


def keep_logo(picture: logos.Picture) -> Logo:
    """The picture's row, once however often it comes."""
    found, _new = Logo.objects.get_or_create(
        pk=picture.digest, defaults={"png": picture.png, "width": picture.width, "height": picture.height}
    )
    return found


def _responsible(done: Done, organisation: Organisation, boundary: MultiPolygon) -> None:
    """The boundary is what the organisation is responsible for, beside whatever else it is."""
    area = Area.objects.filter(key=f"{OWN_AREA}{organisation.key}").first()
    if area is None or area.geom.wkb != boundary.wkb or area.name != organisation.name:
        if area is None or area.geom.wkb != boundary.wkb:
            done.changed.append("boundary")
        area, _new = Area.objects.update_or_create(
            key=f"{OWN_AREA}{organisation.key}", defaults={"kind": "own", "name": organisation.name, "geom": boundary}
        )
    if not organisation.areas.filter(pk=area.pk).exists():
        organisation.areas.add(area)
