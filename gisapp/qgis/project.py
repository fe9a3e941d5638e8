"""The project file: every public layer from its view, with titles, styles, aliases, and what WMS and WFS may show.

It names a service of pg_service.conf and no password; whoever opens it needs that service. The format is QGIS 3.22's,
which later versions read.
"""

import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.gis.db.models import Extent

from gisapp import errors
from gisapp.geolibs import STORAGE_SRID
from gisapp.layer import Geometry, Layer
from gisapp.qgis import public, styling
from gisapp.qgis.expressions import scale_of

VERSION = "3.22.16-Białowieża"
SYSTEMS = (STORAGE_SRID, 3857, 4326, 4258)
LARGEST_IMAGE = 4096
Box = tuple[float, float, float, float]
_WKB = {
    Geometry.POINT: "Point", Geometry.LINE: "MultiLineString", Geometry.PATH: "LineString", Geometry.POLYGON: "MultiPolygon",
}  # fmt: skip
_SHAPES = {Geometry.POINT: "Point", Geometry.LINE: "Line", Geometry.PATH: "Line", Geometry.POLYGON: "Polygon"}
# Schleswig-Holstein in EPSG:25832, for an installation without a single feature.
_EVERYTHING: Box = (420_000, 5_900_000, 650_000, 6_110_000)


def _text(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    made = SubElement(parent, name, attributes)
    made.text = text
    return made


def identity(layer: Layer) -> str:
    """The layer's id in the project: the same in every project that is written."""
    return f"krit_gis_{layer.name}"


def extent_of(layer: Layer) -> Box | None:
    """West, south, east, north of what visitors see, in metres of EPSG:25832."""
    found: Box | None = layer.features(AnonymousUser()).order_by().aggregate(box=Extent(layer.geometry_column))["box"]
    return found


def _box(parent: Element, name: str, box: Box) -> None:
    made = SubElement(parent, name)
    for side, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True):
        _text(made, side, f"{value:.3f}")


def _system(parent: Element, srid: int = STORAGE_SRID) -> None:
    made = SubElement(parent, "spatialrefsys", {"nativeFormat": "Wkt"})
    # QGIS heeds the authority's number only beside a number of its own; which one makes no difference.
    _text(made, "srsid", "2105")
    _text(made, "authid", f"EPSG:{srid}")
    _text(made, "srid", str(srid))


def source(layer: Layer, service: str) -> str:
    """Where QGIS finds the view."""
    kind = f" type={_WKB[layer.geometry]}" if layer.geometry in _WKB else ""
    return (
        f"service='{service}' key='{public.KEY}' estimatedmetadata=false srid={STORAGE_SRID}{kind} "
        f'checkPrimaryKeyUnicity=\'0\' table="{public.SCHEMA}"."{layer.name}" ({public.SHAPE})'
    )


def _map_layer(parent: Element, layer: Layer, service: str, box: Box | None) -> None:
    made = SubElement(parent, "maplayer", {
        "type": "vector", "geometry": _SHAPES.get(layer.geometry, "Point"), "readOnly": "1", "autoRefreshEnabled": "0",
        "hasScaleBasedVisibilityFlag": "1" if layer.min_zoom else "0",
        "minScale": f"{scale_of(layer.min_zoom - 0.5):.0f}" if layer.min_zoom else "0", "maxScale": "0",
        "labelsEnabled": "0",
    })  # fmt: skip
    if box:
        _box(made, "extent", box)
    _text(made, "id", identity(layer))
    _text(made, "datasource", source(layer, service))
    _text(made, "shortname", layer.name)
    _text(made, "title", str(layer.title))
    _text(made, "abstract", str(layer.description))
    _text(made, "attribution", layer.attribution)
    _text(made, "layername", str(layer.title))
    _system(SubElement(made, "srs"))
    _text(made, "provider", "postgres", encoding="UTF-8")
    # Searchable, and not to be removed by accident; the rest is the view's.
    flags = SubElement(made, "flags")
    for name in ("Identifiable", "Searchable"):
        _text(flags, name, "1")
    styling.renderer(made, layer)
    if styling.labels(made, layer):
        made.set("labelsEnabled", "1")
    _attributes(made, layer)


def _attributes(made: Element, layer: Layer) -> None:
    """What the fields are called for people. The view has the public ones alone."""
    titles = {one.name: one for one in layer.public_fields}
    aliases = SubElement(made, "aliases")
    names = [one for one in public.columns(layer) if one != public.SHAPE]
    for number, name in enumerate(names):
        known = titles.get(name)
        unit = f" ({known.unit})" if known and known.unit else ""
        SubElement(aliases, "alias", {
            "field": name, "index": str(number), "name": f"{known.title}{unit}" if known else "",
        })  # fmt: skip
    if layer.label in names:
        _text(made, "previewExpression", f'"{layer.label}"')


def _tree(parent: Element, layers: Sequence[Layer], service: str) -> None:
    """Groups as on the map; the layers of the base map below."""
    top = SubElement(parent, "layer-tree-group")
    groups: dict[str, Element] = {}
    for one in reversed(drawing_order(layers)):
        name = str(one.group)
        if name not in groups:
            groups[name] = SubElement(
                top, "layer-tree-group", {"name": name, "checked": "Qt::Checked", "expanded": "1"}
            )
        shown = one.base_map or one.switched_on
        SubElement(groups[name], "layer-tree-layer", {
            "id": identity(one), "name": str(one.title), "source": source(one, service), "providerKey": "postgres",
            "checked": "Qt::Checked" if shown else "Qt::Unchecked", "expanded": "0",
        })  # fmt: skip
    order = SubElement(top, "custom-order", {"enabled": "1"})
    for one in reversed(drawing_order(layers)):
        _text(order, "item", identity(one))


