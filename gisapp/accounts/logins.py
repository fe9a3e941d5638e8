"""Database log-ins for people who work in QGIS or psql: a role of their own in the group `gisapp_member`.

What they see and change is the tables' policies (policies.py); what they did stands under their name in the history.
"""

import os
import re
import secrets

import psycopg
from django.db import connection
from psycopg import sql

from gisapp import cluster
from gisapp.accounts import policies
from gisapp.accounts.models import DatabaseLogin, User
from gisapp.errors import Conflict, NotFound


def role_name(user: User) -> str:
    """krit_ and what stands before the @, made to fit; numbered by the account so that two never share one."""
    plain = re.sub(r"[^a-z0-9]+", "_", user.email.partition("@")[0].lower()).strip("_")[:30]
    return f"krit_{plain or 'person'}_{user.pk}"


def _administrator() -> psycopg.Connection[tuple[object, ...]]:
    """A connection that may create roles: the private cluster's superuser, elsewhere our own user."""
    if not os.environ.get("DATABASE_URL"):
        database = str(connection.settings_dict["NAME"])
        return psycopg.connect(**cluster.dsn(database, "postgres"), autocommit=True)  # type: ignore[arg-type]
    connection.ensure_connection()
    return psycopg.connect(
        connection.connection.info.dsn, password=connection.connection.info.password, autocommit=True
    )


def grant(user: User) -> tuple[str, str]:
    """Give this person a database log-in, or a new password for the one there is; (role, password).

    Raises Conflict("no-right-to-create-roles") where our own user may not create roles: its text says what an
    administrator has to run.
    """
    name, password = role_name(user), secrets.token_urlsafe(24)
    role = sql.Identifier(name)
    try:
        with _administrator() as administrator:
            for group in (cluster.MEMBER_ROLE, name):
                there = administrator.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [group]).fetchone()
                if not there:
                    administrator.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(group)))
            administrator.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(cluster.MEMBER_ROLE), role))
            administrator.execute(sql.SQL("ALTER ROLE {} SET statement_timeout = '60s'").format(role))
            secret = sql.Literal(password)
            administrator.execute(sql.SQL("ALTER ROLE {} LOGIN CONNECTION LIMIT 8 PASSWORD {}").format(role, secret))
    except psycopg.errors.InsufficientPrivilege as reason:
        raise Conflict("no-right-to-create-roles", role=name, group=cluster.MEMBER_ROLE) from reason
    DatabaseLogin.objects.update_or_create(user=user, defaults={"role": name})
    policies.apply()
    return name, password


def revoke(user: User) -> str:
    """Take the database log-in away and end its sessions; the role's name. Raises NotFound where there is none."""
    login = DatabaseLogin.objects.filter(user=user).first()
    if login is None:
        raise NotFound("not-found", what=role_name(user))
    name = login.role
    with _administrator() as administrator:
        administrator.execute(sql.SQL("ALTER ROLE {} NOLOGIN PASSWORD NULL").format(sql.Identifier(name)))
        administrator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [name])
    login.delete()
    return name
