"""Who may do what: role x layer x door x verb, generated from the registry and compared with the reviewed table.

`docs/authorization.md` is that table. Where it changes, the test fails and leaves the new one in `.data/`; whoever
changes it on purpose looks at every line of the difference and commits it.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from psycopg import sql

from gisapp import cluster, layer
from gisapp.accounts.models import DatabaseLogin, User
from gisapp.accounts.roles import Role
from gisapp.paths import CHECKOUT, data_dir
from tests import factories
from tests.api.test_tiles import decode, fetch

TABLE = CHECKOUT / "docs" / "authorization.md"
FAR = 400_000
VERBS = ("see", "add", "replace", "change", "delete")


def actors() -> dict[str, User | None]:
    """Everybody that a right could hang on. The rows belong to organisation A and lie where A is responsible."""
    first = factories.organisation("a", factories.area("own:a"))
    second = factories.organisation("b", factories.area("own:b", x=FAR))
    elsewhere = factories.area("own:elsewhere", x=FAR)
    found: dict[str, User | None] = {"anonymous": None, "citizen": factories.citizen()}
    for role in Role:
        if role is not Role.CITIZEN:
            found[f"{role} of A"] = factories.member(role, first)
    found["contractor of A, elsewhere"] = factories.member(Role.CONTRACTOR, first, elsewhere, email="e@example.org")
    found["contractor of A, ended"] = factories.member(Role.CONTRACTOR, first, email="x@example.org", days=-1)
    found["staff of A, elsewhere"] = factories.member(Role.STAFF, first, elsewhere, email="s@example.org")
    found["staff of B"] = factories.member(Role.STAFF, second)
    found["admin of B"] = factories.member(Role.ADMIN, second)
    closed = factories.member(Role.ADMIN, first, email="closed@example.org")
    User.objects.filter(pk=closed.pk).update(is_active=False)
    found["admin of A, account closed"] = User.objects.get(pk=closed.pk)
    found["operator"] = factories.operator()
    return found


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@lru_cache(maxsize=32)
def client_of(user: User | None) -> Client:
    """One for each person: a client sets up all middleware at its first request."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


# ------------------------------------------------------------------------------------------------ doors of the web


def in_tile(client: Client, name: str, row: Any) -> bool:
    x, y = row.geom.point_on_surface if row.geom.geom_type == "MultiPolygon" else row.geom.centroid
    response = fetch(client, name, x - factories.X0, y - factories.Y0, 16)
    return response.status_code == 200 and name in decode(response)


def in_items(client: Client, name: str, row: Any) -> bool:
    found = client.get(f"/ogc/collections/{name}/items?f=json&limit=1000")
    ids = [one["id"] for one in found.json().get("features", [])]
    assert found.status_code != 200 or found.json()["numberMatched"] == len(ids)
    return str(row.pk) in map(str, ids)


def in_rest(client: Client, name: str, row: Any) -> bool:
    found = client.get(f"/api/layers/{name}/features/").json()
    assert found.get("numberMatched", 0) == len(found.get("features", []))
    return str(row.pk) in [str(one["id"]) for one in found.get("features", [])]


def in_download(client: Client, name: str, row: Any) -> bool:
    response = client.get(f"/api/download/{name}?format=geojson")
    body = b"".join(response.streaming_content) if response.streaming else b"{}"  # type: ignore[attr-defined]
    return bool(json.loads(body).get("features"))


def answers(path: str) -> Callable[[Client, str, Any], bool]:
    return lambda client, name, row: client.get(path.format(name=name, key=row.pk)).status_code == 200


SEEING: dict[str, Callable[[Client, str, Any], bool]] = {
    "tile": in_tile,
    "items": in_items,
    "item": answers("/ogc/collections/{name}/items/{key}?f=json"),
    "item page": answers("/ogc/collections/{name}/items/{key}?f=html"),
    "REST": in_rest,
    "REST one": answers("/api/layers/{name}/features/{key}/"),
    "download": in_download,
    "map detail": answers("/map/detail/{name}/{key}"),
}


