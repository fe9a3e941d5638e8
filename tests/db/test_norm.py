"""gisapp_norm: spellings that people take for the same compare equal."""

import pytest
from django.db import connection


def norm(value: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT gisapp_norm(%s)", [value])
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dorfstraße", "dorfstr."),
        ("Dorfstrasse", "DORFSTR"),
        ("Hütten", "Huetten"),
        ("Hütten", "Hutten"),
        ("Groß Wittensee", "gross-wittensee"),
        ("Große Straße", "Grosse Strasse"),
        ("Am  Kanal", "am kanal "),
        ("Café Öhlmühle", "cafe oehlmuehle"),
        ("Hu\u0308tten", "H\u00fctten"),
    ],
)
def test_same_name_in_two_spellings(one: str, other: str) -> None:
    assert norm(one) == norm(other)


@pytest.mark.django_db
@pytest.mark.parametrize(("one", "other"), [("Dorfstraße", "Dorfplatz"), ("Straßberg", "Berg"), ("Strande", "Strand")])
def test_different_names_stay_different(one: str, other: str) -> None:
    assert norm(one) != norm(other)
