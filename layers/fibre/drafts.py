"""Drafts of work orders: what is written into them before anybody rehearses them, through whichever door.

Everything runs with the rights of whoever writes; the database refuses what is no draft any more.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from django.db import transaction

from gisapp.accounts.models import User
from gisapp.database import fetch_rows
from gisapp.errors import BadInput, Conflict, NotFound
from gisapp.geolibs import STORAGE_SRID
from layers.fibre import orders
from layers.fibre.access import PLANS
from layers.fibre.api import polygon_of
from layers.fibre.models import Network, OrderStep, WorkOrder
from layers.fibre.refs import thing
from layers.fibre.services import check_role, rights_of

MOST_STEPS = 500
Sent = Mapping[str, Any]


def _area(sent: Any) -> MultiPolygon | None:
    shape = None if sent is None else polygon_of(sent, "area")
    return shape if shape is None or isinstance(shape, MultiPolygon) else MultiPolygon(shape, srid=STORAGE_SRID)


def _contractor(sent: Sent) -> dict[str, User | None]:
    """The account of that address. Nobody's own rights reach other people's accounts: it is looked up for him."""
    if "contractor" not in sent:
        return {}
    address = sent["contractor"]
    person = User.objects.filter(email__iexact=address, is_active=True).first() if address else None
    if address and person is None:
        raise BadInput("bad-value", field="contractor", name="contractor", value=address)
    return {"contractor": person}


def _written(sent: Sent) -> dict[str, Any]:
    """The order's columns of what was sent. Raises BadInput, NotFound."""
    values = {name: value for name, value in sent.items() if name not in ("steps", "network", "contractor", "area")}
    if "area" in sent:
        values["area"] = _area(sent["area"])
    if "network" in sent:
        network = Network.objects.filter(key=sent["network"]).first()
        if network is None:
            raise NotFound("fibre-unknown", ref=sent["network"])
        values |= {"network": network, "organisation_id": network.organisation_id}
    return values


def _put_steps(order: WorkOrder, steps: Sequence[Sent]) -> None:
    OrderStep.objects.filter(order=order).delete()
    OrderStep.objects.bulk_create(OrderStep(order=order, ordinal=number, **one) for number, one in enumerate(steps, 1))


def make(user: Any, sent: Sent) -> WorkOrder:
    """A new draft of what the doors' own form has let through: columns, `network` (key), `contractor` (address), `area`
    (GeoJSON, CRS84), `steps`. `user` None: with the installation's own rights. Raises Forbidden, BadInput, NotFound."""
    if user is not None:
        check_role(user, PLANS)
    person = _contractor(sent)
    with transaction.atomic(), rights_of(user):
        order = WorkOrder.objects.create(**_written(sent), **person)
        _put_steps(order, sent.get("steps", []))
    return order


def change(order: WorkOrder, user: Any, sent: Sent) -> None:
    """Other columns, or all steps anew. Raises what `make` raises, Conflict("order-not-draft")."""
    orders.check(order, "edit", user)
    person = _contractor(sent)
    with transaction.atomic(), rights_of(user):
        values = _written(sent) | person
        for name, value in values.items():
            setattr(order, name, value)
        if values:
            order.save(update_fields=[name.removesuffix("_id") for name in values])
        if "steps" in sent:
            _put_steps(order, sent["steps"])
    order.refresh_from_db()


def delete(order: WorkOrder, user: Any) -> None:
    """Raises Forbidden, Conflict("order-not-draft")."""
    orders.check(order, "delete", user)
    with transaction.atomic(), rights_of(user):
        order.delete()


# ---------------------------------------------------------------------------------------------------------- single steps


def add_step(order: WorkOrder, user: Any, step: Sent) -> int:
    """Behind the last one; returns its number. Raises BadInput where there are too many."""

    def added(steps: list[OrderStep]) -> None:
        if len(steps) >= MOST_STEPS:
            raise BadInput("too-many-steps", most=MOST_STEPS)
        steps.append(OrderStep(order=order, **step))

    return _rewrite(order, user, added)


def change_step(order: WorkOrder, user: Any, number: int, step: Sent) -> None:
    def changed(steps: list[OrderStep]) -> None:
        for name, value in step.items():
            setattr(_step(steps, number), name, value)

    _rewrite(order, user, changed)


