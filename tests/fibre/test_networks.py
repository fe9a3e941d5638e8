"""Networks and the catalogue, as an operator makes and keeps them: the command and the administration."""

import json
from typing import Any

import pytest
from django.test import Client

from gisapp.cli import main
from layers.fibre.models import Network, Segment
from tests import factories
from tests.fibre.drawing import network, segment

committed = pytest.mark.django_db(transaction=True)  # the command closes its connections
CREATE = ["fibre", "network", "create", "eck", "--organisation", "amt", "--name", "Netz Eck"]


@committed
def test_01_a_network_is_made_once(capsys: Any) -> None:
    owner = factories.organisation()
    for created in (True, False):
        assert main([*CREATE, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["key"], told["organisation"], told["created"]) == ("eck", "amt", created)
    made = Network.objects.get()
    assert (made.name, made.organisation) == ("Netz Eck", owner)
    assert main(["fibre", "network", "list", "--json"]) == 0
    assert [one["key"] for one in json.loads(capsys.readouterr().out)["networks"]] == ["eck"]


@committed
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amt": "gibtsnicht"}, "not-found"), ({"eck": "Eck 7"}, "bad-value"), ({"eck": "neu", "Netz Eck": " "}, "bad-value"),
        ({"Netz Eck": "Anders"}, "network-differs"),
    ],
)  # fmt: skip
def test_02_refusals_are_told(capsys: Any, change: dict[str, str], code: str) -> None:
    factories.organisation()
    main(CREATE)
    assert main([change.get(one, one) for one in CREATE]) != 0
    assert code in capsys.readouterr().err
    assert Network.objects.count() == 1


@pytest.mark.django_db
def test_03_the_administration_shows_products_as_they_look(client: Client) -> None:
    factories.fibre_catalogue()
    client.force_login(factories.operator())
    bundle = client.get("/admin/fibre/ductspec/24x7_2F4%20gabo/change/").content.decode()
    assert "rot-gelb" in bundle and "colour-swatch" in bundle
    for page in ("colour", "colourscheme", "ductspec", "fittingspec", "network"):
        assert client.get(f"/admin/fibre/{page}/").status_code == 200, page
        assert client.get(f"/admin/fibre/{page}/add/").status_code == 200, page
    scheme = client.get("/admin/fibre/colourscheme/din/change/").content.decode()
    assert "rot mit Ring" in scheme


@pytest.mark.django_db
def test_04_a_network_handed_over_takes_its_objects_along(client: Client) -> None:
    key, other = network("netz", "a"), factories.organisation("b")
    segment(key, (0, 0), (100, 0))
    client.force_login(factories.operator())
    sent = {"key": "netz", "name": "netz", "organisation": other.pk}
    assert client.post(f"/admin/fibre/network/{key}/change/", sent).status_code == 302
    assert Segment.objects.get().organisation == other


@pytest.mark.django_db
def test_05_the_administration_is_the_operators(client: Client) -> None:
    from gisapp.accounts.roles import Role

    client.force_login(factories.member(Role.ADMIN))
    for page in ("ductspec", "network"):
        assert client.get(f"/admin/fibre/{page}/").status_code in (302, 403), page
