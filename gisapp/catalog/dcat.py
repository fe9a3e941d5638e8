"""DCAT-AP.de: a catalogue of the public layers as a graph.

The code lists are named as DCAT-AP.de 2.0 and the EU's publications office name them. They are written down from
knowledge of these and were not compared with the lists themselves: unverified.
"""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, RDF, XSD

from gisapp.catalog.facts import catalogue_title, dates, public_layers, publisher_name
from gisapp.exports.formats import FORMATS
from gisapp.extent import bounds
from gisapp.features.crs import SUPPORTED
from gisapp.features.tilesets import MVT
from gisapp.layer import Layer, Text

DCATDE = Namespace("http://dcat-ap.de/def/dcatde/")
LOCN = Namespace("http://www.w3.org/ns/locn#")
WKT = URIRef("http://www.opengis.net/ont/geosparql#wktLiteral")
_FILE_TYPES = "http://publications.europa.eu/resource/authority/file-type/"
_LANGUAGES = "http://publications.europa.eu/resource/authority/language/"
_IANA = "https://www.iana.org/assignments/media-types/"
# unverified: names of the EU's list of file types; FlatGeobuf has none.
_TYPES = {"gpkg": "GPKG", "shp": "SHP", "geojson": "GEOJSON", "csv": "CSV", "kml": "KML", "dxf": "DXF"}


def _texts(graph: Graph, subject: Any, predicate: Any, text: Text) -> None:
    graph.add((subject, predicate, Literal(text.de, lang="de")))
    graph.add((subject, predicate, Literal(text.en, lang="en")))


def _publisher(graph: Graph, base: str) -> URIRef:
    found = URIRef(f"{base}/catalog#publisher")
    graph.add((found, RDF.type, FOAF.Organization))
    graph.add((found, FOAF.name, Literal(publisher_name())))
    graph.add((found, FOAF.homepage, URIRef(f"{base}/")))
    return found


def _spatial(graph: Graph, dataset: URIRef, layer: Layer) -> None:
    """The bounding box (CRS84, as GeoSPARQL has it where no system is named) and the system of what is stored."""
    box = bounds(layer, AnonymousUser())
    if box is not None:
        west, south, east, north = box
        ring = f"{west} {south},{east} {south},{east} {north},{west} {north},{west} {south}"
        place = URIRef(f"{dataset}-box")
        shape = Literal(f"POLYGON(({ring}))", datatype=WKT)
        graph.add((place, RDF.type, DCTERMS.Location))
        graph.add((place, DCAT.bbox, shape))
        graph.add((place, LOCN.geometry, shape))
        graph.add((dataset, DCTERMS.spatial, place))
    system = URIRef(next(uri for uri, one in SUPPORTED.items() if one.srid == 25832))
    graph.add((system, RDF.type, DCTERMS.Standard))
    graph.add((dataset, DCTERMS.conformsTo, system))


def _ways(layer: Layer, base: str) -> Iterator[tuple[str, Text, str, str, str, str]]:
    """(name, title, access address, download address, media type, file type) of everything that the layer can be had as."""
    for name in layer.exports:
        form = FORMATS[name]
        address = f"{base}/api/download/{layer.name}?format={name}"
        title = Text(f"{layer.title.de} als {name.upper()}", f"{layer.title.en} as {name.upper()}")
        yield name, title, address, address, form.content_type.partition(";")[0], _TYPES.get(name, "")
    address = f"{base}/ogc/collections/{layer.name}"
    yield "ogc", Text("OGC API Features", "OGC API Features"), address, "", "application/geo+json", "GEOJSON"
    tiles = f"{base}/tiles/{layer.name}.json"
    yield "tiles", Text("Vektorkacheln (TileJSON)", "vector tiles (TileJSON)"), tiles, "", MVT, ""


def _distributions(graph: Graph, dataset: URIRef, layer: Layer, base: str) -> None:
    for name, title, access, download, kind, file_type in _ways(layer, base):
        found = URIRef(f"{dataset}-{name}")
        graph.add((dataset, DCAT.distribution, found))
        graph.add((found, RDF.type, DCAT.Distribution))
        _texts(graph, found, DCTERMS.title, title)
        graph.add((found, DCAT.accessURL, URIRef(access)))
        if download:
            graph.add((found, DCAT.downloadURL, URIRef(download)))
        graph.add((found, DCAT.mediaType, URIRef(_IANA + kind)))
        if file_type:
            graph.add((found, DCTERMS["format"], URIRef(_FILE_TYPES + file_type)))
        if layer.licence:
            graph.add((found, DCTERMS.license, URIRef(layer.licence)))
        graph.add((found, DCATDE.licenseAttributionByText, Literal(layer.attribution)))


def _dataset(graph: Graph, layer: Layer, base: str, publisher: URIRef) -> URIRef:
    found = URIRef(f"{base}/catalog#{layer.name}")
    graph.add((found, RDF.type, DCAT.Dataset))
    _texts(graph, found, DCTERMS.title, layer.title)
    _texts(graph, found, DCTERMS.description, layer.description)
    graph.add((found, DCTERMS.identifier, Literal(str(found))))
    graph.add((found, DCTERMS.publisher, publisher))
    graph.add((found, DCAT.landingPage, URIRef(f"{base}/ogc/collections/{layer.name}?f=html")))
    _texts(graph, found, DCAT.keyword, layer.group)
    if settings.CATALOG_CONTRIBUTOR:
        graph.add((found, DCATDE.contributorID, URIRef(settings.CATALOG_CONTRIBUTOR)))
    when = dates(layer)
    if when.issued:
        graph.add((found, DCTERMS.issued, Literal(when.issued.isoformat(), datatype=XSD.date)))
    if when.modified:
        graph.add((found, DCTERMS.modified, Literal(when.modified.isoformat(), datatype=XSD.dateTime)))
    _spatial(graph, found, layer)
    _distributions(graph, found, layer, base)
    return found


def catalogue(base: str) -> Graph:
    """The graph; `base` is the site's address without a slash at the end."""
    graph = Graph(bind_namespaces="none")
    for prefix, space in (("dcat", DCAT), ("dct", DCTERMS), ("foaf", FOAF), ("dcatde", DCATDE), ("locn", LOCN)):
        graph.bind(prefix, space)
    found = URIRef(f"{base}/catalog")
    publisher = _publisher(graph, base)
    graph.add((found, RDF.type, DCAT.Catalog))
    _texts(graph, found, DCTERMS.title, catalogue_title())
    about = Text("Öffentliche Ebenen der Karte", "Public layers of the map")
    _texts(graph, found, DCTERMS.description, about)
    graph.add((found, DCTERMS.publisher, publisher))
    graph.add((found, FOAF.homepage, URIRef(f"{base}/")))
    for code in ("DEU", "ENG"):
        graph.add((found, DCTERMS.language, URIRef(_LANGUAGES + code)))
    for layer in public_layers():
        graph.add((found, DCAT.dataset, _dataset(graph, layer, base, publisher)))
    return graph
