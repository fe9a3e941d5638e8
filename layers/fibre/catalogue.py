"""The catalogue that is shipped: files beside this module, put into the tables without touching what an operator changed.

Diameters of bundles and cables are about those of common products, attenuations and losses the usual ones for planning
(unverified); LR_Art and verb_art stand where the German fact sheet has them.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data"


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {key: value or None for key, value in row.items()}


def usual_attenuations() -> list[dict[str, Any]]:
    """What a kilometre of usual glass takes, by wavelength."""
    return list(_rows("attenuations"))


def load(models: Any) -> None:
    """Add what is missing; `models(name)` gives the model (of the migration, or of the running program)."""
    for row in _rows("colours"):
        models("Colour").objects.get_or_create(key=row.pop("key"), defaults=row)
    for row in _rows("schemes"):
        models("ColourScheme").objects.get_or_create(
            key=row["key"], defaults={"name": row["name"], "verified": row["verified"] == "yes"}
        )
    for row in _rows("scheme_colours"):
        models("SchemeColour").objects.get_or_create(
            scheme_id=row["scheme"], position=int(row["position"]),
            defaults={"colour_id": row["colour"], "second_id": row["second"], "marked": row["marked"] == "yes"},
        )  # fmt: skip
    for row in _rows("ducts"):
        tubes, pipe, key = int(row.pop("tubes") or 0), row.pop("pipe"), row.pop("key")
        row["scheme_id"] = row.pop("scheme")
        made, new = models("DuctSpec").objects.get_or_create(key=key, defaults=row)
        if new:
            models("DuctSpecTube").objects.bulk_create(
                models("DuctSpecTube")(spec=made, position=position, pipe_id=pipe) for position in range(1, tubes + 1)
            )
    for row in _rows("fittings"):
        models("FittingSpec").objects.get_or_create(key=row.pop("key"), defaults=row)
    attenuations = usual_attenuations()
    for row in _rows("cables"):
        row["scheme_id"], row["bundle_scheme_id"] = row.pop("scheme"), row.pop("bundle_scheme")
        row["fibre_type"] = row["fibre_type"] or ""
        made, new = models("CableSpec").objects.get_or_create(key=row.pop("key"), defaults=row)
        if new and row["medium"] == "fibre":
            models("CableAttenuation").objects.bulk_create(
                models("CableAttenuation")(spec=made, **one) for one in attenuations
            )
    for name, model in (("enclosures", "EnclosureSpec"), ("splitters", "SplitterSpec")):
        for row in _rows(name):
            models(model).objects.get_or_create(
                key=row.pop("key"), defaults={key: "" if value is None else value for key, value in row.items()}
            )
    for row in _rows("losses"):
        models("UsualLoss").objects.get_or_create(kind=row["kind"], defaults={"loss_db": row["loss_db"]})


def load_optics(models: Any) -> None:
    """Add the optics classes that are missing, with their budgets."""
    fresh = set()
    for row in _rows("optics"):
        key = row.pop("key")
        made, new = models("OpticsClass").objects.get_or_create(
            key=key, defaults={one: row[one] for one in ("name", "technology")}
        )
        fresh |= {key} if new else set()
        if key in fresh:
            budget = {one: row[one] for one in ("wavelength_nm", "direction", "max_loss_db", "min_loss_db")}
            models("OpticsBudget").objects.create(optics=made, verified=row["verified"] == "yes", **budget)
