"""What the catalogues tell of a layer beyond its declaration: when its data began and last changed."""

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Max, Min
from django.utils import timezone

from gisapp.database import compiled
from gisapp.layer import Layer, Text, visible_layers
from gisapp.registry.versions import Version, version
from gisapp.tenants.current import current


@dataclass(frozen=True)
class Dates:
    """Of the rows that the public sees; None where the table does not say, or is empty."""

    issued: datetime.date | None
    modified: datetime.datetime | None


def publisher_name() -> str:
    """Who publishes: the organisation whose site was asked, else the operator's setting, else the site."""
    site = current()
    return site.organisation if site else str(settings.CATALOG_PUBLISHER or settings.SITE_NAME)


def catalogue_title() -> Text:
    site = current()
    return site.title if site else Text(settings.SITE_NAME, settings.SITE_NAME)


def public_layers() -> list[Layer]:
    """The layers that everybody may know of."""
    return visible_layers(AnonymousUser())


def _dates(layer: Layer) -> Dates:
    names = {one.name for one in layer.model_class._meta.concrete_fields}
    if not {"created_at", "updated_at"} <= names:
        return Dates(None, None)
    rows = layer.features(AnonymousUser()).order_by()
    found: dict[str, Any] = rows.aggregate(first=Min("created_at"), last=Max("updated_at"))
    return Dates(timezone.localdate(found["first"]) if found["first"] else None, found["last"])


@lru_cache(maxsize=256)
def _remembered(layer: Layer, seen: Version) -> Dates:
    return _dates(layer)


def dates(layer: Layer) -> Dates:
    """Computed once for each state of the layer's tables."""
    rows = layer.features(AnonymousUser())
    compiled(rows)
    seen = version(rows.query) if layer.shared else None
    return _dates(layer) if seen is None else _remembered(layer, seen)
