"""What Django and its apps send goes through the outbox."""

import pytest
from django.core.mail import EmailMultiAlternatives, send_mail
from django.db import transaction

from gisapp.accounts.privacy import erase
from gisapp.errors import BadInput
from gisapp.mail.models import Outgoing
from gisapp.mail.transport import message
from tests import factories

pytestmark = pytest.mark.django_db
BACKEND = "gisapp.mail.backend.Outbox"


@pytest.fixture(autouse=True)
def _through_the_outbox(settings: pytest.FixtureRequest) -> None:
    settings.EMAIL_BACKEND = BACKEND  # type: ignore[attr-defined]


def test_01_each_recipient_has_a_mail_that_waits() -> None:
    assert send_mail("Ihre\nBestätigung", "Guten Tag", None, ["a@example.org", "b@example.org"]) == 2
    rows = list(Outgoing.objects.order_by("recipient"))
    assert [(one.recipient, one.subject, one.text, one.state) for one in rows] == [
        ("a@example.org", "Ihre Bestätigung", "Guten Tag\n", "waiting"),
        ("b@example.org", "Ihre Bestätigung", "Guten Tag\n", "waiting"),
    ]
    made = message(rows[0])
    assert made.get_content_type() == "text/plain"
    assert made["To"] == "a@example.org"


def test_02_a_rolled_back_request_sends_nothing_and_html_comes_along() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        send_mail("a", "b", None, ["a@example.org"])
        raise ZeroDivisionError
    assert not Outgoing.objects.exists()
    both = EmailMultiAlternatives("a", "b", None, ["a@example.org"])
    both.attach_alternative("<p>b</p>", "text/html")
    both.send()
    assert message(Outgoing.objects.get()).get_content_type() == "multipart/alternative"
    with pytest.raises(BadInput):
        send_mail("a", "b", None, ["keine adresse"])


def test_03_an_erased_account_leaves_no_mail() -> None:
    user = factories.citizen("weg@example.org")
    send_mail("a", "b", None, ["weg@example.org", "bleibt@example.org"])
    erase(user)
    assert list(Outgoing.objects.values_list("recipient", flat=True)) == ["bleibt@example.org"]