def move_step(order: WorkOrder, user: Any, number: int, by: int) -> None:
    """Earlier (-1) or later (1). What says "$2" means the same step afterwards. Raises Conflict("order-step-used")."""

    def moved(steps: list[OrderStep]) -> None:
        step = _step(steps, number)
        if 0 <= number - 1 + by < len(steps):
            steps.remove(step)
            steps.insert(number - 1 + by, step)

    _rewrite(order, user, moved)


def drop_step(order: WorkOrder, user: Any, number: int) -> None:
    """Raises Conflict("order-step-used") where a later step needs what this one makes."""

    def dropped(steps: list[OrderStep]) -> None:
        steps.remove(_step(steps, number))

    _rewrite(order, user, dropped)


def _step(steps: Sequence[OrderStep], number: int) -> OrderStep:
    if not 0 < number <= len(steps):
        raise NotFound("fibre-unknown", ref=str(number))
    return steps[number - 1]


def _content(step: OrderStep) -> tuple[Any, ...]:
    return step.ordinal, step.action, step.arguments, step.remark


def _rewrite(order: WorkOrder, user: Any, work: Callable[[list[OrderStep]], None]) -> int:
    """Do this to the list of steps and write what has become another; returns how many there are then."""
    orders.check(order, "edit", user)
    with transaction.atomic():
        # Of two who write into one draft the second one sees what the first has written.
        orders.lock(order)
        with rights_of(user):
            before = list(order.steps.order_by("ordinal"))
            # However they were numbered: first, second, third.
            numbers = {one.ordinal: number for number, one in enumerate(before, 1)}
            was = {one.pk: _content(one) for one in before}
            steps = list(before)
            work(steps)
            now = {number: steps.index(one) + 1 for number, one in enumerate(before, 1) if one in steps}
            for number, one in enumerate(steps, 1):
                one.arguments = _renumbered(one.arguments, {old: now.get(n) for old, n in numbers.items()}, number)
                one.ordinal = number
                if was.get(one.pk) != _content(one):
                    one.save()
            for one in before:
                if one not in steps:
                    one.delete()
    return len(steps)


def _renumbered(value: Any, now: Mapping[int, int | None], of: int) -> Any:
    """What "$2" means after the steps have other numbers. Raises Conflict("order-step-used")."""
    if isinstance(value, dict):
        return {name: _renumbered(one, now, of) for name, one in value.items()}
    if isinstance(value, list):
        return [_renumbered(one, now, of) for one in value]
    found = orders.MADE.fullmatch(value) if isinstance(value, str) else None
    if not found or int(found[1]) not in now:
        return value
    made = now[int(found[1])]
    if made is None or made >= of:
        raise Conflict("order-step-used", step=found[1])
    return f"${made}.{found[2]}" if found[2] else f"${made}"


# -------------------------------------------------------------------------------------------------------------- its area


def area_around(user: Any, refs: Sequence[str], metres: float) -> MultiPolygon:
    """Everything within so many metres of these nodes, segments, ducts and cables (EPSG:25832), as `user` sees them.

    Raises NotFound, BadInput.
    """
    with rights_of(user):
        keys = [thing(ref, None, "node", "segment", "duct", "cable").id for ref in refs]
        told = fetch_rows(
            "SELECT ST_AsEWKT(ST_Multi(ST_Buffer(ST_Collect(geom), %s, 4))) FROM (SELECT geom FROM fibre_node WHERE id = ANY (%s) UNION ALL "
            "SELECT geom FROM fibre_segment WHERE id = ANY (%s) UNION ALL SELECT geom FROM fibre_duct WHERE id = ANY (%s) UNION ALL "
            "SELECT coalesce(geom, place) FROM fibre_cable WHERE id = ANY (%s)) named",
            [metres, keys, keys, keys, keys],
        )[0][0]
    if told is None:
        raise BadInput("fibre-no-polygon", field="around")
    shape = GEOSGeometry(told)
    return shape if isinstance(shape, MultiPolygon) else MultiPolygon(shape, srid=STORAGE_SRID)
