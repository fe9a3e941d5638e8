"""`gisapp fibre network create|list`: the networks of this installation."""

import argparse
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layers.fibre.models import Network


def add_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """`network create|list`."""
    from django.utils.translation import gettext as _

    acts = verbs.add_parser("network", help=_("Netze anlegen und auflisten")).add_subparsers(dest="act", required=True)
    create = acts.add_parser("create", help=_("ein Netz anlegen; noch einmal ändert nichts"))
    create.add_argument("key", metavar="KEY", help=_("Kürzel: a-z, 0-9, -"))
    create.add_argument("--organisation", required=True, metavar="KEY", help=_("wem das Netz gehört"))
    create.add_argument("--name", required=True, help=_("wie das Netz heißt"))
    listing = acts.add_parser("list", help=_("alle Netze"))
    for one in (create, listing):
        one.add_argument("--json", action="store_true")


def described(network: "Network") -> dict[str, Any]:
    """A network for programs."""
    return {"key": network.key, "name": network.name, "organisation": network.organisation.key, "id": str(network.pk)}


def make_network(key: str, name: str, organisation: str) -> "tuple[Network, bool]":
    """The network of that key and whether it is new.

    Raises BadInput for a key or name that is none, NotFound for an organisation that there is not, Conflict where the
    network is there and another.
    """
    from django.core.exceptions import ValidationError

    from gisapp.accounts.models import Organisation
    from gisapp.errors import BadInput, Conflict, NotFound
    from layers.fibre.models import Network

    owner = Organisation.objects.filter(key=organisation).first()
    if owner is None:
        raise NotFound("not-found", what=organisation[:100])
    there = Network.objects.filter(key=key).select_related("organisation").first()
    if there is not None:
        if (there.name, there.organisation_id) != (name, owner.pk):
            raise Conflict("network-differs", key=key, name=there.name, organisation=there.organisation.key)
        return there, False
    made = Network(key=key, name=name, organisation=owner)
    try:
        made.full_clean()
    except ValidationError as refused:
        field = next(iter(refused.message_dict))
        raise BadInput("bad-value", field=field, name=field, value=str(getattr(made, field, ""))[:100]) from refused
    made.save()
    return made, True


def _create(arguments: argparse.Namespace) -> int:
    from django.utils.translation import gettext as _

    made, new = make_network(arguments.key, arguments.name, arguments.organisation)
    if arguments.json:
        print(json.dumps({**described(made), "created": new}, ensure_ascii=False))
    else:
        told = _("Netz %(key)s angelegt.") if new else _("Netz %(key)s: unverändert, es war schon da.")
        print(told % {"key": made.key})
    return 0


def _list(as_json: bool) -> int:
    from layers.fibre.models import Network

    rows = Network.objects.select_related("organisation").order_by("key")
    if as_json:
        print(json.dumps({"networks": [described(one) for one in rows]}, ensure_ascii=False))
        return 0
    for one in rows:
        print(f"{one.key}  {one.name}  {one.organisation.name}")
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Do what the verb says. Refusals are told by the command line with their code."""
    return _create(arguments) if arguments.act == "create" else _list(arguments.json)
