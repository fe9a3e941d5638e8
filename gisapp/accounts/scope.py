"""Which rows a person sees or edits, from memberships: the one rule of tenancy, as querysets.

`sql/access.sql` holds the same rule for people who work in the database itself;
`tests/db/test_access.py` compares both for every role.
"""

from collections.abc import Collection
from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from gisapp.accounts.models import Area
from gisapp.accounts.roles import Grant, Role, grants_of, is_operator

M = TypeVar("M", bound=Model)
NOTHING = Q(pk__in=())


def _touching(areas: Collection[int], geometry: str) -> Exists:
    """Does the row touch one of these areas?"""
    return Exists(Area.objects.filter(pk__in=sorted(areas), geom__intersects=OuterRef(geometry)))


def _owned(grant: Grant, owner: str, geometry: str) -> Q:
    mine = Q(**{f"{owner}_id": grant.organisation})
    return mine & Q(_touching(grant.areas, geometry)) if grant.areas else mine


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
) -> QuerySet[M]:
    """Of rows that belong to organisations: those that are `public`, and those of the user's own organisations
    where the membership has one of the roles and, if it is limited, touches one of its areas."""
    if is_operator(user):
        return rows
    allowed = public or NOTHING
    for grant in grants_of(user):
        if grant.role in roles:
            allowed |= _owned(grant, owner, geometry)
    return rows.filter(allowed)


def edited(
    rows: QuerySet[M], user: Any, roles: Collection[Role], *, owner: str = "", geometry: str = "geom"
) -> QuerySet[M]:
    """The rows that the user may change: of an owned table those of the user's organisations, of a common table
    (no `owner`) those that touch what the organisation is responsible for."""
    if is_operator(user):
        return rows
    allowed = NOTHING
    for grant in grants_of(user):
        if grant.role in roles:
            allowed |= _owned(grant, owner, geometry) if owner else _responsible(grant, geometry)
    return rows.filter(allowed)