def seen(user: User | None, name: str, row: Any) -> bool:
    """Does every door of the web give the same answer?"""
    client = client_of(user)
    found = {door: see(client, name, row) for door, see in SEEING.items()}
    assert len(set(found.values())) == 1, (name, user, found)
    declared = layer.find(name)
    assert declared is not None
    if not found["item"]:
        hits = client.get("/api/search", {"q": str(getattr(row, declared.label, row)), "layers": name})
        assert name not in [one["layer"] for one in hits.json().get("hits", [])]
        assert client.get(f"/ogc/collections/{name}/items?f=json").json().get("numberMatched", 0) == 0
    return found["item"]


def _payload(name: str, row: Any) -> dict[str, Any]:
    """The feature as an operator reads it, ready to be sent again."""
    boss = client_of(User.objects.get(is_superuser=True))
    found = boss.get(f"/api/layers/{name}/features/{row.pk}/").json()
    declared = layer.find(name)
    assert declared is not None
    columns = {one.name for one in declared.model_class._meta.concrete_fields if not one.generated}
    keep = {one.name for one in declared.public_fields if one.path in columns or one.reference} | {declared.owner}
    known = {key: value for key, value in found["properties"].items() if key in keep}
    return {"type": "Feature", "geometry": found["geometry"], "properties": known}


def wrote(user: User | None, verb: str, name: str, row: Any, payload: str) -> bool:
    """Does REST do this? Each try is undone."""
    client = client_of(user)
    base, kind = f"/api/layers/{name}/features/", "application/json"
    with undone():
        if verb == "add":
            type(row).objects.filter(pk=row.pk).delete()
            response = client.post(base, payload, content_type=kind)
        elif verb == "replace":
            response = client.put(f"{base}{row.pk}/", payload, content_type=kind)
        elif verb == "change":
            response = client.patch(f"{base}{row.pk}/", json.dumps({"properties": {}}), content_type=kind)
        else:
            response = client.delete(f"{base}{row.pk}/")
    assert response.status_code in (200, 201, 204, 401, 403, 404), (name, verb, response.content)
    return response.status_code < 300


# ------------------------------------------------------------------------------------------- the database itself


def superuser() -> "psycopg.Connection[Any]":
    return psycopg.connect(**cluster.dsn(str(connection.settings_dict["NAME"]), "postgres"))  # type: ignore[arg-type]


@contextmanager
def become(administrator: "psycopg.Connection[Any]", role: str) -> Iterator["psycopg.Connection[Any]"]:
    """A superuser's connection that has become this log-in for the block; what the block does is undone."""
    try:
        administrator.execute(sql.SQL("SET LOCAL SESSION AUTHORIZATION {}").format(sql.Identifier(role)))
        yield administrator
    finally:
        administrator.rollback()


@contextmanager
def as_person(role: str) -> Iterator["psycopg.Connection[Any]"]:
    """A connection of this log-in; what it does is undone."""
    with contextlib.closing(superuser()) as administrator, become(administrator, role) as person:
        yield person


def _values(row: Any) -> tuple[list[str], list[Any]]:
    fields = [one for one in row._meta.concrete_fields if not one.generated and not one.primary_key]
    values = [getattr(row, one.attname) for one in fields]
    return [one.column for one in fields], [one.ewkb if hasattr(one, "ewkb") else one for one in values]


def sql_allows(administrator: "psycopg.Connection[Any]", role: str, verb: str, row: Any) -> bool:
    table, key = sql.Identifier(row._meta.db_table), row.pk
    with become(administrator, role) as asker:
        try:
            if verb == "see":
                found = asker.execute(sql.SQL("SELECT id FROM {} WHERE id = %s").format(table), [key]).fetchall()
                return len(found) == 1
            if verb == "add":
                asker.execute("RESET SESSION AUTHORIZATION")
                asker.execute(sql.SQL("DELETE FROM {} WHERE id = %s").format(table), [key])
                asker.execute(sql.SQL("SET LOCAL SESSION AUTHORIZATION {}").format(sql.Identifier(role)))
                columns, values = _values(row)
                names = sql.SQL(", ").join(map(sql.Identifier, columns))
                marks = sql.SQL(", ").join([sql.Placeholder()] * len(values))
                statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(table, names, marks)
                return asker.execute(statement, values).rowcount == 1
            if verb == "delete":
                return asker.execute(sql.SQL("DELETE FROM {} WHERE id = %s").format(table), [key]).rowcount == 1
            change = sql.SQL("UPDATE {} SET updated_at = now() WHERE id = %s").format(table)
            return asker.execute(change, [key]).rowcount == 1
        except psycopg.errors.InsufficientPrivilege:
            return False


