"""Real processes of the product on the database of the running test."""

import os
from urllib.parse import quote, urlsplit, urlunsplit

from django.db import connection


def on_test_database() -> dict[str, str]:
    """The environment that leads a `gisapp` process to the test's database, wherever the suite runs."""
    name = str(connection.settings_dict["NAME"])
    env = {**os.environ, "GISAPP_DATABASE": name}
    if env.get("DATABASE_URL"):
        env["DATABASE_URL"] = urlunsplit(urlsplit(env["DATABASE_URL"])._replace(path="/" + quote(name)))
    return env
