"""docker/: its roles and secrets on a bare server, in the order of compose.yml, with passwords asked for."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gisapp import postgres_server
from tests.cluster import postgres
from tests.cluster.servers import DOCKER, filled
from tests.serving import served, status


@pytest.fixture(scope="module")
def compose() -> Iterator[tuple[postgres.Node, Path]]:
    """A server as the image postgis makes it - a superuser, an empty database - with the roles' script run, and the secrets."""
    with postgres.folder() as top, postgres.bare(top) as node:
        secrets = top / "secrets"
        subprocess.run([str(DOCKER / "secrets.sh"), str(secrets)], check=True, capture_output=True)
        for path in secrets.iterdir():
            if path.name.endswith(("_url", "pg_service")):
                told = path.read_text().replace("@postgis:5432/gisapp", f"@/gisapp?host={node.sockets}")
                path.unlink()
                path.write_text(told.replace("host=postgis\nport=5432", f"host={node.sockets}"))
        node.ask("CREATE DATABASE gisapp", database="postgres")
        env = {
            **os.environ, **postgres_server.environment(node.server), "PATH": f"{node.server.bindir}:{os.environ['PATH']}",
            "PGHOST": str(node.sockets),
            "PGUSER": "postgres", "POSTGRES_DB": "gisapp", "SECRETS": str(secrets),
        }  # fmt: skip
        done = subprocess.run(
            [str(DOCKER / "postgis/10-roles.sh")], env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        (node.directory / "pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        node.ask("SELECT pg_reload_conf()")
        yield node, secrets


def environment(secrets: Path, who: str, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GISAPP_", "DATABASE", "PG"))}
    files = {"DATABASE_URL_FILE": f"{who}_database_url", "SECRET_KEY_FILE": "secret_key"}
    return kept | {name: str(secrets / file) for name, file in files.items()} | {"READY_NEEDS_WORKER": "0"} | more


def test_01_set_up_by_the_owner_and_served_by_the_web_role(compose: tuple[postgres.Node, Path], tmp_path: Path) -> None:
    node, secrets = compose
    owner = environment(secrets, "owner", GISAPP_DATA=str(tmp_path / "owner"))
    postgres.gisapp(owner, "setup")
    postgres.gisapp(owner, "demo")
    with served(environment(secrets, "web", GISAPP_DATA=str(tmp_path / "web")), workers=1) as address:
        for path in ("/readyz", "/", "/ogc/collections/notes/items", "/tiles/places/8/134/81.mvt"):
            assert status(address + path) == 200, path
    rights = node.ask(
        "SELECT has_table_privilege('gisapp_web', 'notes_note', 'INSERT'), has_schema_privilege('gisapp_web', 'public', 'CREATE')"
    )
    assert rights == [(True, False)]


def test_02_the_project_is_read_by_the_role_for_the_public(compose: tuple[postgres.Node, Path], tmp_path: Path) -> None:
    node, secrets = compose
    owner = environment(secrets, "owner", GISAPP_DATA=str(tmp_path / "owner"))
    said = json.loads(postgres.gisapp(owner, "qgis-project", str(tmp_path / "krit-gis.qgs"), "--json"))
    assert "notes" in said["layers"]
    password = (secrets / "public_password").read_text()
    with psycopg.connect(node.url("gisapp_public"), password=password, autocommit=True) as visitor:
        assert visitor.execute("SELECT DISTINCT audience FROM gisapp_public.notes").fetchall() == [("public",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            visitor.execute("SELECT 1 FROM notes_note")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(node.url("gisapp_public"), password="guessed")


def test_03_a_person_gets_a_log_in_of_the_database(compose: tuple[postgres.Node, Path], tmp_path: Path) -> None:
    """The owner may make roles and put them into the group; it is no superuser."""
    node, secrets = compose
    owner = environment(secrets, "owner", GISAPP_DATA=str(tmp_path / "owner"))
    postgres.gisapp(owner, "user", "grant-db", "verwaltung@demo.invalid")
    found = node.ask(
        "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid WHERE r.rolname = 'gisapp_member' AND m.member::regrole::text LIKE 'krit_%'"
    )
    assert found == [(1,)]
    assert node.ask("SELECT rolsuper, rolreplication FROM pg_roles WHERE rolname = 'gisapp'") == [(False, False)]


def test_04_pgbouncers_image_fills_the_same_template(tmp_path: Path) -> None:
    """With a program in pgbouncer's place that shows what it was given."""
    (tmp_path / "pgbouncer").write_text('#!/bin/sh\ncat "$1"\n')
    (tmp_path / "pgbouncer").chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "POOL_SIZE": "7"}
    done = subprocess.run([str(DOCKER / "pgbouncer/run.sh")], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == filled(
        DOCKER / "pgbouncer/pgbouncer.ini.template",
        DATABASE_NAME="gisapp", DATABASE_PLACE="host=postgis port=5432 dbname=gisapp", POOL_SIZE="7",
        AUTH_TYPE="scram-sha-256", AUTH_FILE="/run/secrets/pgbouncer_users",
        LISTEN_LINES="listen_addr = 0.0.0.0\nlisten_port = 6432\nunix_socket_dir =",
    ).strip()  # fmt: skip
