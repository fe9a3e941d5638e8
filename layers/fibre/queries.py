"""Reads of the network: what a person sees of it."""

from typing import Any

from django.db.models import QuerySet

from gisapp.accounts import scope
from gisapp.accounts.roles import is_operator, organisations_of
from layers.fibre.access import SEES
from layers.fibre.models import Cable, Duct, Enclosure, Network, Node, Segment


def networks(user: Any) -> QuerySet[Network]:
    """The networks of the user's organisations, whatever part of them the user sees."""
    rows = Network.objects.select_related("organisation").order_by("name")
    return rows if is_operator(user) else rows.filter(organisation__in=organisations_of(user, SEES))


def nodes(user: Any) -> QuerySet[Node]:
    return scope.seen(Node.objects.filter(retired_at__isnull=True), user, SEES)


def segments(user: Any) -> QuerySet[Segment]:
    """Those of the user's organisations, and those of others in which their ducts lie."""
    return scope.seen(Segment.objects.filter(retired_at__isnull=True), user, SEES, guests="shared_with")


def ducts(user: Any) -> QuerySet[Duct]:
    return scope.seen(Duct.objects.filter(retired_at__isnull=True), user, SEES)


def cables(user: Any) -> QuerySet[Cable]:
    return scope.seen(Cable.objects.filter(retired_at__isnull=True), user, SEES, geometry="place")


def enclosures(user: Any) -> QuerySet[Enclosure]:
    return scope.seen(Enclosure.objects.filter(retired_at__isnull=True), user, SEES)
