"""The network's layers, as the contract wants them: nodes, segments, ducts, cables, enclosures."""

from typing import Any

from gisapp.layer import Field, Geometry, Layer, Text, Type
from layers.fibre import details, queries, styles, values
from layers.fibre.access import CHANGES, SEES

_NAME = Field("name", Type.STRING, Text("Name", "Name"), tile=True, search=True, filter=True)
_LIFECYCLE = Field("lifecycle", Type.STRING, Text("Stand", "State"), tile=True, filter=True, values=values.LIFECYCLE)
_BELONGS = (
    Field(
        "network", Type.STRING, Text("Netz", "Network"), source="network__key", reference=True, tile=True, filter=True
    ),
    # Whose it is decides about its colour, where the map is coloured by owner.
    Field(
        "organisation",
        Type.STRING,
        Text("Organisation", "Organisation"),
        source="organisation__key",
        tile=True,
        filter=True,
    ),
    Field("owner", Type.STRING, Text("Eigentum", "Owner"), source="owner__key", reference=True, tile=True, filter=True),
)
_SURVEY = (
    Field("survey_method", Type.STRING, Text("Vermessung", "Survey"), values=values.SURVEY),
    Field("survey_accuracy_cm", Type.INTEGER, Text("Genauigkeit", "Accuracy"), unit="cm"),
    Field("surveyed_on", Type.DATE, Text("vermessen am", "surveyed on")),
    Field("surveyed_by", Type.STRING, Text("vermessen durch", "surveyed by")),
    Field("remark", Type.STRING, Text("Bemerkung", "Remark")),
)

_OURS: dict[str, Any] = {
    "group": Text("Glasfasernetz", "Fibre network"), "attribution": "© die jeweilige Netzeigentümerin", "label": "name",
    "same_for_everyone": False, "owner": "organisation", "owner_from": "network", "see": SEES, "within": SEES, "edit": CHANGES,
    "search_column": "name_norm",
}  # fmt: skip

