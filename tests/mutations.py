"""Does a test fail when a guard is taken away? `python -m tests.mutations [WORD]` tries each guard alone.

A copy of the checkout gets one change at a time, and the tests of rights run on it. A guard whose removal no test
notices ends this with exit code 1. It takes some minutes, so it is no part of `make test`; `make mutate` runs it, and
docs/security.md says when it last did.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gisapp.paths import CHECKOUT, data_dir

MATRIX = "tests/db/test_authorization.py"
HISTORY = "tests/db/test_history.py"
STORY = "tests/api/test_story.py"
TOKENS = "tests/api/test_tokens.py"
CONTRACT = "tests/api/test_contract.py"
ACCESS = "tests/db/test_access.py"
SITES = "tests/api/test_sites.py"
STATUS = "tests/api/test_status.py"
REPLICA = "tests/db/test_replica.py"
VIEWS = "tests/db/test_public_views.py"


@dataclass(frozen=True)
class Mutation:
    """One guard: where it stands, and what stands there without it."""

    guard: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = (MATRIX, ACCESS)


SCOPE, ROLES, WRITING = "gisapp/accounts/scope.py", "gisapp/accounts/roles.py", "gisapp/features/writing.py"
SQL, POLICIES = "gisapp/accounts/sql/access.sql", "gisapp/accounts/policies.py"

MUTATIONS = (
    Mutation("rows of other organisations are filtered", SCOPE, "    return rows.filter((public or NOTHING) | _owned(grants, owner, geometry))",
             "    return rows"),
    Mutation("rows are edited where one is responsible", SCOPE,
             "return rows.filter(reduce(or_, (_responsible(one, geometry) for one in grants), NOTHING))", "return rows"),
    Mutation("a membership limited to areas sees no more", SCOPE,
             ' & Q(_touching(grant.areas, geometry))', ""),
    Mutation("a membership limited to areas edits no more", SCOPE,
             "    if grant.areas:\n        return Q(_touching(grant.areas, geometry))\n", ""),
    Mutation("seeing needs one of the roles", SCOPE,
             "    grants = [one for one in grants_of(user) if one.role in roles]\n    return rows.filter((public",
             "    grants = [*grants_of(user)]\n    return rows.filter((public"),
    Mutation("a layer's audience", "gisapp/layer.py", "        if not self.seen_by(user):\n            raise errors.NotFound",
             "        if False:\n            raise errors.NotFound", (CONTRACT,)),
    Mutation("a layer is found by those who may know of it", "gisapp/layer.py",
             "if layer is None or not layer.seen_by(user or AnonymousUser()):", "if layer is None:", (CONTRACT,)),
    Mutation("a listing names visible layers alone", "gisapp/layer.py",
             "return [one for one in all_layers() if one.seen_by(user or AnonymousUser())]", "return all_layers()", (CONTRACT,)),
    Mutation("what a site leaves out is behind no door of it", "gisapp/layer.py",
             "return _offered(self) and self.see.admits(user)", "return self.see.admits(user)", (SITES,)),
    Mutation("an app's own pages go with it", "gisapp/tenants/middleware.py",
             "if name is None or switched_on(name):", "if True:", (SITES,)),
    Mutation("only a tenant's very host is taken", "gisapp/tenants/middleware.py",
             "own = found.by_host.get(_host_of(raw))", "own = next((one for name, one in found.by_host.items() if name in raw), None)",
             (SITES,)),
    Mutation("maintenance at the doors of the web", "gisapp/status/middleware.py",
             "if not state.on or request", "if True or request", (STATUS,)),
    Mutation("nothing is written while only reading is allowed", "gisapp/status/middleware.py",
             "if request.method in SAFE:", "if True:", (STATUS,)),
    Mutation("maintenance at the tables", "gisapp/status/sql/maintenance.sql",
             "WHERE mode <> 'off'", "WHERE false", ("tests/db/test_maintenance.py",)),
    Mutation("a host belongs to one tenant", "gisapp/tenants/sql/hosts.sql",
             "SELECT unnest(NEW.hosts), NEW.id;", "SELECT unnest(NEW.hosts), NEW.id WHERE false;", ("tests/db/test_tenants.py",)),
    Mutation("answers are shared only where everybody gets the same", "gisapp/layer.py",
             "return self.same_for_everyone and self.see", "return self.see", (MATRIX, ACCESS)),
    Mutation("memberships end", ROLES, " AND (m.valid_until IS NULL OR m.valid_until >= %(today)s)", ""),
    Mutation("memberships begin", ROLES, "m.valid_from <= %(today)s AND", "%(today)s::date IS NOT NULL AND"),
    Mutation("closed organisations give no rights", ROLES, "o.id = m.organisation_id AND o.active", "o.id = m.organisation_id"),
    Mutation("a closed account has no rights", ROLES, 'and getattr(user, "is_active", False))', ")"),
    Mutation("adding: the new row is within reach", WRITING, "        made = serializer.save(**more)\n        check(layer, user, made.pk)\n",
             "        made = serializer.save(**more)\n"),
    Mutation("adding: an organisation that one writes for", WRITING,
             "        rows = rows.filter(pk__in=organisations_of(user, layer.edit.roles))\n", "        pass\n"),
    Mutation("changing: within reach before", WRITING, "    check(layer, user, row.pk)\n    return row", "    return row"),
    Mutation("changing: within reach after", WRITING, "        serializer.save(**more)\n        check(layer, user, row.pk)\n",
             "        serializer.save(**more)\n"),
    Mutation("the database: seeing", POLICIES, 'return f"({allowed} OR gisapp_operator())"', 'return f"(true OR {allowed})"'),
    Mutation("the database: writing", POLICIES, "USING ({edited}) WITH CHECK ({edited})", "USING (true) WITH CHECK (true)"),
    Mutation("the database: writing, after", POLICIES, "USING ({edited}) WITH CHECK ({edited})", "USING ({edited}) WITH CHECK (true)"),
    Mutation("the database: adding", POLICIES, "FOR INSERT TO {member} WITH CHECK ({edited})", "FOR INSERT TO {member} WITH CHECK (true)"),
    Mutation("the database: removing", POLICIES, "FOR DELETE TO {member} USING ({edited})", "FOR DELETE TO {member} USING (true)"),
    Mutation("the database: row-level security is on", POLICIES,
             '    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"\n', ""),
    Mutation("the database: memberships end", SQL, "       AND (m.valid_until IS NULL", "       AND (true OR m.valid_until IS NULL"),
    Mutation("the database: memberships begin", SQL, "m.valid_from <= (now()", "m.valid_from - 9999 <= (now()"),
    Mutation("the database: closed organisations", SQL, " AND o.active\n", "\n"),
    Mutation("the database: closed accounts", SQL, " AND u.is_active\n", "\n"),
    Mutation("the database: roles", SQL, "m.role = ANY (roles)", "true"),
    Mutation("the database: areas of a membership", SQL, "(NOT g.limited OR EXISTS (", "(true OR EXISTS ("),
    Mutation("history: nobody poses as another", "gisapp/history/sql/context.sql", "IF ours AND said IS NOT NULL",
             "IF said IS NOT NULL", (HISTORY,)),
    Mutation("history: the web role writes no events", "gisapp/history/guard.py", "f'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON",
             "f'REVOKE TRUNCATE ON", (HISTORY,)),
    Mutation("history: a key stays", "gisapp/history/guard.py", "cursor.execute(_KEEP_KEY.format(table=table))", "pass",
             (HISTORY,)),
    Mutation("story: states that one might have seen", "gisapp/history/story.py",
             "if event not in seen and not (retired and before in seen):", "if False:", (STORY,)),
    Mutation("story: names and reasons for members", "gisapp/history/story.py", "    if not inside:\n", "    if False:\n", (STORY,)),
    Mutation("story: of the organisation that it belongs to", "gisapp/history/story.py",
             "return set(owners) <= organisations_of(user, layer.within)", "return has_role(user, INSIDE)", (STORY,)),
    Mutation("taking back: within reach", "gisapp/history/reverting.py",
             "        writing.check_row(layer, user, wanted)\n        _undo", "        _undo", (STORY,)),
    Mutation("taking back all: every row within reach", "gisapp/history/reverting.py",
             "    if not layer.edited_by(user) or allowed.count() != rows.count():", "    if False:", (STORY,)),
    Mutation("tokens: scope", "gisapp/accounts/middleware.py", "not in token.scopes:", "not in 'read write':", (TOKENS,)),
    Mutation("tokens: one organisation", "gisapp/accounts/middleware.py", "if token.organisation_id is not None:", "if False:", (TOKENS,)),
    Mutation("tokens: no operator in one organisation", ROLES, ' and not getattr(user, "_gisapp_limited", False)', "", (TOKENS,)),
    Mutation("tokens: expire", "gisapp/accounts/tokens.py", "if token.expires_at <= now:", "if False:", (TOKENS,)),
    Mutation("tokens: are revoked", "gisapp/accounts/tokens.py", " AND t.revoked_at IS NULL", "", (TOKENS,)),
    Mutation("tokens: of closed accounts", "gisapp/accounts/tokens.py", " AND u.is_active", "", (TOKENS,)),
    Mutation("replica: whoever wrote reads what he wrote", "gisapp/replica/middleware.py",
             "return seen.needed(request) <= state.replayed", "return True", (REPLICA,)),
    Mutation("replica: rights are asked of the primary", ROLES, "        with primary():  #", "        if True:  #", (REPLICA,)),
    Mutation("replica: what it does not know is asked again", "gisapp/replica/middleware.py",
             " or response.status_code == 404", "", (REPLICA,)),
    Mutation("replica: one that lags is not asked", "gisapp/replica/watch.py", 'return "lags" if lag', 'return "" if lag', (REPLICA,)),
    Mutation("replica: one that was promoted is not asked", "gisapp/replica/watch.py", 'return "promoted"', 'return ""', (REPLICA,)),
    Mutation("replica: who waits for a silent one is cut off", "gisapp/replica/watch.py",
             "waiting += list(self._open)", "pass", (REPLICA,)),
    Mutation("replica: the past is the past there, too", "gisapp/replica/routing.py",
             "replica.execute_wrappers = own.execute_wrappers", "pass", (REPLICA,)),
    Mutation("public views: no function sees a hidden row", "gisapp/qgis/public.py", "WITH (security_barrier) AS", "AS", (VIEWS,)),
    Mutation("public views: visitors' rows alone", "gisapp/qgis/public.py",
             "rows = layer.features(AnonymousUser())", "rows = layer.model_class.objects.all()", (VIEWS,)),
)  # fmt: skip


def _copy(to: Path) -> None:
    """The checkout as it is now, without what is made."""
    left = shutil.ignore_patterns(".git", ".venv", ".data", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")
    shutil.copytree(CHECKOUT, to, ignore=left, dirs_exist_ok=True)


def _fails(tests: Sequence[str], copy: Path) -> bool:
    """Do these tests fail in the copy? Ends everything where they cannot even run."""
    environment = {**os.environ, "GISAPP_DATABASE": "mutant", "GISAPP_DATA": str(data_dir()), "PYTHONPATH": str(copy)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider", *tests],
        cwd=copy, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode not in (0, 1) or " error" in done.stdout.splitlines()[-1]:
        raise SystemExit(f"pytest itself failed\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    return done.returncode == 1


def _noticed(mutation: Mutation, copy: Path) -> bool:
    """Do the tests fail with this change?"""
    path = copy / mutation.file
    kept = path.read_text(encoding="utf-8")
    if kept.count(mutation.old) != 1:
        raise SystemExit(f"{mutation.file}: the guard stands {kept.count(mutation.old)} times in it: {mutation.guard}")
    path.write_text(kept.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        return _fails(mutation.tests, copy)
    finally:
        path.write_text(kept, encoding="utf-8")


def main(word: str = "") -> int:
    """Try all guards whose description has the word; the number of those that nobody would miss."""
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        _copy(copy)
        if _fails(sorted({test for one in MUTATIONS for test in one.tests}), copy):
            raise SystemExit("the tests fail without any change")
        for mutation in MUTATIONS:
            if word not in mutation.guard:
                continue
            begun = time.monotonic()
            noticed = _noticed(mutation, copy)
            missed += not noticed
            print(
                f"{'noticed' if noticed else 'MISSED '}  {time.monotonic() - begun:4.0f} s  {mutation.guard}",
                flush=True,
            )
    print(f"{missed} guards would not be missed")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2]))
