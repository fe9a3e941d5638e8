"""Empties the database after a test that committed, as Django's flush does, without building anew what still stands.

After each flush Django has every app finish its set-up again: rights, policies, views. That takes three quarters of the
time, and changes nothing unless the test changed the structure. So the structure is compared before and after; where it
differs, or nobody has looked yet, everything happens as it always did.
"""

from functools import partial
from typing import Any

from django.core.management import call_command
from django.db import connections
from django.test import testcases

# What the set-up's last step makes of a structure: the same in each database of this version.
STANDS = ("django_content_type", "auth_permission")
FACTS = "registry_fact"
STRUCTURE = """
WITH own AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
SELECT md5(concat_ws('|',
  (SELECT string_agg(concat_ws(' ', c.oid, relname, relkind, relowner, relacl, relrowsecurity, relforcerowsecurity, reloptions), ',' ORDER BY c.oid)
     FROM pg_class c JOIN own ON own.oid = relnamespace WHERE relpersistence <> 't'),
  (SELECT string_agg(concat_ws(' ', attrelid, attname, atttypid, attnotnull, attgenerated, attacl), ',' ORDER BY attrelid, attnum)
     FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN own ON own.oid = relnamespace WHERE attnum > 0 AND relpersistence <> 't'),
  (SELECT string_agg(concat_ws(' ', p.oid, proname, md5(prosrc), proowner, proacl, prosecdef, proconfig), ',' ORDER BY p.oid)
     FROM pg_proc p JOIN own ON own.oid = pronamespace),
  (SELECT string_agg(concat_ws(' ', oid, tgrelid, tgname, tgfoid, tgenabled, tgtype, tgargs, tgqual), ',' ORDER BY oid) FROM pg_trigger),
  (SELECT string_agg(p::text, ',' ORDER BY oid) FROM pg_policy p),
  (SELECT string_agg(concat_ws(' ', oid, conname, conrelid, convalidated, conbin), ',' ORDER BY oid) FROM pg_constraint),
  (SELECT string_agg(concat_ws(' ', oid, ev_class, md5(ev_action::text)), ',' ORDER BY oid) FROM pg_rewrite),
  (SELECT string_agg(concat_ws(' ', nspname, nspacl), ',' ORDER BY n.oid) FROM pg_namespace n JOIN own USING (oid)),
  (SELECT string_agg(d::text, ',' ORDER BY oid) FROM pg_default_acl d),
  (SELECT string_agg(r::text, ',' ORDER BY oid) FROM pg_roles r),
  (SELECT string_agg(m::text, ',' ORDER BY roleid, member) FROM pg_auth_members m),
  (SELECT string_agg(e::text, ',' ORDER BY oid) FROM pg_event_trigger e),
  (SELECT string_agg(t::text, ',' ORDER BY id) FROM django_content_type t),
  (SELECT string_agg(t::text, ',' ORDER BY id) FROM auth_permission t)))
"""


class Emptying:
    """Takes the place of `call_command` in Django's test cases; `full` counts the flushes that did everything."""

    def __init__(self) -> None:
        self.full = 0
        self._stands: dict[str, tuple[str, list[tuple[Any, ...]]]] = {}

    def __call__(self, command: str, *arguments: Any, **options: Any) -> Any:
        do = partial(call_command, command, *arguments, **options)
        if command != "flush" or options.get("inhibit_post_migrate") or options.get("reset_sequences"):
            return do()
        connection = connections[options["database"]]
        kept = self._stands.get(str(connection.settings_dict["NAME"]))
        if kept is not None and self._structure(connection) == kept[0]:
            return self._empty(connection, kept[1])
        self.full += 1
        do()
        self._keep(connection)
        return None

    def _structure(self, connection: Any) -> str:
        with connection.cursor() as cursor:
            cursor.execute(STRUCTURE)
            return str(cursor.fetchone()[0])

    def _keep(self, connection: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {FACTS}")
            self._stands[str(connection.settings_dict["NAME"])] = self._structure(connection), cursor.fetchall()

    def _empty(self, connection: Any, facts: list[tuple[Any, ...]]) -> None:
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        quoted = ", ".join(connection.ops.quote_name(one) for one in tables if one not in STANDS)
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {quoted}")
            cursor.executemany(f"INSERT INTO {FACTS} VALUES (%s, %s)", facts)


def install() -> Emptying:
    found = Emptying()
    testcases.call_command = found  # type: ignore[assignment]
    return found
