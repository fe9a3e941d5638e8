"""One thing that a person does to a network: its transaction, his rights, and what the history says of it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import orjson
from django.db import DatabaseError, connection, transaction

from gisapp.accounts.acting import acting_for
from gisapp.accounts.roles import has_role, is_known
from gisapp.errors import Forbidden, GisError, NotFound, from_database
from gisapp.layer import Members
from layers.fibre.access import CHANGES, SEES
from layers.fibre.action_values import parameters
from layers.fibre.actions import ACTIONS, Action, Takes


class _TriedOnly(Exception):
    """Ends a dry run: its transaction goes back."""


def action_named(name: str) -> Action:
    """Raises NotFound("unknown-action")."""
    if name not in ACTIONS:
        raise NotFound("unknown-action", name=name[:50], possible=", ".join(sorted(ACTIONS)))
    return ACTIONS[name]


def check_role(user: Any, roles: Members) -> None:
    """Whoever has none of these roles anywhere is told so before anything is looked up.

    Raises GisError("not-logged-in"), Forbidden.
    """
    if not is_known(user):
        raise GisError("not-logged-in")
    if not has_role(user, roles):
        raise Forbidden("forbidden")


def check_may(action: Action, user: Any) -> None:
    """May this person do such a thing in any network? Raises what check_role raises."""
    check_role(user, SEES if action.asks else CHANGES)


@contextmanager
def _ours() -> Iterator[None]:
    """Whoever works on the machine itself has every right; the rules hold for him too."""
    with transaction.atomic():
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def rights_of(user: Any) -> AbstractContextManager[None]:
    """A transaction with this person's rights, or the installation's own (None); every rule is asked before it ends."""
    return acting_for(user) if user is not None else _ours()


def perform(action: Action, sent: Any, *, user: Any = None, dry: bool = False) -> dict[str, Any]:
    """Do it, with the rights of `user` (None: the installation's own), and tell what was made. `dry`: only try.

    The caller says who and why to the history (`recorded`). Raises GisError; the database's refusals by their codes.
    """
    if user is not None:
        check_may(action, user)
    told: dict[str, Any] = {}
    try:
        with transaction.atomic(), rights_of(user):
            told = _told(action, _call(action, parameters(action, sent)))
            if dry:
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                raise _TriedOnly
    except _TriedOnly:
        told["dry"] = True
    except DatabaseError as error:
        refused = from_database(error)
        if refused is None:
            raise
        # The rule's own sentence names what is in the way; the catalogue's is the same for all.
        said = (refused.values.get("message"), refused.values.get("hint"))
        refused.values["hint"] = " ".join(str(one) for one in said if one)
        raise refused from error
    return {"action": action.name, **told}


def _call(action: Action, values: dict[str, Any]) -> Any:
    points = {one.parameter for one in action.arguments if one.takes is Takes.POINT}
    marks = [
        f"{name} => ST_Transform(%({name})s::geometry, 25832)" if name in points else f"{name} => %({name})s"
        for name in values
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {action.function}({', '.join(marks)})", values)
        return cursor.fetchone()[0]


def _told(action: Action, result: Any) -> dict[str, Any]:
    if action.returns == "told":
        return dict(orjson.loads(result) if isinstance(result, str) else result)
    return {} if action.returns == "nothing" else {action.returns: result}
