"""Whose network it is, as a colour: for the map that is coloured by owner, and its legend.

What is owned by somebody else than the network's organisation says so in `owner`; else the organisation is the owner.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from gisapp.accounts.models import Organisation
from gisapp.layer import LegendEntry, Text
from gisapp.map.legend import swatch
from layers.fibre import queries

# Told apart by lightness as well as by hue; each stands out on the light map and on the dark one.
COLOURS = ("#0b7285", "#d9480f", "#7048e8", "#2f9e44", "#c2255c", "#1c7ed6", "#a07800", "#495057")
OTHER = "#868e96"


@dataclass(frozen=True)
class Owner:
    """An organisation and its colour on this page."""

    key: str
    name: str
    colour: str

    @property
    def sign(self) -> SafeString:
        return swatch(LegendEntry(Text(self.name, self.name), "line", self.colour, width=4))


def owners(user: Any) -> list[Owner]:
    """The owners in the networks that the person sees, by name; those beyond the last colour share the others' one."""
    hosts = queries.networks(user).order_by().values_list("organisation", flat=True)
    others = {
        key
        for rows in (queries.segments(user), queries.ducts(user), queries.cables(user))
        for key in rows.filter(owner__isnull=False).order_by().values_list("owner", flat=True).distinct()
    }
    found = list(Organisation.objects.filter(pk__in={*hosts, *others}).order_by("name"))
    known = [Owner(one.key, one.name, colour) for one, colour in zip(found, COLOURS, strict=False)]
    return [*known, Owner("", _("andere"), OTHER)]
