"""What the files call a product, and which product of the catalogue that is; what the catalogue lacks is added as given."""

import math
import re
from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from layers.fibre.catalogue import usual_attenuations
from layers.fibre.intake.context import Job
from layers.fibre.models import CableAttenuation, CableSpec, DuctSpec, DuctSpecTube, EnclosureSpec

_BUNDLE = re.compile(r"(\d{1,3})\s*[x×*]\s*(\d+(?:[.,]\d+)?)\s*[/x×]\s*(\d+(?:[.,]\d+)?)")
_PIPE = re.compile(r"(?<![x×*\d])(?:DN\s*)?(\d+(?:[.,]\d+)?)\s*[/x×]\s*(\d+(?:[.,]\d+)?)", re.IGNORECASE)
_FIBRES = re.compile(r"(\d{1,3})\s*[x×*]\s*(\d{1,3})")


def folded(text: str) -> str:
    """A product's name without case and spaces: "24 x 7/4" and "24X7/4" are one."""
    return re.sub(r"\s+", "", text).casefold()


def _by_name(model: type[DuctSpec] | type[CableSpec]) -> dict[str, str]:
    found = {folded(name): key for key, name in model.objects.values_list("key", "name")}
    return found | {folded(key): key for key in model.objects.values_list("key", flat=True)}


def _said(job: Job, text: str, key: str, told: str) -> None:
    job.outcome.notes.append(
        _("Produkt %(text)s: neu im Katalog als %(key)s (%(told)s)") % {"text": text, "key": key, "told": told}
    )


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def _pipe(job: Job, outer: Decimal, inner: Decimal) -> str | None:
    """The single pipe of these diameters (the larger first); None where they are none."""
    if not Decimal(0) < inner < outer <= 500:
        return None
    found = DuctSpec.objects.filter(outer_mm=outer, inner_mm=inner, tubes=None).order_by("key").first()
    if found is None:
        key = f"{outer.normalize():f}/{inner.normalize():f}"
        found, made = DuctSpec.objects.get_or_create(
            key=key, defaults={"name": f"Einzelrohr {key}", "outer_mm": outer, "inner_mm": inner}
        )
        if made:
            _said(job, key, key, _("Einzelrohr"))
    return str(found.key)


def _new_duct(job: Job, text: str) -> str | None:
    """A product for a text that names its tubes ("24x7/4") or diameters ("50/40")."""
    bundle = _BUNDLE.search(text)
    if bundle:
        count, outer, inner = int(bundle[1]), _number(bundle[2]), _number(bundle[3])
        pipe = _pipe(job, outer, inner) if 0 < count <= 200 else None
        if pipe is None:
            return None
        # So many round pipes fill about three quarters of the circle around them.
        around = (outer * Decimal(math.sqrt(count / 0.75))).quantize(Decimal(1))
        made = DuctSpec.objects.create(key=text[:80], name=text[:200], outer_mm=max(around, outer + 1))
        DuctSpecTube.objects.bulk_create(
            DuctSpecTube(spec=made, position=one, pipe_id=pipe) for one in range(1, count + 1)
        )
        _said(
            job,
            text,
            str(made.key),
            _("%(count)s Röhrchen %(pipe)s, Außendurchmesser geschätzt") % {"count": count, "pipe": pipe},
        )
        return str(made.key)
    single = _PIPE.search(text)
    return _pipe(job, _number(single[1]), _number(single[2])) if single else None


def ducts(job: Job, texts: list[str]) -> dict[str, str | None]:
    """Each text -> the key of the product, None where it cannot be understood."""
    known, given = _by_name(DuctSpec), job.staged.mapped.get("products", {})
    found: dict[str, str | None] = {}
    for text in texts:
        wanted = given.get(text, text)
        found[text] = known.get(folded(wanted)) or _new_duct(job, wanted)
    return found


def _cable_parts(text: str, fibres: int | None) -> tuple[int, int] | None:
    """(bundles, fibres in each), by the text ("LTMC144(12x12)") where it agrees with the number of fibres."""
    for bundles, each in _FIBRES.findall(text):
        if 0 < int(bundles) <= 100 and 0 < int(each) <= 500 and fibres in (None, int(bundles) * int(each)):
            return int(bundles), int(each)
    if fibres is None:
        plain = re.search(r"(?<!\d)(\d{1,4})\s*(?:f\b|fasern|fibres?|fibers?)", text, re.IGNORECASE)
        fibres = int(plain[1]) if plain else None
    if not fibres or fibres > 6000:
        return None
    each = next((one for one in (12, 24) if fibres % one == 0 and 1 < fibres // one <= 100), 0)
    return (fibres // each, each) if each else (1, fibres) if fibres <= 500 else None


def cables(job: Job, texts: list[tuple[str, int | None]]) -> dict[tuple[str, int | None], str | None]:
    """Each (text, fibres) -> the key of the product, None where nobody knows how many fibres it has."""
    known, given = _by_name(CableSpec), job.staged.mapped.get("products", {})
    sizes: Mapping[str, int] = {
        key: b * f for key, b, f in CableSpec.objects.values_list("key", "bundles", "per_bundle")
    }
    found: dict[tuple[str, int | None], str | None] = {}
    for text, fibres in texts:
        wanted = given.get(text, text) or (f"{fibres} Fasern" if fibres else "")
        key = known.get(folded(wanted))
        if key is None or (fibres is not None and sizes.get(key, fibres) != fibres):
            key = _new_cable(job, wanted, fibres, taken=key is not None)
        found[(text, fibres)] = key
        if key is not None:
            known[folded(wanted)] = key
    return found


def _new_cable(job: Job, text: str, fibres: int | None, taken: bool) -> str | None:
    parts = _cable_parts(text, fibres)
    if parts is None or not text:
        return None
    key = f"{text[:70]} ({parts[0]}x{parts[1]})" if taken else text[:80]
    made, new = CableSpec.objects.get_or_create(
        key=key, defaults={"name": key, "bundles": parts[0], "per_bundle": parts[1]}
    )
    if new:
        CableAttenuation.objects.bulk_create(CableAttenuation(spec=made, **one) for one in usual_attenuations())
        told = _("%(bundles)s Bündeladern zu %(each)s Fasern, Durchmesser und Farben unbekannt") % {
            "bundles": parts[0],
            "each": parts[1],
        }
        _said(job, text, key, told)
    return key


def enclosure(job: Job, kind: str, trays: int, places: int, known: list[tuple[str, str, int, int]]) -> str:
    """The smallest product that has so many trays of so many places; one is added where none has. `kind` is the node's."""
    wanted = "odf" if kind in ("pop", "exchange") else "closure"
    fitting = [one for one in known if one[1] == wanted and one[2] >= trays and one[3] >= places]
    likely = [one for one in fitting if one[0].startswith("nvt") == (kind == "cabinet")] or fitting
    if likely:
        return min(likely, key=lambda one: (one[2] * one[3], one[0]))[0]
    trays, places = max(trays, 1), max(places, 1)
    key = f"{wanted}-{trays}x{places}"
    name = f"{'ODF' if wanted == 'odf' else 'Muffe'}, {trays} Kassetten zu {places}"
    EnclosureSpec.objects.get_or_create(
        key=key, defaults={"name": name, "kind": wanted, "trays": trays, "tray_capacity": places}
    )
    known.append((key, wanted, trays, places))
    _said(job, name, key, _("kein Gehäuse im Katalog ist groß genug"))
    return key