SEGMENT = Layer(
    **_OURS,
    name="fibre_segment",
    title=Text("Trassen", "Route segments"),
    description=Text(
        "Gräben und Freileitungen des Glasfasernetzes, von Netzknoten zu Netzknoten. Wer ohne Netzknoten zeichnet, bekommt Abzweige.",
        "Trenches and aerial lines of the fibre network, from node to node. Whoever draws without nodes gets branches.",
    ),
    model="fibre.Segment",
    geometry=Geometry.PATH,
    fields=(
        _NAME,
        _LIFECYCLE,
        *_BELONGS,
        Field("length_m", Type.NUMBER, Text("Länge", "Length"), unit="m", filter=True),
        Field("construction", Type.STRING, Text("Verlegeart", "Construction"), filter=True, values=values.CONSTRUCTION),
        Field("surface", Type.STRING, Text("Oberfläche", "Surface"), filter=True, values=values.SURFACE),
        Field("location", Type.STRING, Text("Lage im Straßenraum", "Place in the road")),
        Field("depth_cm", Type.INTEGER, Text("Tiefe", "Depth"), unit="cm"),
        Field(
            "depth_reference",
            Type.STRING,
            Text("Tiefe gemessen bis", "Depth measured to"),
            values=values.DEPTH_REFERENCE,
        ),
        Field("width_cm", Type.INTEGER, Text("Breite", "Width"), unit="cm"),
        Field("duct_limit", Type.INTEGER, Text("Rohre höchstens", "Most ducts"), filter=True),
        Field("co_laid_with", Type.STRING, Text("mitverlegt mit", "co-laid with")),
        Field("funding", Type.STRING, Text("Fördermaßnahme", "Funding project"), filter=True),
        Field("from_node", Type.STRING, Text("von Netzknoten", "from node")),
        Field("to_node", Type.STRING, Text("nach Netzknoten", "to node")),
        *_SURVEY,
    ),
    classes="lifecycle",
    list_columns=("name", "lifecycle", "length_m", "network"),
    style=styles.SEGMENTS,
    detail_template="fibre/segment.html",
    details=details.of_segment,
    visible_to=queries.segments,
    guests="shared_with",
    min_zoom=12,
    order=112,
)
DUCT = Layer(
    **_OURS,
    name="fibre_duct",
    title=Text("Rohre", "Ducts"),
    description=Text(
        "Rohre und Rohrverbände auf ihrem Weg durch die Trassen.",
        "Ducts and bundles on their way through the route segments.",
    ),
    model="fibre.Duct",
    geometry=Geometry.PATH,
    drawn=False,
    fields=(
        _NAME,
        _LIFECYCLE,
        Field(
            "spec", Type.STRING, Text("Rohrtyp", "Product"), source="spec__key", reference=True, tile=True, filter=True
        ),
        *_BELONGS,
        *_SURVEY,
    ),
    classes="lifecycle",
    list_columns=("name", "spec", "lifecycle", "network"),
    style=styles.DUCTS,
    detail_template="fibre/duct.html",
    details=details.of_duct,
    visible_to=queries.ducts,
    min_zoom=15,
    order=114,
)
NODE = Layer(
    **_OURS,
    name="fibre_node",
    title=Text("Netzknoten", "Network nodes"),
    description=Text(
        "PoP, Verteiler, Schächte, Gebäude und Abzweige des Glasfasernetzes. Ein Netzknoten auf einer Trasse teilt sie.",
        "PoPs, cabinets, manholes, buildings and branches of the fibre network. A node on a segment splits it.",
    ),
    model="fibre.Node",
    geometry=Geometry.POINT,
    fields=(
        _NAME,
        Field("kind", Type.STRING, Text("Art", "Kind"), tile=True, filter=True, values=values.NODE_KINDS),
        _LIFECYCLE,
        *_BELONGS,
        Field("function", Type.STRING, Text("Funktion", "Function"), filter=True),
        Field("municipality", Type.STRING, Text("Gemeinde", "Municipality"), source="municipality__name", filter=True),
        Field("height_m", Type.NUMBER, Text("Höhe", "Height"), unit="m"),
        *_SURVEY,
    ),
    classes="kind",
    list_columns=("name", "kind", "lifecycle", "municipality"),
    style=styles.NODES,
    detail_template="fibre/node.html",
    details=details.of_node,
    visible_to=queries.nodes,
    search_weight=1.1,
    min_zoom=12,
    order=118,
)  # fmt: skip
CABLE = Layer(
    **_OURS,
    name="fibre_cable",
    title=Text("Kabel", "Cables"),
    description=Text(
        "Kabel auf ihrem Weg durch Rohre und Trassen; was nicht verlegt ist, hat keine Linie.",
        "Cables on their way through ducts and route segments; what is not placed has no line.",
    ),
    model="fibre.Cable",
    geometry=Geometry.PATH,
    drawn=False,
    place="place",
    fields=(
        _NAME,
        _LIFECYCLE,
        Field(
            "spec", Type.STRING, Text("Kabeltyp", "Product"), source="spec__key", reference=True, tile=True, filter=True
        ),
        *_BELONGS,
        Field("from_node", Type.STRING, Text("von Netzknoten", "from node")),
        Field("to_node", Type.STRING, Text("nach Netzknoten", "to node")),
        *_SURVEY,
    ),
    classes="lifecycle",
    list_columns=("name", "spec", "lifecycle", "network"),
    style=styles.CABLES,
    detail_template="fibre/cable.html",
    details=details.of_cable,
    visible_to=queries.cables,
    min_zoom=15,
    order=116,
)
ENCLOSURE = Layer(
    **_OURS,
    name="fibre_enclosure",
    title=Text("Gehäuse", "Enclosures"),
    description=Text(
        "Muffen, ODF, HÜP und andere Gehäuse, an ihrem Netzknoten.",
        "Closures, frames, building boxes and other enclosures, at their node.",
    ),
    model="fibre.Enclosure",
    geometry=Geometry.POINT,
    drawn=False,
    fields=(
        _NAME,
        Field(
            "kind",
            Type.STRING,
            Text("Art", "Kind"),
            source="spec__kind",
            tile=True,
            filter=True,
            values=values.ENCLOSURE_KINDS,
        ),
        _LIFECYCLE,
        Field("spec", Type.STRING, Text("Gehäusetyp", "Product"), source="spec__key", reference=True, filter=True),
        *_BELONGS,
        Field("node", Type.STRING, Text("Netzknoten", "Node")),
        *_SURVEY,
    ),
    classes="kind",
    list_columns=("name", "kind", "spec", "lifecycle"),
    style=styles.ENCLOSURES,
    detail_template="fibre/enclosure.html",
    details=details.of_enclosure,
    visible_to=queries.enclosures,
    min_zoom=14,
    order=120,
)
LAYERS = (SEGMENT, DUCT, CABLE, NODE, ENCLOSURE)
