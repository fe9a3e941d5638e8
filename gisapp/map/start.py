"""Where the map starts: what the tenant is responsible for, the operator's centre, or the data."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import AnonymousUser

from gisapp.extent import common
from gisapp.layer import Layer
from gisapp.map.config import map_config
from gisapp.tenants.current import current


def start_view(layers: Sequence[Layer]) -> dict[str, Any]:
    """Centre and zoom, or the box to show."""
    site, config = current(), map_config()
    if site and site.box:
        return {"box": list(site.box)}
    if config.centre:
        return {"centre": list(config.centre), "zoom": config.zoom}
    # A town with its roads is a better start than the whole state around it.
    ground = [one for one in layers if one.base_map and one.geometry != "Point"] or list(layers)
    return {"box": list(common(ground, AnonymousUser()))}
