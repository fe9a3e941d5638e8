"""Tenants in the administration: the same rules as the command, told at the field."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation

from gisapp.accounts.models import Organisation
from gisapp.tenants.directory import directory
from gisapp.tenants.models import Host, LegalText, Tenant
from tests import factories, tenants
from tests.tenants import HERE, THERE

pytestmark = pytest.mark.django_db
LIST = "/admin/tenants/tenant/"


@pytest.fixture
def boss(client: Client) -> Iterator[Client]:
    client.force_login(factories.operator())
    with translation.override("de"):
        yield client


def form(tenant: Tenant | None = None, **more: Any) -> dict[str, Any]:
    """What the page's form sends."""
    given = {
        "key": "dort", "organisation": tenant.organisation_id if tenant else "", "title_de": "Amt Dort",
        "title_en": "District There", "hosts": f"{THERE}\nkarte.dort.example", "languages": "en, de",
        "primary_colour": "#5b2a86", "accent_colour": "", "services": ["streets"], "legal_texts-TOTAL_FORMS": "1",
        "legal_texts-INITIAL_FORMS": "0", "legal_texts-0-kind": "imprint", "legal_texts-0-text_de": "Amt Dort, Weg 1",
        "legal_texts-0-text_en": "",
    }  # fmt: skip
    return {**given, **more}


def test_01_an_operator_changes_everything_on_one_page(boss: Client) -> None:
    _first, second = tenants.two()
    page = boss.get(f"{LIST}{second.pk}/change/").content.decode()
    assert THERE in page and f"/tenant/{second.logo_id}.png" in page
    logo = SimpleUploadedFile("wappen.png", tenants.picture("#ff0000"), "image/png")
    sent = boss.post(f"{LIST}{second.pk}/change/", form(second, logo_file=logo, is_default="on"))
    assert sent.status_code == 302, sent.content.decode()[:3000]
    before = second.logo_id
    second.refresh_from_db()
    assert (second.hosts, second.languages, second.services) == (
        [THERE, "karte.dort.example"],
        ["en", "de"],
        ["streets"],
    )
    assert (second.accent_colour, second.is_default) == ("", True)
    assert second.logo_id not in (None, before)
    assert Tenant.objects.filter(is_default=True).count() == 1
    assert LegalText.objects.get().text_de == "Amt Dort, Weg 1"
    assert directory().of("karte.dort.example").key == "dort"  # type: ignore[union-attr]
    gone = boss.post(
        f"{LIST}{second.pk}/change/", {**form(second, no_logo="on", services=[]), "legal_texts-TOTAL_FORMS": "0"}
    )
    assert gone.status_code == 302
    second.refresh_from_db()
    assert (second.logo_id, second.services) == (None, None)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"hosts": HERE}, "gehört schon zu einem anderen Mandanten: hier.example (hier)"),
        ({"hosts": "http://x"}, "ist kein Rechnername"),
        ({"primary_colour": "#ffff00"}, "nicht zu lesen"),
        ({"languages": "fr"}, "Diese Sprachen gibt es nicht"),
        ({"title_de": "x" * 100}, "hat 1 bis 80"),
        ({"logo_file": SimpleUploadedFile("x.svg", b"<svg/>", "image/svg+xml")}, "Ein SVG kann Skripte enthalten"),
    ],
)
def test_02_what_is_refused_is_said_at_the_field(boss: Client, more: dict[str, Any], said: str) -> None:
    _first, second = tenants.two()
    if file := more.get("logo_file"):
        file.seek(0)
    answer = boss.post(f"{LIST}{second.pk}/change/", form(second, **more))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert second.events.count() == 1  # type: ignore[attr-defined]


def test_03_to_delete_is_to_retire(boss: Client) -> None:
    first, second = tenants.two()
    assert boss.post(f"{LIST}{second.pk}/delete/", {"post": "yes"}).status_code == 302
    second.refresh_from_db()
    assert second.retired_at is not None
    assert Organisation.objects.filter(key="dort").exists()
    assert list(Host.objects.values_list("host", flat=True)) == [HERE]
    boss.post(LIST, {"action": "delete_selected", "_selected_action": [str(first.pk)], "post": "yes"})
    assert Tenant.objects.filter(retired_at__isnull=False).count() == 2


def test_04_nobody_but_operators(client: Client) -> None:
    tenants.two()
    client.force_login(factories.member("admin", Organisation.objects.get(key="dort")))
    assert client.get(LIST, follow=True).status_code == 403
