"""The tables that a network may come in, with the names that other tools give them and their columns."""

from gisapp.fields import Field, Geometry, Text, Type
from gisapp.filesets import Role


def _field(name: str, de: str, en: str, type_: Type = Type.STRING) -> Field:
    return Field(name, type_, Text(de, en))


_ID = _field("id", "Kennung", "Id")
_NAME = _field("name", "Name", "Name")
_STATE = (_field("lifecycle", "Stand", "Lifecycle"), _field("remark", "Bemerkung", "Remark"))
_IDS = ("uuid", "id", "guid", "globalid", "objectid", "fid", "kennung", "handle", "entityhandle")
_COMMON = {
    "id": _IDS,
    "name": ("name", "bezeichnung", "label", "titel"),
    "lifecycle": ("lifecycle", "stand", "status", "zustand"),
    "remark": ("remark", "bemerkung", "notiz", "comment"),
}
_SPEC = ("spec", "typ", "type", "produkt", "product")

NODES = Role(
    "nodes", Text("Netzknoten", "Nodes"),
    (_ID, _NAME, _field("kind", "Art", "Kind"), _field("function", "Funktion", "Function"), *_STATE),
    names=("node", "knoten", "punkt", "standort", "site"),
    aliases=_COMMON | {"kind": ("kind", "nodetype", "art", "typ", "type", "knotentyp", "blockname"), "function": ("function", "funktion")},
    geometry=Geometry.POINT,
)  # fmt: skip
SEGMENTS = Role(
    "segments", Text("Trassen", "Segments"),
    (_ID, _NAME, _field("construction", "Verlegeart", "Construction"), _field("surface", "Oberfläche", "Surface"),
     _field("location", "Lage", "Location"), _field("depth_cm", "Tiefe", "Depth", Type.INTEGER),
     _field("depth_reference", "Tiefe gemessen bis", "Depth measured to"), _field("width_cm", "Breite", "Width", Type.INTEGER),
     _field("funding", "Fördermaßnahme", "Funding project"), *_STATE),
    names=("trench", "trasse", "segment", "graben", "graeben", "route", "line", "linie", "span"),
    aliases=_COMMON | {"name": ("name", "bezeichnung", "label", "idtrench", "trassennummer", "trassenname"),
                       "construction": ("construction", "verlegeart", "bauweise"), "surface": ("surface", "oberflaeche"),
                       "location": ("location", "lage"), "depth_cm": ("depthcm", "tiefecm", "tiefe"),
                       "width_cm": ("widthcm", "breitecm", "breite"), "funding": ("funding", "foerdermassnahme", "foerderung")},
    geometry=Geometry.LINE,
)  # fmt: skip
DUCTS = Role(
    "ducts", Text("Rohre", "Ducts"), (_ID, _NAME, _field("spec", "Rohrtyp", "Product"), *_STATE),
    names=("duct", "conduit", "rohr"), required=("spec",),
    aliases=_COMMON | {"spec": (*_SPEC, "conduittype", "ducttype", "rohrtyp", "rohrverband")},
)  # fmt: skip
LINKS = Role(
    "links", Text("Rohre in Trassen", "Ducts in segments"),
    (_field("duct", "Rohr", "Duct"), _field("segment", "Trasse", "Segment")),
    names=("ductintrench", "link", "verlauf", "trenchconduit", "rohrintrasse"), required=("duct", "segment"),
    aliases={"duct": ("uuidconduit", "conduit", "conduitid", "duct", "ductid", "uuidduct", "rohr", "rohrid"),
             "segment": ("uuidtrench", "trench", "trenchid", "segment", "segmentid", "trasse", "trassenid", "trasseid")},
)  # fmt: skip
CABLES = Role(
    "cables", Text("Kabel", "Cables"),
    (_ID, _NAME, _field("spec", "Kabeltyp", "Product"), _field("fibres", "Fasern", "Fibres", Type.INTEGER),
     _field("from_node", "von", "From"), _field("to_node", "nach", "To"), _field("duct", "Rohr", "Duct"),
     _field("tube", "Röhrchen", "Tube", Type.INTEGER), *_STATE),
    names=("cable", "kabel"), required=("from_node", "to_node"),
    aliases=_COMMON | {
        "spec": (*_SPEC, "cabletype", "kabeltyp"),
        "fibres": ("fibres", "fibrecount", "fibercount", "fasern", "faserzahl", "anzahlfasern"),
        "from_node": ("uuidnodestart", "nodestart", "startnode", "fromnode", "from", "von", "anfang", "startknoten", "knotenvon", "nodea"),
        "to_node": ("uuidnodeend", "nodeend", "endnode", "tonode", "to", "nach", "ende", "endknoten", "knotennach", "nodeb"),
        "duct": ("uuidconduit", "conduit", "duct", "ductid", "rohr", "rohrid", "uuidduct"),
        "tube": ("microductnumber", "tube", "tubenumber", "roehrchen", "roehrchennummer", "microduct")},
)  # fmt: skip
SPLICES = Role(
    "splices", Text("Spleiße", "Splices"),
    (_field("node", "Netzknoten", "Node"), _field("tray", "Kassette", "Tray", Type.INTEGER), _field("slot", "Platz", "Slot", Type.INTEGER),
     _field("cable_a", "Kabel A", "Cable A"), _field("fibre_a", "Faser A", "Fibre A", Type.INTEGER),
     _field("cable_b", "Kabel B", "Cable B"), _field("fibre_b", "Faser B", "Fibre B", Type.INTEGER),
     _field("loss_db", "Dämpfung", "Loss", Type.NUMBER), _field("remark", "Bemerkung", "Remark")),
    names=("splice", "spleiss", "splei"), required=("node", "cable_a", "fibre_a", "cable_b", "fibre_b"),
    aliases={"node": ("uuidnode", "node", "knoten", "muffe", "nodeid", "standort", "closure"),
             "tray": ("tray", "kassette", "kassettennummer"), "slot": ("slot", "portnumber", "platz", "position", "spleissplatz"),
             "cable_a": ("cablea", "kabela", "kabelvon", "kabel1", "cable1"), "fibre_a": ("fibrea", "fibera", "fasera", "faservon", "faser1", "fibre1"),
             "cable_b": ("cableb", "kabelb", "kabelnach", "kabel2", "cable2"), "fibre_b": ("fibreb", "fiberb", "faserb", "fasernach", "faser2", "fibre2"),
             "loss_db": ("lossdb", "loss", "daempfung", "daempfungdb"), "remark": ("remark", "bemerkung")},
)  # fmt: skip
ADDRESSES = Role(
    "addresses", Text("Adressen", "Addresses"),
    (_ID, _field("street", "Straße", "Street"), _field("number", "Hausnummer", "Number")),
    names=("address", "adress"), required=("street", "number"),
    aliases={"id": _IDS, "street": ("street", "strasse"), "number": ("housenumber", "hausnummer", "hnr")},
    geometry=Geometry.POINT, geometry_required=False,
    ignored=Text("Adressen haben ihre eigene Ebene (gisapp import addresses)", "Addresses have a layer of their own"),
)  # fmt: skip

ROLES = (NODES, SEGMENTS, DUCTS, LINKS, CABLES, SPLICES, ADDRESSES)
