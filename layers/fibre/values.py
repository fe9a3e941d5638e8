"""The stored codes of the network in words, for details, lists and filters."""

from gisapp.layer import Text

LIFECYCLE = {
    "planned": Text("geplant", "planned"),
    "approved": Text("genehmigt", "approved"),
    "under_construction": Text("im Bau", "under construction"),
    "in_service": Text("in Betrieb", "in service"),
    "out_of_service": Text("außer Betrieb", "out of service"),
    "decommissioned": Text("stillgelegt", "decommissioned"),
    "removed": Text("ausgebaut", "removed"),
}
SURVEY = {
    "gnss": Text("GNSS", "GNSS"),
    "tachymeter": Text("Tachymeter", "total station"),
    "tape": Text("Bandmaß", "tape measure"),
    "digitised": Text("vom Plan abgegriffen", "digitised from a plan"),
    "estimated": Text("geschätzt", "estimated"),
    "unknown": Text("unbekannt", "unknown"),
}
NODE_KINDS = {
    "pop": Text("PoP", "PoP"),
    "exchange": Text("Hauptverteiler (HVt)", "main distribution frame (HVt)"),
    "cabinet": Text("Verteiler (NVt, KVz, MFG)", "street cabinet (NVt, KVz, MFG)"),
    "manhole": Text("Schacht", "manhole"),
    "handhole": Text("Handloch", "handhole"),
    "branch": Text("Abzweig", "branch"),
    "building": Text("Gebäude (APL, HÜP)", "building (APL, HÜP)"),
    "pole": Text("Mast", "pole"),
    "end": Text("Ende", "end"),
}
CONSTRUCTION = {
    "open_trench": Text("offener Graben", "open trench"),
    "plough": Text("Pflugverfahren", "ploughed"),
    "trenching": Text("Fräsverfahren", "trenching"),
    "drilling": Text("Spülbohrung", "directional drilling"),
    "rocket": Text("Erdrakete", "impact moling"),
    "existing": Text("vorhandenes Leerrohr", "existing duct"),
    "aerial": Text("oberirdisch", "aerial"),
    "indoor": Text("im Gebäude", "indoor"),
    "unknown": Text("unbekannt", "unknown"),
}
SURFACE = {
    "sealed": Text("befestigt", "sealed"),
    "unsealed": Text("unbefestigt", "unsealed"),
    "unknown": Text("unbekannt", "unknown"),
}
DEPTH_REFERENCE = {"cover": Text("Überdeckung", "cover"), "bottom": Text("Grabensohle", "bottom of the trench")}
ENCLOSURE_KINDS = {
    "closure": Text("Muffe", "closure"),
    "odf": Text("ODF", "ODF"),
    "huep": Text("HÜP", "building entry box (HÜP)"),
    "outlet": Text("Gf-TA", "outlet (Gf-TA)"),
    "splitter_box": Text("Splittergehäuse", "splitter box"),
    "copper_frame": Text("Kupferverteiler", "copper frame"),
}
KINDS = {
    "node": Text("Netzknoten", "node"),
    "segment": Text("Trasse", "segment"),
    "duct": Text("Rohr", "duct"),
    "cable": Text("Kabel", "cable"),
    "enclosure": Text("Gehäuse", "enclosure"),
    "device": Text("Gerät", "device"),
    "splitter": Text("Splitter", "splitter"),
    "premises": Text("Anschlussobjekt", "premises"),
    "circuit": Text("Schaltung", "circuit"),
}
