"""The report of a set of files with a map of what happens: one page that fetches nothing."""

import json
from collections import defaultdict
from html import escape
from typing import Any

from django.utils.translation import gettext as _

from gisapp.exports.page import leaflet_head
from importers.report import Report

# Colour, dash pattern and width: told apart without colours, too.
_STYLES: dict[str, tuple[str, str, int]] = {
    "there": ("#6b7280", "", 2),
    "joined": ("#7c3aed", "2 4", 3),
    "new": ("#0b63ce", "", 3),
    "changed": ("#b45309", "10 5", 4),
    "loose": ("#be185d", "", 3),
    "refused": ("#c01818", "1 7", 5),
}
_STYLE = """
#map{height:min(70vh,42rem);min-height:20rem;border:1px solid #999;background:#f7f5f1}
.key{display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;list-style:none;padding:0;margin:.5rem 0 0}
.key svg{vertical-align:middle;margin-right:.5rem;background:#f7f5f1}
.leaflet-container table{margin:0;width:auto}
"""
_SCRIPT = """
const shapes = JSON.parse(document.getElementById("shapes").textContent), map = L.map("map", {preferCanvas: true, attributionControl: false});
const all = L.featureGroup().addTo(map), drawn = [];
const large = (what) => what === "refused" || what === "loose";
for (const [what, style] of Object.entries(shapes.styles)) {
  for (const [geometry, label] of shapes.features[what] || []) {
    const told = document.createElement("span");
    told.textContent = label + " – " + style.title;
    const point = geometry.type === "Point", turned = ([x, y]) => [y, x];
    const shape = point
      ? L.circleMarker(turned(geometry.coordinates), {radius: large(what) ? 7 : 4, color: style.colour, weight: 2, fillOpacity: what === "new" ? 0.8 : 0})
      : L.polyline(geometry.coordinates.map(turned), {color: style.colour, weight: style.width, dashArray: style.dash || null});
    shape.bindPopup(told).addTo(all);
    drawn.push([shape, point, what, style.width]);
  }
}
map.fitBounds(all.getBounds().pad(0.05));
// From far away, points and wide lines would hide everything; what asks for a look stays large.
const thin = () => {
  const near = map.getZoom() >= 16;
  for (const [shape, point, what, width] of drawn) {
    if (large(what)) continue;
    if (point) { shape.setRadius(near ? 4 : 0.5); shape.setStyle({weight: near ? 2 : 0}); } else shape.setStyle({weight: near ? width : 1});
  }
};
map.on("zoomend", thin);
thin();
L.control.scale({imperial: false}).addTo(map);
"""


def titles() -> dict[str, str]:
    """What each kind of shape is called, in the order in which they are drawn."""
    return {
        "there": _("bleibt, wie es ist"),
        "joined": _("ist ein Vorhandenes"),
        "new": _("neu"),
        "changed": _("geändert"),
        "loose": _("Ende, das fast anschließt"),
        "refused": _("abgelehnt"),
    }


def _key(counts: dict[str, int]) -> str:
    rows = []
    for what, title in titles().items():
        if counts.get(what):
            colour, dash, width = _STYLES[what]
            line = f'<line x1="2" y1="8" x2="46" y2="8" stroke="{colour}" stroke-width="{width}" stroke-dasharray="{dash}"/>'
            if what == "loose":
                line = f'<circle cx="24" cy="8" r="6" fill="none" stroke="{colour}" stroke-width="{width}"/>'
            rows.append(
                f'<li><svg width="48" height="16" aria-hidden="true">{line}</svg>{escape(title)} ({counts[what]})</li>'
            )
    return f'<ul class="key">{"".join(rows)}</ul>'


def with_map(report: Report, page: str) -> str:
    """The page of the report with the map behind its first table."""
    features: dict[str, list[tuple[Any, str]]] = defaultdict(list)
    for what, geometry, label in report.shapes:
        features[what].append((geometry, label))
    styles = {
        what: {"colour": _STYLES[what][0], "dash": _STYLES[what][1], "width": _STYLES[what][2], "title": title}
        for what, title in titles().items()
    }
    data = json.dumps({"styles": styles, "features": features}, ensure_ascii=False).replace("<", "\\u003c")
    counts = {what: len(found) for what, found in features.items()}
    body = (
        f'<h2>{escape(_("Karte"))}</h2><div id="map" role="region" aria-label="{escape(_("Karte"))}"></div>{_key(counts)}'
        f'<script type="application/json" id="shapes">{data}</script><script>{_SCRIPT}</script>'
    )
    page = page.replace("</head>", f"{leaflet_head()}<style>{_STYLE}</style></head>", 1)
    head, sign, rest = page.partition("</table>")
    return head + sign + body + rest
