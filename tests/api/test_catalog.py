"""The catalogue: DCAT-AP.de in three forms, by the rules that are known, and ISO 19139 for each layer."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pyshacl
import pytest
import rdflib
from django.test import Client, override_settings
from rdflib.namespace import DCAT, DCTERMS, RDF

from gisapp import layer as contract
from gisapp.layer import KEEPERS, App
from tests import factories
from tests.api.test_contract import declare

pytestmark = pytest.mark.django_db
SHAPES = Path(__file__).with_name("catalog_shapes.ttl")
CONTRIBUTOR = "http://dcat-ap.de/def/contributors/beispiel"
FORMS = {
    "ttl": ("turtle", "text/turtle"),
    "jsonld": ("json-ld", "application/ld+json"),
    "rdf": ("xml", "application/rdf+xml"),
}


def graph(client: Client, form: str = "ttl") -> rdflib.Graph:
    response = client.get(f"/catalog.{form}")
    assert response.status_code == 200
    assert response["Content-Type"].startswith(FORMS[form][1])
    return rdflib.Graph().parse(data=response.content, format=FORMS[form][0])


def test_01_it_keeps_the_rules(client: Client) -> None:
    factories.place("Haby")
    factories.note(factories.organisation("b"), audience="public")
    with override_settings(CATALOG_CONTRIBUTOR=CONTRIBUTOR):
        found = graph(client)
    shapes = rdflib.Graph().parse(SHAPES, format="turtle")
    fits, _graph, told = pyshacl.validate(found, shacl_graph=shapes)
    assert fits, told
    # The rules bite: without what DCAT-AP.de demands of an operator the same graph fails.
    fits, _graph, told = pyshacl.validate(graph(client), shacl_graph=shapes)
    assert not fits and "contributorID" in told


def test_02_a_dataset_for_each_public_layer(client: Client) -> None:
    contract.register(App(name="throw-away", layers=[declare(see=KEEPERS, same_for_everyone=False)]))
    try:
        for user in (None, factories.staff()):
            if user:
                client.force_login(user)
            found = graph(client)
            names = {str(one).rpartition("#")[2] for one in found.subjects(RDF.type, DCAT.Dataset)}
            assert names == {one.name for one in contract.visible_layers()}
    finally:
        contract.unregister("throw-away")
    places = rdflib.URIRef("http://testserver/catalog#places")
    titles = {(one.language, str(one)) for one in found.objects(places, DCTERMS.title)}
    assert titles == {("de", "Orte"), ("en", "Places")}
    distributions = list(found.objects(places, DCAT.distribution))
    assert len(distributions) == len(contract.get("places").exports) + 2
    assert {str(one) for d in distributions for one in found.objects(d, DCTERMS.license)} == {
        "http://dcat-ap.de/def/licenses/odbl"
    }


def test_03_every_address_in_it_answers(client: Client) -> None:
    factories.place("Haby")
    found = graph(client)
    places = rdflib.URIRef("http://testserver/catalog#places")
    addresses = {str(one) for d in found.objects(places, DCAT.distribution) for one in found.objects(d, DCAT.accessURL)}
    addresses |= {str(one) for one in found.objects(places, DCAT.landingPage)}
    assert len(addresses) == 10
    for one in addresses:
        response = client.get(one)
        b"".join(response)
        assert response.status_code == 200, one


def test_04_the_forms_say_the_same(client: Client) -> None:
    factories.place("Haby")
    sizes = {form: len(graph(client, form)) for form in FORMS}
    assert len(set(sizes.values())) == 1
    for form, (_name, kind) in FORMS.items():
        response = client.get("/catalog", headers={"Accept": kind})
        assert response["Content-Type"].startswith(kind), form
        assert "Accept" in response["Vary"]
    assert client.get("/catalog")["Content-Type"].startswith("text/turtle")
    assert client.get("/catalog", headers={"Accept": "text/html"}).status_code == 200
    assert client.get("/catalog", headers={"Accept": "image/png"}).status_code == 406
    assert client.get("/catalog.xml").status_code == 404
    assert client.get("/catalog.ttl?x=1").json()["code"] == "unknown-parameter"


def test_05_dates_and_box_follow_the_data(client: Client) -> None:
    places = rdflib.URIRef("http://testserver/catalog#places")
    assert graph(client).value(places, DCTERMS.modified) is None
    place = factories.place("Haby")
    place.refresh_from_db()
    found = graph(client)
    assert str(found.value(places, DCTERMS.modified))[:19] == place.updated_at.isoformat()[:19]
    assert found.value(places, DCTERMS.issued) is not None
    assert str(found.value(found.value(places, DCTERMS.spatial), DCAT.bbox)).startswith("POLYGON((9.")


# The order of the schema gmd/metadataEntity.xsd and gmd/identification.xsd (ISO 19139), and what must be there.
METADATA = (
    "fileIdentifier", "language", "characterSet", "hierarchyLevel", "contact", "dateStamp", "metadataStandardName",
    "metadataStandardVersion", "referenceSystemInfo", "identificationInfo", "distributionInfo", "dataQualityInfo",
)  # fmt: skip
IDENTIFICATION = (
    "citation", "abstract", "pointOfContact", "descriptiveKeywords", "resourceConstraints", "spatialRepresentationType",
    "language", "characterSet", "topicCategory", "extent",
)  # fmt: skip
GMD = "{http://www.isotc211.org/2005/gmd}"


@pytest.mark.parametrize("name", ["places", "municipalities", "notes"])
def test_06_metadata_of_each_layer(client: Client, name: str) -> None:
    factories.place("Haby")
    response = client.get(f"/ogc/collections/{name}/metadata")
    assert (response.status_code, response["Content-Type"]) == (200, "application/xml")
    root = ET.fromstring(response.content)
    assert root.tag == f"{GMD}MD_Metadata"
    assert [one.tag.removeprefix(GMD) for one in root] == list(METADATA)
    identification = root.find(f".//{GMD}MD_DataIdentification")
    assert identification is not None
    assert [one.tag.removeprefix(GMD) for one in identification] == list(IDENTIFICATION)
    title = root.findtext(f".//{GMD}citation//{GMD}title/*")
    assert title == contract.get(name).title.de
    box = [float(one.findtext("*") or "") for one in root.find(f".//{GMD}EX_GeographicBoundingBox") or ()]
    assert box[0] < box[1] and box[2] < box[3]
    for one in root.iter():  # no code without its list, nothing empty that is not said to be
        if one.tag.endswith("Code") and "Topic" not in one.tag:
            assert one.get("codeList") and one.get("codeListValue"), one.tag
        assert len(one) or (one.text or "").strip() or "nilReason" in str(one.attrib), one.tag
    links = {
        one["type"]
        for one in client.get(f"/ogc/collections/{name}?f=json").json()["links"]
        if one["rel"] == "describedby"
    }
    assert "application/xml" in links


def test_07_no_metadata_of_what_is_not_public(client: Client) -> None:
    contract.register(App(name="throw-away", layers=[declare(see=KEEPERS, same_for_everyone=False)]))
    try:
        client.force_login(factories.staff())
        assert client.get("/ogc/collections/benches/metadata").status_code == 404
        assert b"benches" not in client.get("/catalog.ttl").content
    finally:
        contract.unregister("throw-away")
