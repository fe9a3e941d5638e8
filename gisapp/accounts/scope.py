"""Which rows a person sees or edits, from memberships: the one rule of tenancy, as querysets.

`sql/access.sql` holds the same rule for people who work in the database itself;
`tests/db/test_access.py` compares both for every role.
"""

from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from gisapp.accounts.models import Area
from gisapp.accounts.roles import Grant, Role, grants_of, is_operator

M = TypeVar("M", bound=Model)
NOTHING = Q(pk__in=())


def _touching(areas: Collection[int], geometry: str) -> Exists:
    """Does the row touch one of these areas?"""
    return Exists(Area.objects.filter(pk__in=sorted(areas), geom__intersects=OuterRef(geometry)))


def _near(areas: Collection[int], geometry: str) -> Q:
    """What has no place yet is beyond nobody's areas."""
    return Q(**{f"{geometry}__isnull": True}) | Q(_touching(areas, geometry))


def _owned(grants: Collection[Grant], owner: str, geometry: str, guests: str = "") -> Q:
    """The rows of these grants' organisations, whole organisations in one comparison."""
    whole = sorted({grant.organisation for grant in grants if not grant.areas})
    allowed = Q(**{f"{owner}_id__in": whole}) if whole else NOTHING
    if guests and whole:
        allowed |= Q(**{f"{guests}__overlap": whole})
    for grant in grants:
        if grant.areas:
            theirs = Q(**{f"{owner}_id": grant.organisation})
            if guests:
                theirs |= Q(**{f"{guests}__contains": [grant.organisation]})
            allowed |= theirs & _near(grant.areas, geometry)
    return allowed


def _responsible(grant: Grant, geometry: str) -> Q:
    if grant.areas:
        return Q(_touching(grant.areas, geometry))
    areas = Area.objects.filter(organisations=grant.organisation, geom__intersects=OuterRef(geometry))
    return Q(Exists(areas))


def seen(
    rows: QuerySet[M],
    user: Any,
    roles: Collection[Role],
    *,
    owner: str = "organisation",
    geometry: str = "geom",
    public: Q | None = None,
    guests: str = "",
) -> QuerySet[M]:
    """Of rows that belong to organisations: those that are `public`, and those of the user's own organisations
    where the membership has one of the roles and, if it is limited, touches one of its areas. `guests` is an array
    column of the organisations that see a row as if it were theirs."""
    if is_operator(user):
        return rows
    grants = [one for one in grants_of(user) if one.role in roles]
    return rows.filter((public or NOTHING) | _owned(grants, owner, geometry, guests))


def edited(
    rows: QuerySet[M], user: Any, roles: Collection[Role], *, owner: str = "", geometry: str = "geom"
) -> QuerySet[M]:
    """The rows that the user may change: of an owned table those of the user's organisations, of a common table
    (no `owner`) those that touch what the organisation is responsible for."""
    if is_operator(user):
        return rows
    grants = [one for one in grants_of(user) if one.role in roles]
    if owner:
        return rows.filter(_owned(grants, owner, geometry))
    return rows.filter(reduce(or_, (_responsible(one, geometry) for one in grants), NOTHING))