@pytest.fixture
def logins() -> Iterator[Callable[[dict[str, User | None]], dict[str, str]]]:
    """Makes a database log-in for each actor; they go with the test, because roles belong to the whole server."""
    made: list[str] = []
    place = cluster.dsn("postgres", "postgres")

    def make(people: dict[str, User | None]) -> dict[str, str]:
        found = {}
        with psycopg.connect(**place, autocommit=True) as administrator:  # type: ignore[arg-type]
            for number, (name, user) in enumerate(people.items()):
                if user is None:
                    continue
                role = f"test_person_{number}"
                administrator.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
                group = sql.Identifier(cluster.MEMBER_ROLE)
                administrator.execute(sql.SQL("CREATE ROLE {} IN ROLE {}").format(sql.Identifier(role), group))
                DatabaseLogin.objects.create(role=role, user=user)
                made.append(role)
                found[name] = role
        return found

    yield make
    with psycopg.connect(**place, autocommit=True) as administrator:  # type: ignore[arg-type]
        for role in made:
            administrator.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


# ------------------------------------------------------------------------------------------------------- the table

HEAD = """# Wer darf was

Aus dem Verzeichnis der Ebenen erzeugt und von `tests/db/test_authorization.py` verglichen: je Ebene und Rolle das Recht durch
die Türen des Web (Kachel, OGC API Features, REST, Herunterladen, Liste, Einzelheiten; sie antworten alle gleich) und durch die
Datenbank (QGIS, psql). Die Zeile gehört der Organisation A und liegt in deren Gebiet; „elsewhere“ ist auf ein anderes Gebiet beschränkt.
s = sehen, a = anlegen, e = ersetzen, ä = ändern, l = löschen, – = nichts davon.

"""
LETTERS = {"see": "s", "add": "a", "replace": "e", "change": "ä", "delete": "l"}


def _cell(rights: dict[str, bool]) -> str:
    return "".join(LETTERS[verb] for verb, allowed in rights.items() if allowed) or "–"


def _table(rights: dict[str, dict[str, tuple[str, str]]]) -> str:
    """Layers with the same rights share a table."""
    groups: dict[str, list[str]] = {}
    for name, people in rights.items():
        lines = ["| Wer | Web | Datenbank |", "|---|---|---|"]
        lines += [f"| {who} | {web} | {base} |" for who, (web, base) in people.items()]
        groups.setdefault("\n".join(lines), []).append(name)
    return HEAD + "\n".join(f"## {', '.join(names)}\n\n{body}\n" for body, names in groups.items())


@pytest.mark.django_db(transaction=True)
def test_the_matrix_is_the_reviewed_one(logins: Callable[[dict[str, User | None]], dict[str, str]]) -> None:
    client_of.cache_clear()
    people = actors()
    roles = logins(people)
    owner = factories.organisation("a")
    rights: dict[str, dict[str, tuple[str, str]]] = {}
    # One connection for all of the database's answers: hundreds of new ones would each read the catalogue anew.
    administrator = superuser()
    for declared in layer.all_layers():
        row = factories.ONE_OF[declared.name](owner)
        payload = json.dumps(_payload(declared.name, row))
        rights[declared.name] = {}
        for who, user in people.items():
            cache.clear()  # throttles count
            web = {"see": seen(user, declared.name, row)}
            web |= {verb: wrote(user, verb, declared.name, row, payload) for verb in VERBS[1:]}
            base = (
                {verb: sql_allows(administrator, roles[who], verb, row) for verb in VERBS if verb != "replace"}
                if user
                else {}
            )
            rights[declared.name][who] = (_cell(web), _cell(base))
            if user:
                # Where the web refuses, the database refuses, and the other way round.
                assert {**web, "replace": None} == {**base, "replace": None}, (declared.name, who)
        row.delete()
    administrator.close()
    found = _table(rights)
    if not TABLE.exists() or TABLE.read_text(encoding="utf-8") != found:
        (data_dir() / "authorization.md").write_text(found, encoding="utf-8")
    assert TABLE.exists(), "docs/authorization.md is missing"
    assert TABLE.read_text(encoding="utf-8") == found
