"""The catalogue as the questions need it, kept in memory: colours by position and attenuation by wavelength."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from gisapp.database import fetch_rows
from gisapp.registry.kept import Kept
from layers.fibre.optics import Budget, Optics


@dataclass(frozen=True)
class Shade:
    """A colour as it is shown: swatch (one or two colours, perhaps with a ring or stripe) and word."""

    hex: str
    word_de: str
    word_en: str
    second_hex: str = ""
    second_de: str = ""
    second_en: str = ""
    marked: bool = False

    def word(self, language: str) -> str:
        """In words: "rot", "rot/gelb", "rot mit Ring"."""
        english = language.startswith("en")
        words = [self.word_en, self.second_en] if english else [self.word_de, self.second_de]
        ring = (" with ring" if english else " mit Ring") if self.marked else ""
        return "/".join(one for one in words if one) + ring


@dataclass(frozen=True)
class CableProduct:
    """A cable's product: fibres per bundle, the shades of both, decibels a kilometre by wavelength (nm)."""

    name: str
    medium: str
    per_bundle: int
    fibres: Mapping[int, Shade]
    bundles: Mapping[int, Shade]
    attenuation: Mapping[int, float]

    def place(self, number: int) -> tuple[int, int]:
        """(bundle, position in it) of a fibre, both from 1."""
        return (number - 1) // self.per_bundle + 1, (number - 1) % self.per_bundle + 1


@dataclass(frozen=True)
class Products:
    """All that is kept."""

    cables: Mapping[str, CableProduct] = field(default_factory=dict)
    schemes: Mapping[str, Mapping[int, Shade]] = field(default_factory=dict)
    optics: Mapping[str, Optics] = field(default_factory=dict)
    # In nanometres, ascending: of which some cable's attenuation is known.
    wavelengths: tuple[int, ...] = ()


_SHADES = """
SELECT s.scheme_id, s.position, c.hex, c.name_de, c.name_en, coalesce(d.hex, ''), coalesce(d.name_de, ''), coalesce(d.name_en, ''), s.marked
  FROM fibre_schemecolour s JOIN fibre_colour c ON c.key = s.colour_id LEFT JOIN fibre_colour d ON d.key = s.second_id
"""
TABLES = (
    "fibre_cablespec",
    "fibre_cableattenuation",
    "fibre_colour",
    "fibre_schemecolour",
    "fibre_opticsclass",
    "fibre_opticsbudget",
)


def _optics() -> dict[str, Optics]:
    budgets: dict[str, dict[int, Budget]] = defaultdict(dict)
    for optics, wavelength, direction, most, least, verified in fetch_rows(
        "SELECT optics_id, wavelength_nm, direction, max_loss_db, min_loss_db, verified FROM fibre_opticsbudget", ()
    ):
        budgets[optics][wavelength] = Budget(direction, float(most), None if least is None else float(least), verified)
    rows = fetch_rows("SELECT key, name FROM fibre_opticsclass", ())
    return {key: Optics(key, name, budgets[key]) for key, name in rows}


def _load() -> Products:
    schemes: dict[str, dict[int, Shade]] = defaultdict(dict)
    for scheme, position, *shade in fetch_rows(_SHADES, ()):
        schemes[scheme][position] = Shade(*shade)
    attenuation: dict[str, dict[int, float]] = defaultdict(dict)
    for spec, wavelength, loss in fetch_rows(
        "SELECT spec_id, wavelength_nm, db_per_km FROM fibre_cableattenuation", ()
    ):
        attenuation[spec][wavelength] = float(loss)
    cables = {
        key: CableProduct(
            name, medium, per, schemes.get(scheme or "", {}), schemes.get(bundles or "", {}), attenuation[key]
        )
        for key, name, medium, per, scheme, bundles in fetch_rows(
            "SELECT key, name, medium, per_bundle, scheme_id, bundle_scheme_id FROM fibre_cablespec",
            (),
        )
    }
    return Products(
        cables, dict(schemes), _optics(), tuple(sorted({one for every in attenuation.values() for one in every}))
    )


_kept: Kept[Products] = Kept(TABLES, _load, Products())


def products() -> Products:
    """The catalogue as of a moment ago."""
    return _kept.get()
