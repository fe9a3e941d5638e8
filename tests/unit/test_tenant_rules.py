"""Hosts, titles, languages, services: what a tenant's settings may be."""

import pytest

from gisapp.errors import BadInput
from gisapp.layer import Text
from gisapp.tenants import rules
from gisapp.tenants.current import Site, Visit, current, languages, site_address, site_name, visiting


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("karte.amt.example", "karte.amt.example"),
        (" Karte.AMT.example. ", "karte.amt.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("localhost", "localhost"),
        ("10.1.2.3", "10.1.2.3"),
    ],
)
def test_01_hosts(given: str, found: str) -> None:
    assert rules.host(given) == found
    assert rules.hosts([given, found]) == [found]


@pytest.mark.parametrize(
    "wrong",
    ["", "*", "*.amt.example", ".amt.example", "https://amt.example", "amt.example:8000", "amt.example/karte", "a b",
     "-amt.example", "amt-.example", "amt..example", "1.2.3", "999.1.1.1", "a" * 64 + ".example", "a." * 130 + "de",
     "amt_x.example", "amt\nx.example", "[::1]", "ü" * 70 + ".de"],
)  # fmt: skip
def test_02_what_is_no_host(wrong: str) -> None:
    with pytest.raises(BadInput) as refused:
        rules.host(wrong)
    assert refused.value.code == "tenant-bad-host"


def test_03_titles_languages_services_keys() -> None:
    assert rules.title("  Amt   X ", "title_de") == "Amt X"
    assert rules.languages(["en", "de", "en"]) == ["en", "de"]
    assert rules.services(None) is None
    assert rules.services(["regions", "pois", "pois"]) == ["pois", "regions"]
    for rule, wrong in (
        (lambda text: rules.title(text, "x"), "\u202eAmt"), (lambda text: rules.title(text, "x"), " "),
        (lambda text: rules.title(text, "x"), "a" * 81), (lambda text: rules.languages([text]), "fr"),
        (lambda _text: rules.languages([]), ""), (lambda text: rules.services([text]), "nix"), (rules.key, "Amt X"),
        (rules.key, "-x"),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            rule(wrong)


def test_04_the_base_map_is_no_service() -> None:
    with pytest.raises(BadInput) as refused:
        rules.services(["roads"])
    assert "pois" in str(refused.value.values["possible"])


def test_05_a_site_holds_for_its_block_alone(settings: object) -> None:
    site = Site(1, "x", Text("Amt X", "District X"), "Amt X", ("x.example",), ("en",))
    assert (current(), site_name("sonst"), site_address()) == (None, "sonst", "")
    with visiting(Visit(site, "https://x.example")):
        assert (current(), site_name("sonst"), site_address()) == (site, "Amt X", "https://x.example")
        assert languages() == [("en", "English")]
        with visiting(None):
            assert current() is None
    assert current() is None
    settings.PUBLIC_URL = "https://x.example"  # type: ignore[attr-defined]
    with visiting(Visit(site, "http://x.example")):
        assert site_address() == "https://x.example"
    with visiting(Visit(site, "http://y.example")):
        assert site_address() == "http://y.example"
