"""The guards of this installation, and what stands in their place when they are taken away (tests/mutations.py)."""

from dataclasses import dataclass

MATRIX = "tests/db/test_authorization.py"
HISTORY = "tests/db/test_history.py"
STORY = "tests/api/test_story.py"
TOKENS = "tests/api/test_tokens.py"
CONTRACT = "tests/api/test_contract.py"
ACCESS = "tests/db/test_access.py"
FACTOR, KEYS = "tests/api/test_second_factor.py", "tests/api/test_data_keys.py"
OIDC, LOG_IN, ACCOUNT = "tests/api/test_oidc.py", "tests/api/test_log_in.py", "tests/api/test_account_pages.py"
WRITES, REST, OGC = "tests/api/test_writing.py", "tests/api/test_rest.py", "tests/api/test_ogc_features.py"
CQL, TAKEN = "tests/api/test_cql2.py", "tests/db/test_taking_along.py"
IMPORT, IMPORTS = "tests/db/importers/test_reach.py", "tests/db/importers/test_pages.py"
UPLOADS = "tests/db/importers/test_refusals.py"
JOBS, MONITORING, PROBLEMS = "tests/api/test_jobs_page.py", "tests/api/test_metrics.py", "tests/api/test_problems.py"
FETCH = "tests/unit/test_fetch.py"
SITES, STATUS = "tests/api/test_sites.py", "tests/api/test_status.py"
REPLICA, VIEWS = "tests/db/test_replica.py", "tests/db/test_public_views.py"


@dataclass(frozen=True)
class Mutation:
    """One guard: where it stands, and what stands there without it."""

    guard: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = (MATRIX, ACCESS)


