"""Work orders: rehearsed against the network that is there, approved, given to a contractor, carried out as a whole.

A rehearsal does every step in a transaction that goes back, with the rights of whoever asks and under every rule, and keeps
what it would change. Approving keeps that as agreed upon; carrying it out does it once more, for good, and refuses where
the base has changed so that something else would come of it: the difference is shown, never guessed.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import get_language

from gisapp.accounts.models import Area, Membership
from gisapp.accounts.roles import Role, is_operator, organisations_of
from gisapp.errors import BadInput, Conflict, Forbidden, GisError, NotFound, from_exception
from gisapp.history.recording import current, pin, recorded
from layers.fibre import changes
from layers.fibre.access import LEADS, PLANS
from layers.fibre.models import OrderStep, WorkOrder
from layers.fibre.refs import key_of
from layers.fibre.services import action_named, perform, rights_of

MADE = re.compile(r"\$(\d+)(?:\.(\w+))?")
"""What stands for what an earlier step has made: its number, and which of several things."""
OPEN = (WorkOrder.State.DRAFT, WorkOrder.State.APPROVED, WorkOrder.State.ISSUED)
# In which states each verb does something; the database's own table of transitions says the same of states.
FROM = {
    "rehearse": OPEN,
    "approve": (WorkOrder.State.DRAFT,),
    "issue": (WorkOrder.State.APPROVED,),
    "reopen": (WorkOrder.State.APPROVED, WorkOrder.State.CANCELLED),
    "cancel": OPEN,
    "complete": (WorkOrder.State.APPROVED, WorkOrder.State.ISSUED),
    "edit": (WorkOrder.State.DRAFT,),
    "delete": (WorkOrder.State.DRAFT, WorkOrder.State.CANCELLED),
}
_PLANNERS = frozenset({"edit", "delete"})
# What somebody does who carries an order out, and does not answer for the network.
_CREWS = frozenset({"rehearse", "complete"})
# What an order's objects become with it.
_BUILT = {
    WorkOrder.State.APPROVED: (("planned", "under_construction"), "approved"),
    WorkOrder.State.ISSUED: (("planned", "approved"), "under_construction"),
    WorkOrder.State.DONE: (("planned", "approved", "under_construction"), "in_service"),
    WorkOrder.State.DRAFT: (("approved", "under_construction"), "planned"),
    WorkOrder.State.CANCELLED: (("approved", "under_construction"), "planned"),
}


@dataclass(frozen=True)
class Stop:
    """The step that is refused, and why."""

    step: int
    code: str
    message: str

    def plain(self) -> dict[str, Any]:
        return {"step": self.step, "code": self.code, "message": self.message}


@dataclass(frozen=True)
class Rehearsal:
    """What the steps up to the one that stops it would change. `competing` are other open orders that touch the same."""

    changes: Sequence[dict[str, Any]]
    results: Sequence[Mapping[str, Any]]
    stop: Stop | None
    competing: Sequence[Mapping[str, Any]] = ()
    difference: Mapping[str, Sequence[dict[str, Any]]] | None = None

    def plain(self) -> dict[str, Any]:
        return {
            "changes": list(self.changes),
            "results": list(self.results),
            "stop": self.stop.plain() if self.stop else None,
            "competing": list(self.competing),
            "difference": self.difference,
        }


def leads(order: WorkOrder, user: Any) -> bool:
    """Does this person answer for the order's network? (None: the installation itself.)"""
    return user is None or is_operator(user) or order.organisation_id in organisations_of(user, LEADS)


def allowed(order: WorkOrder, user: Any) -> frozenset[str]:
    """The verbs of FROM that this person has a right to, whatever the order's state.

    A contractor has the order that he was given, from its first day to its last, while it is issued.
    """
    if leads(order, user):
        return frozenset(FROM)
    found = _PLANNERS if order.organisation_id in organisations_of(user, PLANS) else frozenset()
    today = timezone.localdate()
    if (
        order.contractor_id == user.pk
        and order.state == WorkOrder.State.ISSUED
        and order.ends_on is not None
        and (order.begins_on or today) <= today <= order.ends_on
        and order.organisation_id in organisations_of(user, {Role.CONTRACTOR})
    ):
        found |= _CREWS
    return found


def possible(order: WorkOrder, user: Any) -> frozenset[str]:
    """What this person may do with it now."""
    return frozenset(verb for verb in allowed(order, user) if order.state in FROM[verb])


def check(order: WorkOrder, verb: str, user: Any) -> None:
    """Raises Forbidden."""
    if verb not in allowed(order, user):
        raise Forbidden("forbidden")


def _told(order: WorkOrder) -> AbstractContextManager[Any]:
    """What an order does stands in the history with its number, through the door by which somebody asked for it."""
    outer = current()
    return recorded(str(outer.said.get("door", "program")) if outer else "program", reason=order.name)


