"""ISO 19115 metadata of a layer in the XML of ISO 19139, the elements in the order of its schema."""

import datetime
from typing import Any
from xml.etree import ElementTree as ET

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from gisapp.catalog.facts import dates, publisher_name
from gisapp.extent import EVERYTHING, bounds
from gisapp.layer import Layer

GMD, GCO, GMX = (f"http://www.isotc211.org/2005/{name}" for name in ("gmd", "gco", "gmx"))
XLINK = "http://www.w3.org/1999/xlink"
_CODES = "http://standards.iso.org/iso/19139/resources/gmxCodelists.xml"
_LIST = "http://www.loc.gov/standards/iso639-2/"


def _in(parent: ET.Element, *names: str) -> ET.Element:
    """Elements of gmd inside each other; the innermost."""
    for name in names:
        parent = ET.SubElement(parent, f"{{{GMD}}}{name}")
    return parent


def _text(parent: ET.Element, name: str, value: Any, kind: str = "CharacterString") -> None:
    ET.SubElement(_in(parent, name), f"{{{GCO}}}{kind}").text = str(value)


def _code(parent: ET.Element, name: str, kind: str, value: str) -> None:
    code_list = _LIST if kind == "LanguageCode" else f"{_CODES}#{kind}"
    found = ET.SubElement(_in(parent, name), f"{{{GMD}}}{kind}", codeList=code_list, codeListValue=value)
    found.text = value


def _party(parent: ET.Element, name: str, base: str) -> None:
    """Who is responsible: the publisher, by name and address on the web."""
    party = _in(parent, name, "CI_ResponsibleParty")
    _text(party, "organisationName", publisher_name())
    _linkage(_in(party, "contactInfo", "CI_Contact", "onlineResource", "CI_OnlineResource"), f"{base}/")
    _code(party, "role", "CI_RoleCode", "publisher")


def _linkage(parent: ET.Element, address: str) -> None:
    _in(parent, "linkage", "URL").text = address


def _date(parent: ET.Element, day: datetime.date, kind: str) -> None:
    found = _in(parent, "date", "CI_Date")
    ET.SubElement(_in(found, "date"), f"{{{GCO}}}Date").text = day.isoformat()
    _code(found, "dateType", "CI_DateTypeCode", kind)


def _identification(parent: ET.Element, layer: Layer, base: str) -> None:
    found = _in(parent, "identificationInfo", "MD_DataIdentification")
    citation = _in(found, "citation", "CI_Citation")
    _text(citation, "title", layer.title.de)
    _text(citation, "alternateTitle", layer.title.en)
    when = dates(layer)
    if when.issued:
        _date(citation, when.issued, "creation")
    _date(citation, timezone.localdate(when.modified) if when.modified else timezone.localdate(), "revision")
    _text(_in(citation, "identifier", "MD_Identifier"), "code", f"{base}/catalog#{layer.name}")
    _text(found, "abstract", f"{layer.description.de} ({layer.description.en})")
    _party(found, "pointOfContact", base)
    _text(_in(found, "descriptiveKeywords", "MD_Keywords"), "keyword", layer.group.de)
    constraints = _in(found, "resourceConstraints", "MD_LegalConstraints")
    _code(constraints, "useConstraints", "MD_RestrictionCode", "otherRestrictions")
    for one in filter(None, (layer.licence, layer.attribution)):
        _text(constraints, "otherConstraints", one)
    _code(found, "spatialRepresentationType", "MD_SpatialRepresentationTypeCode", "vector")
    _code(found, "language", "LanguageCode", "ger")
    _code(found, "characterSet", "MD_CharacterSetCode", "utf8")
    _in(found, "topicCategory", "MD_TopicCategoryCode").text = "planningCadastre"
    box = _in(found, "extent", "EX_Extent", "geographicElement", "EX_GeographicBoundingBox")
    west, south, east, north = bounds(layer, AnonymousUser()) or EVERYTHING
    sides = {
        "westBoundLongitude": west,
        "eastBoundLongitude": east,
        "southBoundLatitude": south,
        "northBoundLatitude": north,
    }
    for name, value in sides.items():
        _text(box, name, value, "Decimal")


def _distribution(parent: ET.Element, layer: Layer, base: str) -> None:
    found = _in(parent, "distributionInfo", "MD_Distribution")
    for name in layer.exports:
        form = _in(found, "distributionFormat", "MD_Format")
        _text(form, "name", name.upper())
        ET.SubElement(form, f"{{{GMD}}}version", {f"{{{GCO}}}nilReason": "unknown"})
    options = _in(found, "transferOptions", "MD_DigitalTransferOptions")
    addresses = [f"{base}/ogc/collections/{layer.name}", f"{base}/tiles/{layer.name}.json"]
    addresses += [f"{base}/api/download/{layer.name}?format={name}" for name in layer.exports]
    for address in addresses:
        _linkage(_in(options, "onLine", "CI_OnlineResource"), address)


def metadata(layer: Layer, base: str) -> bytes:
    """The document; `base` is the site's address without a slash at the end."""
    for prefix, space in (("gmd", GMD), ("gco", GCO), ("xlink", XLINK)):
        ET.register_namespace(prefix, space)
    root = ET.Element(f"{{{GMD}}}MD_Metadata")
    _text(root, "fileIdentifier", f"{base}/ogc/collections/{layer.name}/metadata")
    _code(root, "language", "LanguageCode", "ger")
    _code(root, "characterSet", "MD_CharacterSetCode", "utf8")
    _code(root, "hierarchyLevel", "MD_ScopeCode", "dataset")
    _party(root, "contact", base)
    modified = dates(layer).modified
    _text(root, "dateStamp", timezone.localdate(modified) if modified else timezone.localdate(), "Date")
    _text(root, "metadataStandardName", "ISO 19115")
    _text(root, "metadataStandardVersion", "2003/Cor.1:2006")
    system = _in(root, "referenceSystemInfo", "MD_ReferenceSystem", "referenceSystemIdentifier", "RS_Identifier")
    _text(system, "code", "http://www.opengis.net/def/crs/EPSG/0/25832")
    _identification(root, layer, base)
    _distribution(root, layer, base)
    quality = _in(root, "dataQualityInfo", "DQ_DataQuality")
    _code(_in(quality, "scope", "DQ_Scope"), "level", "MD_ScopeCode", "dataset")
    _text(_in(quality, "lineage", "LI_Lineage"), "statement", layer.attribution)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