SCOPE, ROLES, WRITING = "gisapp/accounts/scope.py", "gisapp/accounts/roles.py", "gisapp/features/writing.py"
MIDDLEWARE, ADAPTERS, PROVIDER = (f"gisapp/accounts/{name}.py" for name in ("middleware", "adapters", "provider"))
PAGES, REACH, METRICS = "gisapp/accounts/pages.py", "importers/reach.py", "gisapp/observe/exposition.py"
SQL, POLICIES = "gisapp/accounts/sql/access.sql", "gisapp/accounts/policies.py"
REFUSALS = "gisapp/accounts/refusals.py"

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
    Mutation("the database: writing, before", REFUSALS, "SELECT {edited} INTO allowed FROM (SELECT OLD.*)",
             "SELECT true INTO allowed FROM (SELECT OLD.*)"),
    Mutation("the database: writing, after, in words", REFUSALS, "SELECT {edited} INTO allowed FROM (SELECT NEW.*)",
             "SELECT true INTO allowed FROM (SELECT NEW.*)"),
    Mutation("the database: writing, after", POLICIES, "USING ({seen}) WITH CHECK ({edited})", "USING ({seen}) WITH CHECK (true)"),
    Mutation("the database: writing, of what is seen", POLICIES, "USING ({seen}) WITH CHECK ({edited})",
             "USING (true) WITH CHECK ({edited})"),
    Mutation("the database: adding", POLICIES, "FOR INSERT TO {member} WITH CHECK ({edited})", "FOR INSERT TO {member} WITH CHECK (true)"),
    Mutation("the database: removing", POLICIES, "FOR DELETE TO {member} USING ({seen})", "FOR DELETE TO {member} USING (true)"),
    Mutation("the database: QGIS is told of a row that is gone", REFUSALS, "IF NOT EXISTS (SELECT FROM rows_touched) THEN", "IF false THEN",
             ("tests/qgis/test_editing.py",)),
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
    Mutation("second factor: a token made without it gives what a visitor has", MIDDLEWARE,
             "if not token.strong and _needs(token.user):", "if False:", (FACTOR, TOKENS)),
    Mutation("second factor: who owes it sees no page of the account", MIDDLEWARE,
             "or not request.user.is_authenticated or roles.is_known(request.user):", "or True:", (FACTOR,)),
    Mutation("second factor: a stolen password sets up no other one", MIDDLEWARE,
             "allowed = SHOW if second_factor.has_one(request.user) else SET_UP", "allowed = SHOW | SET_UP", (FACTOR,)),
    Mutation("second factor: the last one stays where a role demands it", "gisapp/accounts/adapters.py",
             "return not roles.needs_second_factor(authenticator.user) or others.exists()", "return True", (FACTOR,)),
    Mutation("second factor: spared on the demo's own database alone", "gisapp/accounts/second_factor.py",
             "settings.DEMO_WITHOUT_SECOND_FACTOR and ", "", (FACTOR,)),
    Mutation("second factor: its secrets are encrypted", "gisapp/accounts/adapters.py", "return data_keys.encrypt(text)",
             "return text", (KEYS,)),
    Mutation("second factor: a secret that nobody encrypted is not taken", "gisapp/accounts/data_keys.py",
             "            raise InvalidToken\n", "            return text\n", (KEYS,)),
    # Log-in
    Mutation("log-in service: the address is proven", ADAPTERS, "if not any(one.verified for one in sociallogin.email_addresses):",
             "if False:", (OIDC,)),
    Mutation("log-in service: strangers stay outside", ADAPTERS, "        if not settings.OIDC_CREATE:\n", "        if False:\n", (OIDC,)),
    Mutation("log-in service: the answer belongs to this log-in", PROVIDER,
             'if not self.nonce or not secrets.compare_digest(str(found.get("nonce", "")), self.nonce):', "if False:", (OIDC,)),
    Mutation("log-in service: it calls itself as configured", PROVIDER, 'if str(found.get("issuer", "")).rstrip("/") != issuer:',
             "if False:", (OIDC,)),
    Mutation("log-in service: userinfo is about the same person", PROVIDER, 'if told.get("sub") != claims["sub"]:', "if False:", (OIDC,)),
    Mutation("log-in: wrong passwords are counted", "gisapp/settings.py", '{"login_failed": "10/m/ip,5/5m/key"}', "False",
             (LOG_IN,)),
    Mutation("session: writes are checked against forgery", "gisapp/api/authentication.py",
             "else super().authenticate(request)", "else (request._request.user, None)", (WRITES, REST)),
    # The account
    Mutation("account: its pages are closed to tokens", MIDDLEWARE,
             '        if hasattr(request, "gisapp_token"):\n            return problems', "        if False:\n            return problems",
             (TOKENS, ACCOUNT)),
    Mutation("account: one's own tokens are revoked", PAGES, "Token.objects.filter(pk=key, user_id=int(request.user.pk or 0), ",
             "Token.objects.filter(pk=key, ", (ACCOUNT,)),
    Mutation("account: one's own sessions are ended", PAGES, "mine = UserSession.objects.filter(user_id=request.user.pk)",
             "mine = UserSession.objects.all()", (ACCOUNT,)),
    Mutation("account: an organisation's page for who leads it", "gisapp/accounts/memberships.py",
             "Organisation.objects.filter(pk__in=roles.organisations_of(user, {Role.ADMIN}))", "Organisation.objects.all()", (ACCOUNT,)),
    # Writing
    Mutation("writing: an answer is given again to the same person alone", "gisapp/features/idempotency.py",
             "Answer.objects.filter(user=who, key=key)", "Answer.objects.filter(key=key)", (WRITES,)),
    Mutation("writing: an answer is given again to the same request alone", "gisapp/features/idempotency.py",
             "if bytes(found.fingerprint) != fingerprint:", "if False:", (WRITES,)),
    Mutation("writing: the state that was looked at", "gisapp/features/versions.py", "        if now.state in self.states:\n",
             "        if True:\n", (WRITES,)),
    Mutation("writing: private fields stay", "gisapp/api/serializers.py", "writable = [one.name for one in layer.public_fields if",
             "writable = [one.name for one in layer.fields if", (REST, WRITES, CONTRACT)),
    Mutation("writing: sending a private field is refused", "gisapp/api/serializers.py",
             "known = frozenset({one.name for one in layer.public_fields}", "known = frozenset({one.name for one in layer.fields}",
             (REST, WRITES, CONTRACT)),
    Mutation("taking back: what was removed comes back within reach alone", "gisapp/history/reverting.py",
             "            writing.check_row(layer, user, wanted)\n            return\n", "            return\n", (STORY,)),
    # Reading
    Mutation("filter: private fields are no fields", "gisapp/features/cql/meaning.py", "for one in layer.public_fields}",
             "for one in layer.fields}", (CQL, CONTRACT)),
    Mutation("parameters: private fields are no fields", "gisapp/features/views.py", "{one.name for one in found.public_fields} - fixed",
             "{one.name for one in found.fields} - fixed", (OGC, REST, CONTRACT)),
    Mutation("export of tiles: what the public sees", "gisapp/exports/tilefile.py",
             "tile_statement(wanted.layers, zoom, column, row, None)",
             "tile_statement(wanted.layers, zoom, column, row, __import__('gisapp.accounts.roles', fromlist=['x']).System())", (TAKEN,)),
    Mutation("export of a map: what the public sees", "gisapp/exports/page.py", "writer.geojson(layer, AnonymousUser(), selection)",
             "writer.geojson(layer, __import__('gisapp.accounts.roles', fromlist=['x']).System(), selection)", (TAKEN,)),
    Mutation("export of a file: what the public sees", "gisapp/commands/export.py", "    user = AnonymousUser()\n",
             "    from gisapp.accounts.roles import System\n    user = System()\n", (TAKEN, "tests/api/test_rest.py")),
    Mutation("the past: what was removed is gone", "gisapp/history/asof.py", " AND e.pgh_label <> 'delete' AND NOT", " AND NOT",
             (HISTORY, STORY)),
    Mutation("the past: no row of a later day", "gisapp/history/asof.py", "WHERE e.pgh_created_at <= {when} AND e.pgh_label",
             "WHERE e.pgh_label", (HISTORY, STORY)),
    # Importing
    Mutation("import: into layers that one may edit", REACH, "    if not allowed:\n", "    if False:\n", (IMPORT, IMPORTS)),
    Mutation("import: a source within reach as a whole", REACH, "    if count:\n", "    if False:\n", (IMPORT,)),
    Mutation("import: no token begins one", "importers/pages.py", '    if hasattr(request, "gisapp_token"):\n', "    if False:\n",
             (IMPORTS, TOKENS)),
    Mutation("import: one's own imports", "importers/jobs.py", "ImportJob.objects.all() if is_operator(user) else ImportJob.objects.filter(user=user)",
             "ImportJob.objects.all()", (IMPORTS,)),
    Mutation("import: a file has a limit", "importers/jobs.py", "            if there > limit:\n", "            if False:\n", (IMPORTS, UPLOADS)),
    Mutation("import: drivers that reach out are gone", "importers/vector.py", "decode() not in ALLOWED_DRIVERS:", "decode() in ():",
             (UPLOADS, "tests/db/importers/test_formats.py")),
    # Operation
    Mutation("jobs: the page of the operators", "gisapp/tasks/views.py", "        if not may_operate(request.user):\n",
             "        if False:\n", (JOBS,)),
    Mutation("metrics: for the monitoring", METRICS, "    if not permitted(request):\n", "    if False:\n", (MONITORING,)),
    Mutation("metrics: a proxy is not the machine itself", METRICS,
             'if (forwarded or "HTTP_FORWARDED" in request.META) and not settings.BEHIND_PROXY:', "if False:", (MONITORING,)),
    Mutation("limits: writes", "gisapp/api/throttles.py", ' or super().allow_request(request, view)', " or True", (PROBLEMS, REST, WRITES)),
    Mutation("limits: downloads", "gisapp/api/throttles.py", "if not throttle.allow_request(request, None):", "if False:", (PROBLEMS,)),
    Mutation("limits: the address that our own proxy saw", "gisapp/settings.py", '    "NUM_PROXIES": NUM_PROXIES,\n', "", (PROBLEMS, LOG_IN)),
    Mutation("pages: no script of others", "gisapp/middleware.py", "\"script-src 'self'\"", "\"script-src 'self' 'unsafe-inline'\"",
             ("tests/api/test_map_pages.py", LOG_IN)),
    Mutation("pages: in no foreign frame", "gisapp/middleware.py", "else \"'none'\"\n        # Map", 'else "*"\n        # Map',
             ("tests/api/test_map_pages.py", LOG_IN)),
    Mutation("log: no values of rows", "gisapp/observe/redaction.py", '    (re.compile(r"[\\w.+%\'-]{1,64}@[\\w-]+(?:\\.[\\w-]+)*"), "[e-mail]"),\n',
             "", ("tests/api/test_logs.py",)),
    # The way out
    Mutation("way out: no inner address", "gisapp/fetch.py", "if not public(address) and not allowed.address(address):", "if False:", (FETCH,)),
    Mutation("way out: encrypted", "gisapp/fetch.py", 'if scheme != "https" and (host, port) not in watch.allowed.plain:', "if False:", (FETCH,)),
    Mutation("way out: an answer has a limit", "gisapp/fetch.py", "if len(content) > self._most:", "if False:", (FETCH,)),
    Mutation("way out: the address that was looked at", "gisapp/fetch.py", "socket.create_connection((address, connection.port)",
             "socket.create_connection((host, connection.port)", (FETCH,)),
    Mutation("way out: secrets stay at their host", "gisapp/fetch.py", "        kept.pop(name, None)\n", "        pass\n", (FETCH,)),
    Mutation("way out: log-in services as well", ADAPTERS, 'return fetch.session([fetch.origin(one["settings"]["server_url"]) for one in apps])',
             "return super().get_requests_session()", (OIDC,)),
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
             "rows = layer.features(AnonymousUser())",
             "rows = layer.features(__import__('gisapp.accounts.roles', fromlist=['System']).System())", (VIEWS,)),
)  # fmt: skip