def _keeper(order: WorkOrder, user: Any) -> Any:
    """With whose rights the order's own row is written: a contractor changes the network and not the order."""
    return user if leads(order, user) else None


class _Back(Exception):
    """Takes a rehearsal back."""


def _filled(arguments: Any, results: Mapping[int, Mapping[str, Any]]) -> Any:
    """`$2` becomes what step 2 made, `$2.3` the fourth of several things, `$2.enclosure` the one of that name."""
    if isinstance(arguments, dict):
        return {name: _filled(value, results) for name, value in arguments.items()}
    if isinstance(arguments, list):
        return [_filled(value, results) for value in arguments]
    found = MADE.fullmatch(arguments) if isinstance(arguments, str) else None
    if not found:
        return arguments
    result = results.get(int(found[1]), {})
    part = found[2]
    if part is None:
        made = result.get("id")
    elif part.isdecimal():
        made = (result.get("ids") or [])[int(part) : int(part) + 1]
        made = made[0] if made else None
    else:
        made = result.get(part)
    if made is None:
        raise BadInput("order-no-result", name=arguments)
    return str(made)


def _words(refused: GisError) -> str:
    """The database's own words name the fibre, the place and the remedy; they are German. Others get the catalogue's."""
    language = get_language() or "de"
    said, hint = (str(refused.values.get(name) or "") for name in ("message", "hint"))
    if not said or not language.startswith("de"):
        return refused.text(language)
    # (An action's hint begins with what is said.)
    return hint if hint.startswith(said) else f"{said} {hint}".rstrip()


def _do(order: WorkOrder, user: Any) -> tuple[dict[int, dict[str, Any]], Stop | None]:
    """Every step in its order; what each made by its number, and where it stopped. The network is as far as that."""
    results: dict[int, dict[str, Any]] = {}
    for step in order.steps.order_by("ordinal"):
        try:
            with transaction.atomic():
                told = perform(action_named(step.action), _filled(step.arguments, results), user=user)
        except (GisError, DatabaseError) as error:
            refused = from_exception(error)
            if refused is None:
                raise
            return results, Stop(step.ordinal, refused.code, _words(refused))
        results[step.ordinal] = orjson.loads(orjson.dumps(told, default=str))
    return results, None


def rehearse(order: WorkOrder, user: Any) -> Rehearsal:
    """What carrying it out now would change; nothing is changed but the order's own note of it.

    `user` None: with the installation's own rights. Raises Forbidden; what the steps are refused for is in the answer.
    """
    found: list[dict[str, Any]] = []
    results: dict[int, dict[str, Any]] = {}
    stop: Stop | None = None
    order.refresh_from_db()
    check(order, "rehearse", user)
    with _told(order):
        try:
            with transaction.atomic():
                pin()
                results, stop = _do(order, user)
                found = changes.written()
                raise _Back
        except _Back:
            pass
    now = Rehearsal(
        found,
        [{"step": number, **told} for number, told in results.items()],
        stop,
        competing(order, found, user),
        changes.difference(order.agreed, found) if order.agreed is not None else None,
    )
    kept = {"at": timezone.now().isoformat(), **now.plain()}
    # Who else touches the same is asked anew by whoever looks: not everybody sees the others.
    del kept["competing"]
    with rights_of(_keeper(order, user)):
        WorkOrder.objects.filter(pk=order.pk).update(rehearsal=kept)
    order.rehearsal = kept
    return now


def competing(order: WorkOrder, found: Sequence[dict[str, Any]], user: Any) -> list[dict[str, Any]]:
    """Other open orders of the same network whose last rehearsal touched the same things, as far as `user` sees them."""
    mine = set(changes.touched(found))
    rows = WorkOrder.objects.filter(network=order.network_id, state__in=OPEN, rehearsal__isnull=False)
    with rights_of(user):
        others = list(rows.exclude(pk=order.pk).order_by("name"))
    told = []
    for other in others:
        both = mine & set(changes.touched((other.rehearsal or {}).get("changes", [])))
        if both:
            told.append({"id": str(other.pk), "order": other.name, "title": other.title, "objects": sorted(both)})
    return told


def lock(order: WorkOrder) -> None:
    """Of two who approve or carry out the same order at once, the second one sees what the first has done."""
    WorkOrder.objects.select_for_update(of=("self",)).get(pk=order.pk)
    order.refresh_from_db()


def _becomes(order: WorkOrder, state: str, user: Any, **more: Any) -> None:
    """The new state, of the order and of what it has drawn, and the contractor's rights with it."""
    with rights_of(_keeper(order, user)):
        WorkOrder.objects.filter(pk=order.pk).update(state=state, **more)
        states, becomes = _BUILT[WorkOrder.State(state)]
        with connection.cursor() as cursor:
            cursor.execute("SELECT fibre_order_objects(%s, %s, %s)", [order.pk, list(states), becomes])
    order.refresh_from_db()
    _give_rights(order)


