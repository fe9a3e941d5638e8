"""A map for taking along: one HTML file with data, script, styles and icons in it, that opens without a network."""

import base64
import re
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import orjson
from django.contrib.auth.models import AnonymousUser
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gisapp import errors
from gisapp.exports import writer
from gisapp.extent import common
from gisapp.features.query import Box, Selection, count
from gisapp.layer import Geometry, Layer
from gisapp.paths import CHECKOUT

LEAFLET = CHECKOUT / "gisapp/map/static/vendor/leaflet"
MOST_FEATURES = 20_000
MOST_BYTES = 60 * 1024**2
# Whatever is in the data: the page can fetch nothing and send nothing.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
html,body{margin:0;height:100%;font:16px/1.5 system-ui,sans-serif}
.leaflet-container{background:#f7f5f1}
.leaflet-popup-content th{text-align:left;padding-right:.75rem;vertical-align:top;font-weight:600}
.leaflet-popup-content td{overflow-wrap:anywhere}
/* the scale stands above the sources */
.leaflet-bottom.leaflet-left{bottom:1.6rem}
#source{position:fixed;left:0;bottom:0;margin:0;z-index:800;background:#fffd;padding:.1rem .5rem;font-size:.8rem;color:#222}
"""


def _vendored(name: str) -> str:
    path = LEAFLET / name
    if not path.exists():
        raise errors.GisError("not-set-up", what="Leaflet", remedy="docker/bootstrap.sh vendor")
    return path.read_text(encoding="utf-8")


def _styles() -> str:
    """Leaflet's style sheet with its pictures in it."""

    def picture(match: re.Match[str]) -> str:
        body = base64.b64encode((LEAFLET / match[1]).read_bytes()).decode()
        return f"url(data:image/png;base64,{body})"

    return re.sub(r"url\((images/[\w.-]+\.png)\)", picture, _vendored("leaflet.css"))


def _plain(text: str) -> str:
    """Text that stays text in HTML, in a script and in folium's templates, which would compute what stands in braces."""
    return escape(text).replace("{", "&#123;").replace("}", "&#125;")


def _said(value: Any) -> str:
    """A value as the popup shows it."""
    if isinstance(value, bool):
        return _("ja") if value else _("nein")
    return _plain(str(value)) if value is not None else ""


def _features(layer: Layer, selection: Selection) -> dict[str, Any]:
    """The layer's GeoJSON with words where codes are stored, ready to stand inside of HTML."""
    found = orjson.loads(b"".join(writer.geojson(layer, AnonymousUser(), selection)))
    for one in found["features"]:
        values = one["properties"]
        one["properties"] = {
            field.name: _said(
                str(field.values[values[field.name]]) if values[field.name] in field.values else values[field.name]
            )
            for field in layer.public_fields
        }
        one["id"] = str(one["id"])
    return {"type": "FeatureCollection", "features": found["features"]}


def _colour(layer: Layer) -> tuple[str, str]:
    """The legend's first colour and its outline."""
    entry = layer.style.legend[0]
    return entry.colour, entry.outline or "#333333"


def _shown(layer: Layer, selection: Selection) -> Any:
    """The layer as folium draws it."""
    import folium

    colour, outline = _colour(layer)
    line = layer.geometry.lines
    drawn: dict[str, Any] = {
        "color": colour if line else outline,
        "weight": 3 if line else 1,
        "fillColor": colour,
        "fillOpacity": 0.55,
    }
    fields = layer.public_fields
    popup = folium.GeoJsonPopup(
        [one.name for one in fields], [_plain(str(one.title)) for one in fields], localize=False, max_width=420
    )
    marker = folium.CircleMarker(radius=6, color=outline, weight=1, fill=True, fill_color=colour, fill_opacity=0.85)
    return folium.GeoJson(
        _features(layer, selection), name=_plain(str(layer.title)), style_function=lambda _feature: drawn,
        marker=marker if layer.geometry is Geometry.POINT else None, popup=popup, zoom_on_click=False,
    )  # fmt: skip


def leaflet_head() -> str:
    """What a page needs in its head to draw a map by itself: Leaflet with its styles and pictures, and nothing from outside."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    return f"{policy}<style>{_styles()}</style><script>{_vendored('leaflet.js')}</script>"


def render(layers: Sequence[Layer], box: Box | None = None) -> str:
    """The page. Raises BadInput("export-empty") and BadInput("export-too-large")."""
    import folium

    user, selection = AnonymousUser(), Selection(box=box)
    total = sum(count(one, user, selection) for one in layers)
    if total == 0:
        raise errors.BadInput("export-empty")
    if total > MOST_FEATURES:
        raise errors.BadInput("export-too-large", what=_("%(count)d Objekte") % {"count": total}, limit=MOST_FEATURES)
    west, south, east, north = (box.west, box.south, box.east, box.north) if box else common(layers, user)
    page = folium.Map(tiles=None, control_scale=True)
    page.default_js, page.default_css = [], []
    page.fit_bounds([[south, west], [north, east]])
    for one in layers:
        if count(one, user, selection):  # folium makes no popup for nothing
            _shown(one, selection).add_to(page)
    folium.LayerControl(collapsed=False).add_to(page)
    figure: Any = page.get_root()
    figure.title = None
    _inline(figure, layers)
    html = str(figure.render())
    if len(html.encode()) > MOST_BYTES:
        size = f"{len(html) // 1024**2} MB"
        raise errors.BadInput("export-too-large", what=size, limit=f"{MOST_BYTES // 1024**2} MB")
    language = (get_language() or "de")[:2]
    # folium forbids to zoom the page with two fingers; people who need it large need that.
    html = re.sub(
        r'<meta name="viewport" content="[^"]*" />', '<meta name="viewport" content="width=device-width">', html
    )
    return html.replace("<html>", f'<html lang="{language}">', 1)


def _inline(figure: Any, layers: Sequence[Layer]) -> None:
    """Everything that the page would fetch, and the sources of what it shows."""
    from branca.element import Element

    title = ", ".join(str(one.title) for one in layers)
    sources = ", ".join(dict.fromkeys(one.attribution for one in layers if one.attribution))
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><title>{_plain(title)}</title>'
        f"<style>{_styles()}{_STYLE}</style><script>{_vendored('leaflet.js')}</script>"
    )
    # Braces are folium's template language; here they are Leaflet's.
    figure.header.add_child(Element("{% raw %}" + head + "{% endraw %}"), name="own")
    figure.html.add_child(Element(f'{{% raw %}}<p id="source">{_plain(sources)}</p>{{% endraw %}}'), name="source")


def write(layers: Sequence[Layer], path: Path, box: Box | None = None) -> int:
    """Write the page; one that is there is replaced only by a whole new one. Returns its bytes."""
    body = render(layers, box).encode()
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".gisapp-export-") as name:
        done = Path(name) / "map.html"
        done.write_bytes(body)
        done.replace(path)
    return len(body)