def drawing_order(layers: Sequence[Layer]) -> list[Layer]:
    """The lowest first: the base map, areas before lines before points, then as declared."""
    kinds = {Geometry.POLYGON: 0, Geometry.LINE: 1, Geometry.PATH: 1}
    return sorted(layers, key=lambda one: (not one.base_map, kinds.get(one.geometry, 2), one.order))


def _listed(parent: Element, name: str, values: Sequence[str]) -> None:
    made = SubElement(parent, name, {"type": "QStringList"})
    for one in values:
        _text(made, "value", one)


def _services(parent: Element, layers: Sequence[Layer], title: str, whole: Box) -> None:
    """What QGIS Server tells and gives: WMS of all, WFS of all to read, nothing to write."""
    made = SubElement(parent, "properties")
    # Without it QGIS takes no notice of the project's system.
    _text(SubElement(made, "SpatialRefSys"), "ProjectionsEnabled", "1", type="int")
    for name in ("WMSServiceCapabilities", "WFSTestLayerCapability"):
        _text(made, name, "true", type="bool")
    address = f"{settings.PUBLIC_URL}/qgis/" if settings.PUBLIC_URL else ""
    words = {
        "WMSServiceTitle": title, "WMSContactOrganization": settings.CATALOG_PUBLISHER or title,
        "WMSServiceAbstract": ", ".join(dict.fromkeys(one.attribution for one in layers if one.attribution)),
        "WMSOnlineResource": settings.PUBLIC_URL, "WMSUrl": address, "WFSUrl": address,
        "WMSFees": "conditions unknown", "WMSAccessConstraints": "None", "WMSRootName": "krit_gis",
    }  # fmt: skip
    for name, text in words.items():
        if text:
            _text(made, name, text, type="QString")
    _listed(made, "WMSCrsList", [f"EPSG:{one}" for one in SYSTEMS])
    _listed(made, "WMSExtent", [f"{one:.0f}" for one in whole])
    for name in ("WMSMaxWidth", "WMSMaxHeight"):
        _text(made, name, str(LARGEST_IMAGE), type="int")
    # A layer's short name is what a client asks for, not an id that nobody can read.
    _text(made, "WMSUseLayerIDs", "false", type="bool")
    _text(made, "WMSAddWktGeometry", "false", type="bool")
    _listed(made, "WFSLayers", [identity(one) for one in layers])
    precision = SubElement(made, "WFSLayersPrecision")
    for one in layers:
        _text(precision, identity(one), "3", type="int")
    transactional = SubElement(made, "WFSTLayers")
    for name in ("Insert", "Update", "Delete"):
        _listed(transactional, name, [])


def render(layers: Sequence[Layer], service: str, title: str) -> bytes:
    """The project as XML."""
    boxes = {one.name: extent_of(one) for one in layers}
    known = [box for box in boxes.values() if box]
    whole = _EVERYTHING
    if known:
        west, south, east, north = zip(*known, strict=True)
        whole = (min(west), min(south), max(east), max(north))
    root = Element("qgis", {"version": VERSION, "projectname": title})
    _text(root, "homePath", path="")
    _text(root, "title", title)
    _system(SubElement(root, "projectCrs"))
    _tree(root, layers, service)
    canvas = SubElement(root, "mapcanvas", {"name": "theMapCanvas", "annotationsVisible": "1"})
    _text(canvas, "units", "meters")
    _box(canvas, "extent", whole)
    _system(SubElement(canvas, "destinationsrs"))
    inner = SubElement(root, "projectlayers")
    for one in layers:
        _map_layer(inner, one, service, boxes[one.name])
    order = SubElement(root, "layerorder")
    for one in drawing_order(layers):
        SubElement(order, "layer", {"id": identity(one)})
    _services(root, layers, title, whole)
    indent(root)
    head = b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return head + tostring(root, encoding="utf-8", xml_declaration=False) + b"\n"


def write(path: Path, service: str) -> list[Layer]:
    """Make the views up to date and write the project (.qgs, or .qgz); an existing file is replaced by a whole new one.

    Raises GisError("not-set-up") without the role for the public, BadInput for another ending of the file.
    """
    if path.suffix not in (".qgs", ".qgz"):
        raise errors.BadInput("unknown-format", value=path.suffix, possible="qgs, qgz")
    if not public.apply():
        remedy = f"CREATE ROLE {public.ROLE} LOGIN PASSWORD '…'; gisapp setup"
        raise errors.GisError("not-set-up", what=public.ROLE, remedy=remedy)
    layers = public.layers()
    body = render(layers, service, settings.SITE_NAME)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".gisapp-qgis-") as name:
        done = Path(name) / path.name
        if path.suffix == ".qgs":
            done.write_bytes(body)
        else:
            with zipfile.ZipFile(done, "w", zipfile.ZIP_DEFLATED) as packed:
                packed.writestr(f"{path.stem}.qgs", body)
        done.chmod(0o644 & ~_umask())
        done.replace(path)
    return layers


def _umask() -> int:
    found = os.umask(0o022)
    os.umask(found)
    return found
