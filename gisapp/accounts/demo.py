"""The demo's organisations and people: an Amt and a broadband union that know nothing of each other's internal data."""

import datetime
from collections.abc import Callable

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from gisapp.accounts import areas
from gisapp.accounts.models import Area, Membership, Organisation, User
from gisapp.accounts.roles import Role

DOMAIN = "demo.invalid"
ORGANISATIONS = (
    ("amt-huettener-berge", "Amt Hüttener Berge (Demo)", "amt"),
    ("breitband-verband", "Breitbandzweckverband (Demo)", "zweckverband"),
)
OPERATOR = "operator"
# Name before the @, organisation, role; without an organisation: an operator, a citizen.
PEOPLE = (
    ("betrieb", "", OPERATOR),
    ("verwaltung", "amt-huettener-berge", Role.STAFF),
    ("leitung", "amt-huettener-berge", Role.ADMIN),
    ("planung", "amt-huettener-berge", Role.PLANNER),
    ("technik", "breitband-verband", Role.ENGINEER),
    ("tiefbau", "breitband-verband", Role.CONTRACTOR),
    ("buergerin", "", Role.CITIZEN),
)


def email(name: str) -> str:
    return f"{name}@{DOMAIN}"


def people() -> list[tuple[str, str]]:
    """Name before the @ and what the person is, in words."""
    titles = {key: name for key, name, _kind in ORGANISATIONS}
    words = {OPERATOR: _("Betrieb"), **{role.value: str(role.label) for role in Role}}
    return [(name, ", ".join(filter(None, (words[role], titles.get(key))))) for name, key, role in PEOPLE]


def build(size: str, seed: int, progress: Callable[[str], None]) -> None:
    """Organisations with their areas, and people without passwords (`gisapp demo` sets them where it may)."""
    progress(f"{len(ORGANISATIONS)} Organisationen, {len(PEOPLE)} Menschen")
    with transaction.atomic():
        areas.refresh()
        for key, name, kind in ORGANISATIONS:
            organisation, _new = Organisation.objects.update_or_create(key=key, defaults={"name": name, "kind": kind})
            organisation.areas.set(_responsibility())
        for name, key, role in PEOPLE:
            _person(name, key, role)


def _responsibility() -> list[Area]:
    """The demo's Amt; without one (other data were imported) the union of everything there is."""
    found = list(Area.objects.filter(key="amt:019000001"))
    if found:
        return found
    every = Area.objects.exclude(kind="own").order_by("pk")[:50]
    if not every:
        return []
    joined: GEOSGeometry = every[0].geom
    for one in every[1:]:
        joined = joined.union(one.geom)
    whole = joined if isinstance(joined, MultiPolygon) else MultiPolygon(joined, srid=joined.srid)
    return [Area.objects.update_or_create(key="own:demo", defaults={"name": "Demo", "geom": whole})[0]]


def _person(name: str, key: str, role: str) -> None:
    user, made = User.objects.get_or_create(email=email(name))
    operator = role == OPERATOR
    if made:
        user.set_unusable_password()
    user.is_superuser = user.is_staff = operator
    user.save()
    if not key:
        return
    until = timezone.localdate() + datetime.timedelta(days=180) if role == Role.CONTRACTOR else None
    membership, _new = Membership.objects.update_or_create(
        user=user,
        organisation=Organisation.objects.get(key=key),
        role=role,
        purpose="",
        defaults={"valid_until": until},
    )
    if role == Role.CONTRACTOR:
        first = Area.objects.filter(kind="municipality").order_by("key").first()
        membership.areas.set([first] if first else [])
