"""What is in the database before anybody asks: the demo, and people of two organisations with secrets from each other."""

from dataclasses import dataclass

from django.db import connection

PASSWORD = "ein langes Passwort"
ORGANISATIONS = {"amt": "amt-huettener-berge", "verband": "breitband-verband"}
INTERNAL = "INTERN"
"""Begins the title of every internal notice; nothing that says it may reach a visitor or the store of tiles."""


@dataclass(frozen=True)
class Person:
    """Somebody who reads and writes: with a token, or with a password and so a session."""

    number: int
    side: str
    email: str
    token: str = ""

    @property
    def organisation(self) -> str:
        return ORGANISATIONS[self.side]

    @property
    def name(self) -> str:
        return self.email.partition("@")[0]


def build() -> list[Person]:
    """Two programs and a person with a browser in each organisation, each with an internal notice in the same place."""

    from gisapp.accounts import tokens
    from gisapp.accounts.models import Organisation
    from gisapp.accounts.roles import Role
    from layers.notes.models import Note
    from tests import factories

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE test_steps (job bigint, step text, pid int, at timestamptz DEFAULT clock_timestamp())"
        )
    found = []
    for side, key in ORGANISATIONS.items():
        organisation = Organisation.objects.get(key=key)
        Note.objects.create(
            title=f"{INTERNAL}-{side}-0", audience="internal", organisation=organisation, geom=factories.point(0, 0),
            source="cluster", source_id=side,
        )  # fmt: skip
        for kind in ("program-1", "program-2", "browser"):
            user = factories.member(Role.STAFF, organisation, email=f"{side}-{kind}@cluster.example")
            if kind == "browser":
                user.set_password(PASSWORD)
                user.save()
                found.append(Person(user.pk, side, user.email))
            else:
                _token, text = tokens.make(user, kind, scopes=("read", "write"))
                found.append(Person(user.pk, side, user.email, text))
    return found
