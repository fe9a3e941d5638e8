"""Which databases this process works with, from the environment. Free of Django: the settings are made of it.

DATABASE_URL is what everybody asks; DATABASE_DIRECT_URL the same database without a PgBouncer in between, for whatever
needs a session of its own (workers, set-up, backups); REPLICA_URL a streaming replica for what only reads.
"""

import os
from urllib.parse import parse_qsl, unquote, urlsplit

from gisapp import cluster

ENGINE = "django.contrib.gis.db.backends.postgis"
REPLICA = "replica"
"""The alias of the replica's connections."""
# No connection waits for ever for a machine that is gone or a server that stands still. Long statements are no silence:
# the kernel of the other machine answers for them. On a socket of this machine only the first one matters.
_LASTING = {
    "connect_timeout": "5", "tcp_user_timeout": "25000", "keepalives_idle": "10", "keepalives_interval": "5",
    "keepalives_count": "3",
}  # fmt: skip
# What the primary can answer as well is given up sooner: after this many milliseconds without an answer.
SILENT_MS = 4_000
_PATIENCE = {
    "connect_timeout": "3", "tcp_user_timeout": str(SILENT_MS), "keepalives_idle": "2", "keepalives_interval": "1",
    "keepalives_count": "2",
}  # fmt: skip


def _from_url(url: str) -> dict[str, object]:
    """Django's settings for postgresql://user:password@host:port/name?option=value."""
    parts = urlsplit(url)
    options: dict[str, object] = dict(parse_qsl(parts.query))
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }


def _private(role: str) -> dict[str, object]:
    return {
        # Another database of the private cluster: the benchmark's stands beside the demo's.
        "NAME": os.environ.get("GISAPP_DATABASE") or cluster.DATABASE,
        "USER": role,
        "HOST": str(cluster.socket_dir()),
        "TEST": {"TEMPLATE": cluster.TEMPLATE},
        "OPTIONS": {},
    }


def _pooled(found: dict[str, object]) -> dict[str, object]:
    options = found["OPTIONS"]
    assert isinstance(options, dict)
    pool = {
        "min_size": 1,
        "max_size": int(os.environ.get("GISAPP_DB_POOL", "8")),
        "timeout": 3,
        # A pool that tries for long waits ever longer in between: after an outage of minutes it would sleep for
        # minutes more. One that gives up soon begins anew with the next request.
        "reconnect_timeout": 3,
    }
    return found | {"OPTIONS": options | {"pool": pool}}


def databases(serving: bool) -> dict[str, dict[str, object]]:
    """Django's DATABASES: "default" and, for the web server with a replica, "replica"."""
    common: dict[str, object] = {"ENGINE": ENGINE, "CONN_MAX_AGE": 0}
    direct, url = os.environ.get("DATABASE_DIRECT_URL"), os.environ.get("DATABASE_URL")
    if direct and not serving:
        url = direct
    if url:
        own = common | _from_url(url)
        # In PgBouncer's transaction mode a cursor does not outlive its transaction.
        own["DISABLE_SERVER_SIDE_CURSORS"] = bool(direct and serving)
    else:
        own = common | _private(cluster.WEB_ROLE if serving else cluster.OWNER_ROLE)
    options = own["OPTIONS"]
    assert isinstance(options, dict)
    own["OPTIONS"] = _LASTING | options
    found = {"default": _pooled(own) if serving else own}
    replica = os.environ.get("REPLICA_URL")
    if replica and serving:
        settings = common | _from_url(replica) | {"TEST": {"MIRROR": "default"}}
        settings["DISABLE_SERVER_SIDE_CURSORS"] = True
        options = settings["OPTIONS"]
        assert isinstance(options, dict)
        found[REPLICA] = _pooled(settings | {"OPTIONS": _PATIENCE | options})
    return found
