"""The role for the public: it sees the views of what is public, and no table, no private column, no internal row."""

from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, connection
from psycopg import sql

from gisapp.features.query import Selection, count
from gisapp.layer import all_layers
from gisapp.qgis import public
from layers.notes.models import Note
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection as the role; the owner may become it."""
    amt = factories.organisation()
    for title, audience in (("Offen", "public"), ("Geheim", "internal")):
        Note.objects.create(title=title, audience=audience, organisation=amt, geom=factories.point(0, 0))
    factories.place()
    assert public.apply(anew=True)
    given = connection.settings_dict
    place = {"host": given["HOST"], "port": given["PORT"], "dbname": given["NAME"], "user": public.ROLE}
    with psycopg.connect(**{key: value for key, value in place.items() if value}, autocommit=True) as found:  # type: ignore[arg-type]
        yield found


def test_01_each_view_has_what_visitors_see(visitor: psycopg.Connection[tuple[object, ...]]) -> None:
    for one in public.layers():
        view = sql.SQL("SELECT count(*) FROM {}.{}").format(sql.Identifier(public.SCHEMA), sql.Identifier(one.name))
        assert visitor.execute(view).fetchone() == (count(one, AnonymousUser(), Selection()),), one.name
        columns = [
            line.name for line in visitor.execute(f"SELECT * FROM {public.SCHEMA}.{one.name} LIMIT 0").description
        ]  # type: ignore[call-overload,union-attr]
        assert columns == public.columns(one)
        assert not {field.name for field in one.fields if not field.public} & set(columns)
    assert visitor.execute("SELECT title FROM gisapp_public.notes").fetchall() == [("Offen",)]


def test_02_no_table_is_readable(visitor: psycopg.Connection[tuple[object, ...]]) -> None:
    names = [one.model_class._meta.db_table for one in all_layers()]
    names += [
        "accounts_user",
        "accounts_membership",
        "notes_noteevent",
        "gisapp_cache",
        "django_session",
        "registry_fact",
    ]
    for name in names:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            visitor.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(name)))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO gisapp_public.notes (title) VALUES ('x')",
        "UPDATE gisapp_public.notes SET title = 'x'",
        "DELETE FROM gisapp_public.places",
        "CREATE TABLE public.mine (x int)",
        "CREATE TABLE gisapp_public.mine (x int)",
    ],
)
def test_03_nothing_can_be_written(visitor: psycopg.Connection[tuple[object, ...]], statement: str) -> None:
    visitor.execute("SET default_transaction_read_only = off")
    with pytest.raises(psycopg.Error):
        visitor.execute(statement)  # type: ignore[call-overload]
    assert visitor.execute("SELECT title FROM gisapp_public.notes").fetchall() == [("Offen",)]


def test_04_a_function_of_the_asker_sees_no_hidden_row(visitor: psycopg.Connection[tuple[object, ...]]) -> None:
    """A cheap condition must not be asked of rows that the view hides: it could tell of them by an error."""
    found = visitor.execute(
        "SELECT count(*) FROM gisapp_public.notes WHERE 1 / (CASE title WHEN 'Geheim' THEN 0 ELSE 1 END) = 1"
    )
    assert found.fetchone() == (1,)
    with connection.cursor() as cursor:  # whatever the planner made of it this time
        cursor.execute(
            "SELECT count(*) FILTER (WHERE 'security_barrier=true' = ANY (reloptions) OR "
            "'security_barrier' = ANY (reloptions)), count(*) FROM pg_class "
            "WHERE relnamespace = 'gisapp_public'::regnamespace AND relkind = 'v'"
        )
        guarded, views = cursor.fetchone()
    assert guarded == views == len(public.layers())


def test_05_the_views_are_made_anew_when_they_are_gone(visitor: psycopg.Connection[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA gisapp_public CASCADE")
    assert public.apply()
    assert visitor.execute("SELECT title FROM gisapp_public.notes").fetchall() == [("Offen",)]


def test_06_migrations_find_no_view_in_their_way() -> None:
    """A view forbids to change a column that it shows; before a migration the views go, after it they are there again."""
    change = "ALTER TABLE notes_note ALTER COLUMN state TYPE varchar"
    assert public.apply(anew=True)
    with connection.cursor() as cursor:
        with pytest.raises(DatabaseError, match="view"):
            cursor.execute(change)
        public.before_migrate(None, plan=[])
        cursor.execute("SELECT to_regclass('gisapp_public.notes') IS NOT NULL")
        assert cursor.fetchone() == (True,), "nothing to migrate, nothing to drop"
        public.before_migrate(None, plan=["something"])
        cursor.execute(f"BEGIN; {change}; ROLLBACK")
    public.after_migrate(list(apps.get_app_configs())[-1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM gisapp_public.notes")
        assert cursor.fetchone() == (0,)
