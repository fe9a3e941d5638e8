"""`gisapp setup`: the database as this version needs it; other commands call `prepare` first."""

import argparse
import time
from collections.abc import Callable
from typing import Any

from gisapp.commands.command import Command

Say = Callable[[str], None]
# Two set-ups at once (make demo beside make test) take turns; the number is arbitrary and ours.
MIGRATION_LOCK = 7_150_325_832


def say(text: str) -> None:
    """Progress for a person, at once even through a pipe."""
    print(text, flush=True)


def prepare(tell: Say = say) -> int:
    """Extensions, tables and rules as this version needs them; returns how many migrations were applied.

    Raises ClusterError or CommandError with the remedy. On a database that is up to date it changes nothing.
    """
    from django.db import connection
    from django.utils import translation

    from gisapp import terminal

    with translation.override(terminal.language()):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            _extensions(tell)
            return _migrate(tell)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def _extensions(tell: Say) -> None:
    import os

    from django.utils.translation import gettext as _

    from gisapp import cluster

    if os.environ.get("DATABASE_URL"):
        _extensions_elsewhere()
        return
    for done in cluster.refresh_extensions():
        tell(_("Erweiterung aktualisiert: %(done)s") % {"done": done})


def _extensions_elsewhere() -> None:
    """In a database of somebody else's server: create what is missing, or name what its administrator must create."""
    from django.core.management.base import CommandError
    from django.db import DatabaseError, connection
    from django.utils.translation import gettext as _

    from gisapp import cluster

    with connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension")
        present = {name for (name,) in cursor.fetchall()}
        for name in cluster.EXTENSIONS:
            if name in present:
                continue
            try:
                cursor.execute(f"CREATE EXTENSION {name}")
            except DatabaseError as error:
                text = _(
                    "Die Erweiterung %(name)s fehlt in der Datenbank und lässt sich nicht anlegen (%(error)s). "
                    "Abhilfe: als Datenbankverwalter dort CREATE EXTENSION %(name)s ausführen."
                )
                raise CommandError(text % {"name": name, "error": str(error).splitlines()[0]}) from error


def _migrate(tell: Say) -> int:
    """Apply what is missing, a line for each migration that is being applied."""
    from django.core.management import call_command
    from django.core.management.commands.migrate import Command as Migrate
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.utils.translation import gettext as _

    from gisapp.features import idempotency
    from gisapp.registry import versions

    executor = MigrationExecutor(connection)
    total = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    started = time.monotonic()

    class Told(Migrate):
        count = 0

        def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
            if action == "apply_start":
                self.count += 1
                tell(f"  {self.count}/{total} {migration}")

    if total:
        tell(_("Tabellen und Regeln anlegen …"))
        call_command(Told(), interactive=False, verbosity=0)
        seconds = time.monotonic() - started
        tell(
            _("Tabellen und Regeln angelegt: %(total)d Schritte in %(seconds).1f s")
            % {"total": total, "seconds": seconds}
        )
    secure()
    versions.compact()
    idempotency.purge()
    return total


def secure(*, anew: bool = False) -> None:
    """The rights of people and of the web role in the database, where they are not as this version declares them."""
    from gisapp.accounts import policies
    from gisapp.history import guard
    from gisapp.qgis import public
    from gisapp.registry import facts

    wanted = policies.fingerprint()
    if anew or facts.get(policies.FACT) != wanted:
        guard.close()
        policies.apply()
        facts.put(policies.FACT, wanted)
    public.apply(anew=anew)


def _run(arguments: argparse.Namespace) -> int:
    from django.utils import translation
    from django.utils.translation import gettext as _

    from gisapp import terminal

    if prepare() == 0:
        with translation.override(terminal.language()):
            say(_("Die Datenbank ist auf dem Stand dieser Fassung."))
    return 0


SETUP = Command("setup", "Datenbank einrichten oder auf den Stand dieser Fassung bringen", _run)