def approve(order: WorkOrder, user: Any) -> Rehearsal:
    """Agree upon what the steps would change now. Raises Forbidden, Conflict("order-stops") where a step is refused."""
    check(order, "approve", user)
    with _told(order), transaction.atomic():
        lock(order)
        now = rehearse(order, user)
        if now.stop:
            raise Conflict("order-stops", order=order.name, step=now.stop.step, why=now.stop.message)
        _becomes(order, WorkOrder.State.APPROVED, user, agreed=list(now.changes))
    return now


def issue(order: WorkOrder, user: Any) -> None:
    """Give it to whoever does it: from now on until its last day the contractor may work in its area.

    Raises Forbidden: who gives rights to others is of the network's own engineers or leads its organisation.
    """
    check(order, "issue", user)
    with _told(order), transaction.atomic():
        lock(order)
        _becomes(order, WorkOrder.State.ISSUED, user)


def reopen(order: WorkOrder, user: Any) -> None:
    """A draft again: its steps can be changed, and what was agreed upon is gone. Raises Forbidden."""
    check(order, "reopen", user)
    with _told(order), transaction.atomic():
        lock(order)
        _becomes(order, WorkOrder.State.DRAFT, user)


def cancel(order: WorkOrder, user: Any) -> None:
    """It will not be done; what it has drawn is planned again. Raises Forbidden."""
    check(order, "cancel", user)
    with _told(order), transaction.atomic():
        lock(order)
        _becomes(order, WorkOrder.State.CANCELLED, user)


def complete(order: WorkOrder, user: Any, *, accept: bool = False) -> Sequence[dict[str, Any]]:
    """Carry it out: every step for good, its objects in service, all or nothing. Returns what changed.

    Raises Conflict("order-stops") where a step is refused now, and Conflict("order-base-changed") where something else would
    come of it than was agreed upon, unless `accept`, which is for those who lead. Raises Forbidden.
    """
    with _told(order), transaction.atomic():
        lock(order)
        check(order, "complete", user)
        if accept and not leads(order, user):
            raise Forbidden("forbidden")
        if order.state not in (WorkOrder.State.APPROVED, WorkOrder.State.ISSUED):
            raise Conflict("order-state")
        pin()
        results, stop = _do(order, user)
        if stop:
            raise Conflict("order-stops", order=order.name, step=stop.step, why=stop.message)
        found = changes.written()
        apart = changes.difference(order.agreed or [], found)
        if not accept and (apart["missing"] or apart["unexpected"]):
            raise Conflict(
                "order-base-changed",
                order=order.name,
                missing=len(apart["missing"]),
                unexpected=len(apart["unexpected"]),
            )
        now = timezone.now()
        with rights_of(_keeper(order, user)):
            for number, told in results.items():
                OrderStep.objects.filter(order=order, ordinal=number).update(done_at=now, result=told)
        _becomes(order, WorkOrder.State.DONE, user)
    return found


def _purpose(order: WorkOrder) -> str:
    return f"fibre.workorder:{order.pk}"


def _give_rights(order: WorkOrder) -> None:
    """The contractor's membership follows the order: its area, its days, and only while it is issued."""
    purpose = _purpose(order)
    if (
        order.state != WorkOrder.State.ISSUED
        or order.contractor_id is None
        or order.ends_on is None
        or order.area is None
    ):
        Membership.objects.filter(purpose=purpose).delete()
        Area.objects.filter(key=purpose).delete()
        return
    Membership.objects.filter(purpose=purpose).exclude(user=order.contractor_id).delete()
    area, _new = Area.objects.update_or_create(
        key=purpose, defaults={"kind": "order", "name": f"{order.name} {order.title}".strip(), "geom": order.area}
    )
    since = min(order.begins_on or timezone.localdate(), order.ends_on)
    membership, _new = Membership.objects.update_or_create(
        user_id=order.contractor_id, organisation_id=order.organisation_id, role=Role.CONTRACTOR, purpose=purpose,
        defaults={"valid_from": since, "valid_until": order.ends_on},
    )  # fmt: skip
    membership.areas.set([area])


def find(name: str, user: Any = None) -> WorkOrder:
    """An order by its key, its number, or "network|number". Raises NotFound, BadInput("fibre-ambiguous-name")."""
    net, _bar, number = name.rpartition("|")
    rows = WorkOrder.objects.filter(name=number) if not key_of(name) else WorkOrder.objects.filter(pk=name)
    if net:
        rows = rows.filter(network__key=net)
    with rights_of(user):
        found = list(rows.select_related("network")[:2])
    if not found:
        raise NotFound("fibre-unknown", ref=name)
    if len(found) > 1:
        raise BadInput(
            "fibre-ambiguous-name", ref=name, names=", ".join(f"{one.network.key}|{one.name}" for one in found)
        )
    return found[0]
