"""Acting for a person: in such a block the database binds the web server by the person's own policies.

Most doors ask `visible_to` and `edited` before they write, and the web server's role passes the policies. What is done by
functions of the database - they read and write many rows that no door has seen - runs as the group of people with
database log-ins instead, under the same row-level security and refusals as in QGIS.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import DatabaseError, connection, transaction

from gisapp import cluster
from gisapp.accounts.roles import is_known, organisation_alone
from gisapp.errors import Conflict, Forbidden, GisError

_SAY = "SELECT set_config('gisapp.acting_for', %s, true), set_config('gisapp.acting_within', %s, true)"
_CAN = "SELECT pg_has_role(session_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = %s"


@contextmanager
def acting_for(user: Any) -> Iterator[None]:
    """A transaction with this person's rights; every rule is asked before they end.

    Raises GisError("not-logged-in"), Conflict("acting-impossible") where the server has no such role for us, and
    Forbidden("beyond-reach") for what the person may not change.
    """
    if not is_known(user):
        raise GisError("not-logged-in")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CAN, [cluster.MEMBER_ROLE])
            if (cursor.fetchone() or (False,))[0] is not True:
                raise Conflict("acting-impossible", role=cluster.MEMBER_ROLE)
            cursor.execute(_SAY, [str(user.pk), str(organisation_alone(user) or "")])
            cursor.execute(f"SET LOCAL ROLE {cluster.MEMBER_ROLE}")
        try:
            yield
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        except DatabaseError as error:
            cause = error.__cause__
            if isinstance(cause, psycopg.errors.InsufficientPrivilege):
                raise Forbidden("beyond-reach") from error
            raise
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE NONE")
            cursor.execute(_SAY, ["", ""])
