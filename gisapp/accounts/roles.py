"""Roles, and who holds which one where.

A membership gives a person a role in an organisation, from one day to another, and may be limited to some of its
areas. Whoever has logged in is at least a citizen; operators (superusers) run the installation and may do everything.
Nothing else decides about rights: layers name roles, `scope` turns them into rows, and the database's policies for
people who work in it directly (`sql/access.sql`) ask the same memberships.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gisapp.database import fetch_rows
from gisapp.replica.routing import primary


class Role(TextChoices):
    """What a person is in an organisation."""

    CITIZEN = "citizen", _("Bürgerin oder Bürger")
    PRODUCER = "producer", _("Erzeugerin oder Erzeuger")
    STAFF = "staff", _("Sachbearbeitung")
    PLANNER = "planner", _("Planung")
    ENGINEER = "engineer", _("Netztechnik")
    CONTRACTOR = "contractor", _("Auftragnehmer")
    ADMIN = "admin", _("Leitung")


INSIDE = frozenset({Role.STAFF, Role.PLANNER, Role.ENGINEER, Role.ADMIN})
"""The roles that see what is internal to their organisation."""
ADMINISTRATION = frozenset({Role.STAFF, Role.ADMIN})
"""The roles that keep the region's common data."""
NEEDS_SECOND_FACTOR = frozenset({Role.ENGINEER, Role.ADMIN})
"""Who changes networks or gives rights to them logs in with two factors."""


@dataclass(frozen=True)
class Grant:
    """A live membership. `areas` are keys of accounts.Area; empty: all of the organisation's responsibility."""

    organisation: int
    role: Role
    areas: frozenset[int] = frozenset()


LIVE = """
SELECT m.organisation_id AS organisation, m.role, coalesce(array_agg(a.area_id) FILTER (WHERE a.area_id IS NOT NULL), '{}') AS areas
  FROM accounts_membership m
  JOIN accounts_organisation o ON o.id = m.organisation_id AND o.active
  LEFT JOIN accounts_membership_areas a ON a.membership_id = m.id
 WHERE m.user_id = %(user)s AND m.valid_from <= %(today)s AND (m.valid_until IS NULL OR m.valid_until >= %(today)s)
 GROUP BY m.id
"""


def grants_of(user: Any) -> tuple[Grant, ...]:
    """The live memberships of a user, asked once per request; none for those who are not logged in.

    A personal token limited to an organisation gives no more than that organisation's (`limit_to`).
    """
    return _held(user) if is_known(user) else ()


def _held(user: Any) -> tuple[Grant, ...]:
    found: tuple[Grant, ...] | None = getattr(user, "_gisapp_grants", None)
    if found is None:
        with primary():  # a right that was taken away is gone at once, however far behind a replica is
            rows = fetch_rows(LIVE, {"user": user.pk, "today": timezone.localdate()})
        found = hold(user, rows)
    return found


def hold(user: Any, rows: Iterable[Sequence[Any]]) -> tuple[Grant, ...]:
    """Note on this user object (for one request) the memberships that `LIVE` found."""
    found = tuple(Grant(organisation, Role(role), frozenset(areas)) for organisation, role, areas in rows)
    user._gisapp_grants = found
    return found


def withhold(user: Any) -> None:
    """Leave this user object (for one request) no more than a visitor has: a second factor is owed in this session."""
    user._gisapp_withheld = True


def limit_to(user: Any, organisation: int) -> None:
    """Leave this user object (for one request) the rights in one organisation alone."""
    user._gisapp_grants = tuple(one for one in grants_of(user) if one.organisation == organisation)
    # Beside the account's own flag, which somebody might save.
    user._gisapp_limited = True
    user._gisapp_alone = organisation


def organisation_alone(user: Any) -> int | None:
    """The one organisation that this user object is limited to; None where it is not."""
    found: int | None = getattr(user, "_gisapp_alone", None)
    return found


def is_known(user: Any) -> bool:
    """Has this person logged in, with an account that is not closed, and with all that the log-in demands?"""
    return _has_account(user) and not getattr(user, "_gisapp_withheld", False)


def _has_account(user: Any) -> bool:
    return bool(getattr(user, "is_authenticated", False) and getattr(user, "is_active", False))


def is_operator(user: Any) -> bool:
    """May this person do everything on this installation?"""
    return is_known(user) and bool(user.is_superuser) and not getattr(user, "_gisapp_limited", False)


def has_role(user: Any, roles: Collection[Role]) -> bool:
    """Has this person one of these roles anywhere? Operators have every role."""
    return is_operator(user) or any(one.role in roles for one in grants_of(user))


def organisations_of(user: Any, roles: Collection[Role]) -> set[int]:
    """The organisations in which this person has one of these roles."""
    return {one.organisation for one in grants_of(user) if one.role in roles}


def may_operate(user: Any) -> bool:
    """May this person see and steer what the installation does (jobs, mail, state)?"""
    return is_operator(user)


def needs_second_factor(user: Any) -> bool:
    """Must this person log in with two factors? Asked of what the account holds, withheld or not."""
    return _has_account(user) and (
        bool(user.is_superuser) or any(one.role in NEEDS_SECOND_FACTOR for one in _held(user))
    )


class System:
    """Whoever runs a command on the machine itself: an operator without an account."""

    pk = None
    is_authenticated = is_active = is_superuser = True
