"""Who is what in an organisation: the writes of those who lead it. The tables' rules hold whatever comes here."""

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from gisapp.accounts import letters, mail, roles
from gisapp.accounts.models import Area, Membership, Organisation, User
from gisapp.accounts.roles import Role
from gisapp.errors import Conflict, Forbidden, NotFound, from_database
from gisapp.history.recording import recorded

GIVEN = tuple(one for one in Role if one is not Role.CITIZEN)
"""The roles that an organisation gives; citizens are whoever logs in."""
_RULES = {"membership_contractor_ends": "contractor-needs-end", "membership_in_order": "period-reversed"}


@dataclass(frozen=True)
class Period:
    """A role's days, the last one included, and its areas; no areas: all of the organisation's responsibility."""

    since: datetime.date
    until: datetime.date | None
    areas: Sequence[Area] = ()


def led_by(user: Any) -> QuerySet[Organisation]:
    """The organisations whose members this person keeps."""
    if roles.is_operator(user):
        return Organisation.objects.all()
    return Organisation.objects.filter(pk__in=roles.organisations_of(user, {Role.ADMIN}))


def areas_for(organisation: Organisation) -> QuerySet[Area]:
    """What a role there can be limited to: the organisation's areas, and those whose middle lies in one of them."""
    inside = Area.objects.filter(organisations=organisation, geom__intersects=OuterRef("middle"))
    from django.contrib.gis.db.models.functions import PointOnSurface

    return (
        Area.objects.annotate(middle=PointOnSurface("geom"))
        .filter(Q(organisations=organisation) | Exists(inside))
        .distinct()
        .defer("geom")
        .order_by("kind", "name")
    )


def _check_reach(actor: Any, organisation: Organisation, areas: Sequence[Area]) -> None:
    """Whoever leads in some areas alone gives roles in these alone. Raises Forbidden."""
    if roles.is_operator(actor):
        return
    grants = [one for one in roles.grants_of(actor) if one.organisation == organisation.pk and one.role == Role.ADMIN]
    if not grants:
        raise Forbidden()
    wanted = {one.pk for one in areas}
    if not any(not one.areas or (wanted and wanted <= one.areas) for one in grants):
        raise Forbidden("beyond-your-areas", field="areas")


@contextmanager
def _rules_at_fields() -> Iterator[None]:
    """The tables' rules about a role's days, as what is wrong with the last day."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        refused = from_database(error)
        code = _RULES.get(str(refused.values.get("rule"))) if refused else None
        if code is None:
            raise
        raise Conflict(code, field="until") from error


def other_admins(organisation: Organisation, user: User) -> bool:
    """Does somebody else lead the organisation today, with an account that is open?"""
    today = timezone.localdate()
    others = Membership.objects.filter(
        organisation=organisation, role=Role.ADMIN, user__is_active=True, valid_from__lte=today
    ).exclude(user=user)
    return others.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=today)).exists()


def _keep_an_admin(membership: Membership) -> None:
    """Raises Conflict("last-admin") where ending this role leaves the organisation without anybody to lead it."""
    if membership.role == Role.ADMIN and not other_admins(membership.organisation, membership.user):
        raise Conflict("last-admin", organisation=membership.organisation.name)


def _locked(organisation: Organisation) -> Organisation:
    """One change of an organisation's roles after the other: two leaders cannot remove each other."""
    return Organisation.objects.select_for_update().get(pk=organisation.pk)


def give(
    actor: Any, organisation: Organisation, email: str, role: Role, period: Period, reason: str
) -> tuple[User, bool]:
    """Give somebody a role here; (person, whether the account is new). An unknown address gets an account."""
    _check_reach(actor, organisation, period.areas)
    with recorded("web", reason=reason), _rules_at_fields():
        _locked(organisation)
        user = User.objects.filter(email__iexact=email).first()
        made = user is None
        if user is None:
            user = User.objects.create_user(email)
        membership = Membership.objects.filter(user=user, organisation=organisation, role=role, purpose="").first()
        if membership is not None:
            _check_reach(actor, organisation, list(membership.areas.all()))
        membership, _new = Membership.objects.update_or_create(
            user=user, organisation=organisation, role=role, purpose="",
            defaults={"valid_from": period.since, "valid_until": period.until},
        )  # fmt: skip
        membership.areas.set(period.areas)
    return user, made


def change(actor: Any, membership: Membership, period: Period, reason: str) -> None:
    """Other days or other areas for a role."""
    _check_reach(actor, membership.organisation, list(membership.areas.all()))
    _check_reach(actor, membership.organisation, period.areas)
    with recorded("web", reason=reason), _rules_at_fields():
        _locked(membership.organisation)
        if period.until is not None or period.since > timezone.localdate() or period.areas:
            _keep_an_admin(membership)
        membership.valid_from, membership.valid_until = period.since, period.until
        membership.save(update_fields=["valid_from", "valid_until"])
        membership.areas.set(period.areas)


def end(actor: Any, membership: Membership, reason: str) -> None:
    """Take a role away at once. The history keeps that it was held."""
    _check_reach(actor, membership.organisation, list(membership.areas.all()))
    with recorded("web", reason=reason), transaction.atomic():
        _locked(membership.organisation)
        _keep_an_admin(membership)
        membership.delete()


def invite(user: User, organisation: Organisation, role: Role, who: str, site: str) -> None:
    """Mail to a new person the link that sets the first password. Raises GisError("mail-failed")."""
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"}).replace("UID-KEY", key)
    mail.send(user.email, *letters.invitation(organisation.name, str(role.label), who, site + path))


def membership_of(organisation: Organisation, number: int) -> Membership:
    """Raises NotFound for a role elsewhere."""
    found = Membership.objects.select_related("user", "organisation").filter(pk=number, organisation=organisation)
    membership = found.first()
    if membership is None:
        raise NotFound("not-found", what=str(number))
    return membership
