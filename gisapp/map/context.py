"""What every page of the map needs: site name, mode, links, and the addresses of the scripts to load ahead."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, QueryDict
from django.templatetags.static import static

from gisapp.accounts.roles import may_operate
from gisapp.layer import Layer, offered_apps
from gisapp.map.config import BaseMap, map_config, worker_address
from gisapp.map.texts import script_texts
from gisapp.tenants.current import languages as offered_languages
from gisapp.tiles.views import base_url

STATIC = Path(__file__).parent / "static" / "map"
MODE_COOKIE = "gisapp_mode"
ENTRIES = {"print.js", "embed.js", "app.js", "past.js"}


def mode_of(request: HttpRequest) -> str:
    """light, dark, or "" for what the device prefers."""
    asked = request.GET.get("mode") or request.COOKIES.get(MODE_COOKIE, "")
    return asked if asked in ("light", "dark") else ""


def other_languages(request: HttpRequest) -> list[dict[str, str]]:
    """This very page in each language."""
    found = []
    for code, name in offered_languages():
        query: QueryDict = request.GET.copy()
        query["lang"] = code
        found.append({"code": code, "name": name, "address": f"{request.path}?{query.urlencode()}"})
    return found


@lru_cache(maxsize=1)
def _modules() -> tuple[str, ...]:
    return tuple(sorted(path.name for path in STATIC.glob("*.js") if path.name not in ENTRIES))


def preloaded(entry: str) -> list[str]:
    """The modules that the entry needs, so that the browser fetches them side by side."""
    only_map = {"mapview.js", "page.js", "dom.js", "icons.js", "scale.js", "style.js"}
    names = _modules() if entry == "app.js" else tuple(one for one in _modules() if one in only_map)
    return [static(f"map/{name}") for name in (entry, *names)]


def page_context(request: HttpRequest) -> dict[str, Any]:
    config = map_config()
    return {
        "site_name": config.name,
        "config": config,
        "mode": mode_of(request),
        "languages": other_languages(request),
        "may_operate": may_operate(request.user),
        "pages": [page for app in offered_apps() for page in app.pages if page.see.admits(request.user)],
    }


def layer_data(layer: Layer) -> dict[str, Any]:
    """What the scripts know of a layer."""
    return {
        "name": layer.name,
        "title": str(layer.title),
        "baseMap": layer.base_map,
        "interactive": layer.interactive,
        "switchedOn": layer.switched_on,
        "minZoom": layer.min_zoom,
        "geometry": str(layer.geometry),
    }


def base_map_data(base_maps: tuple[BaseMap, ...]) -> list[dict[str, Any]]:
    return [one.as_dict() for one in base_maps]


def script_data(request: HttpRequest, layers: list[Layer], start: dict[str, Any]) -> dict[str, Any]:
    """The page's JSON block."""
    config = map_config()
    return {
        "language": request.LANGUAGE_CODE[:2],
        "texts": script_texts(),
        "worker": worker_address(),
        "origin": base_url(request),
        "layers": [layer_data(one) for one in layers],
        "baseMaps": base_map_data(config.base_maps),
        "start": start,
        "title": config.name,
    }
