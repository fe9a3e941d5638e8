"""The forms of the page of work orders. A step's form is made from the table of actions: what an action takes says which field.

What people write into a field becomes what the interface takes; whether there is such an object is said by the rehearsal.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gisapp.database import fetch_rows
from layers.fibre.actions import ACTIONS, Action, Argument, Takes
from layers.fibre.models import WorkOrder
from layers.fibre.values import KINDS, LIFECYCLE
from layers.regions.search import streets_and_addresses

MOST_METRES = 5_000
_PRODUCTS = {
    Takes.DUCT_SPEC: "fibre_ductspec", Takes.CABLE_SPEC: "fibre_cablespec", Takes.ENCLOSURE_SPEC: "fibre_enclosurespec",
    Takes.FITTING: "fibre_fittingspec",
}  # fmt: skip
_REF_HINTS = {
    Takes.TUBE: gettext_lazy("etwa RV-1:4"), Takes.PORT: gettext_lazy("etwa ODF-1/3"), Takes.JOINT: gettext_lazy("Schlüssel oder Ende, etwa K1:3"),
}  # fmt: skip
_PIECE = re.compile(r"(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?")


class DayField(forms.DateField):
    def __init__(self, **more: Any) -> None:
        super().__init__(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), required=False, **more)


class _NumbersField(forms.CharField):
    """ "1-4, 7" as [1, 2, 3, 4, 7]."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        found: list[int] = []
        for part in filter(None, (one.strip() for one in (super().to_python(value) or "").split(","))):
            match = _PIECE.fullmatch(part)
            if not match or int(match[2] or match[1]) < int(match[1]):
                raise ValidationError(_("„%(text)s“ ist keine Zahl und keine Reihe.") % {"text": part})
            found.extend(range(int(match[1]), int(match[2] or match[1]) + 1))
        return found


class _LinesField(forms.CharField):
    """One name a line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [one.strip() for one in (super().to_python(value) or "").splitlines() if one.strip()]


class _PointField(forms.CharField):
    """ "54.4321, 9.7012" (latitude, longitude) as a GeoJSON point."""

    def prepare_value(self, value: Any) -> Any:
        place = value.get("coordinates") if isinstance(value, dict) else None
        return f"{place[1]}, {place[0]}" if isinstance(place, list) and len(place) == 2 else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            lat, lon = (float(one) for one in re.split(r"\s*[,;]\s*|\s+", text.strip()))
        except ValueError:
            raise ValidationError(_("Breite und Länge in Grad, etwa 54.4321, 9.7012.")) from None
        if not (abs(lat) <= 85 and abs(lon) <= 180):
            raise ValidationError(_("Breite und Länge in Grad, etwa 54.4321, 9.7012."))
        return {"type": "Point", "coordinates": [lon, lat]}


class _AddressField(forms.CharField):
    """The key of an address, or its words: they mean one house or none."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text or text.isdecimal():
            return int(text) if text else None
        hits = [one for one in streets_and_addresses(text, None, 2) if one.layer == "addresses" and one.score >= 0.9]
        if not hits or (len(hits) > 1 and hits[1].score == hits[0].score):
            raise ValidationError(_("Diese Adresse gibt es nicht, oder es gibt sie mehrmals."))
        return int(hits[0].id)


class _YesNoField(forms.ChoiceField):
    def prepare_value(self, value: Any) -> Any:
        return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value

    def to_python(self, value: Any) -> Any:
        return {"yes": True, "no": False}.get(super().to_python(value))


def _choices(pairs: Iterable[tuple[str, Any]], required: bool) -> list[tuple[str, Any]]:
    return [("", "–"), *pairs] if not required else list(pairs)


def _products(table: str) -> list[tuple[str, str]]:
    rows = fetch_rows(f"SELECT key, name FROM {table} ORDER BY name, key", ())  # noqa: S608 - a table of our own
    return [(key, name if name == key else f"{name} ({key})") for key, name in rows]


def field_of(one: Argument) -> forms.Field:
    """The field for what an argument takes."""
    more: dict[str, Any] = {"label": str(one.text), "required": one.required}
    takes = one.takes
    if takes in _PRODUCTS:
        return forms.ChoiceField(choices=_choices(_products(_PRODUCTS[takes]), one.required), **more)
    if takes is Takes.KIND:
        return forms.ChoiceField(choices=[(kind, str(KINDS[kind])) for kind in one.choices], **more)
    if takes is Takes.LIFECYCLE:
        return forms.ChoiceField(choices=[(state, str(text)) for state, text in LIFECYCLE.items()], **more)
    if takes is Takes.LEAD:
        return forms.ChoiceField(choices=_choices((("a", _("a (Anfang)")), ("b", _("b (Ende)"))), one.required), **more)
    if takes is Takes.YES_NO:
        return _YesNoField(choices=_choices((("yes", _("ja")), ("no", _("nein"))), one.required), **more)
    if takes is Takes.NUMBER:
        return forms.IntegerField(min_value=1, max_value=32_767, **more)
    if takes is Takes.METRES:
        return forms.FloatField(min_value=0.1, max_value=MOST_METRES, **more)
    if takes is Takes.NODES:
        return _LinesField(widget=forms.Textarea(attrs={"rows": 3}), help_text=_("ein Name je Zeile"), **more)
    made: Mapping[Takes, tuple[Callable[..., forms.Field], Any]] = {
        Takes.NUMBERS: (_NumbersField, _("etwa 1-4, 7")),
        Takes.POINT: (_PointField, _("Breite, Länge")),
        Takes.ADDRESS: (_AddressField, _("Straße, Hausnummer und Ort, oder der Schlüssel")),
    }
    kind, hint = made.get(takes, (forms.CharField, _REF_HINTS.get(takes, "")))
    if takes is Takes.POINT:
        more["widget"] = forms.TextInput(attrs={"data-map-point": ""})
    return kind(max_length=2_000 if takes is Takes.NUMBERS else 200, help_text=hint, **more)


class StepForm(forms.Form):
    """What is done (`action`), to what (its arguments), and a remark. The network is the order's own."""

    def __init__(self, order: WorkOrder, action: Action, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order, self.action = order, action
        for one in action.arguments:
            if one.takes is not Takes.NETWORK:
                self.fields[one.name] = field_of(one)
        self.fields["remark"] = forms.CharField(
            label=_("Bemerkung"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 2})
        )
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"

    def step(self) -> dict[str, Any]:
        """As the interface takes it; what was left empty is not sent."""
        sent = {
            one.name: self.order.network.key if one.takes is Takes.NETWORK else self.cleaned_data[one.name]
            for one in self.action.arguments
        }
        arguments = {name: value for name, value in sent.items() if value not in (None, "", [])}
        return {"action": self.action.name, "arguments": arguments, "remark": self.cleaned_data["remark"]}


def actions() -> list[tuple[str, str]]:
    """What can be a step, in the order of the table."""
    return [(one.name, str(one.title)) for one in ACTIONS.values() if not one.asks]


class NewForm(forms.Form):
    """A new draft: in which network, what it is called."""

    network = forms.ChoiceField(label=gettext_lazy("Netz"))
    name = forms.CharField(
        label=gettext_lazy("Nummer"), max_length=100, help_text=gettext_lazy("in diesem Netz noch nicht vergeben")
    )
    title = forms.CharField(label=gettext_lazy("Bezeichnung"), max_length=300, required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Art"), choices=WorkOrder.Kind.choices)

    def __init__(self, networks: Iterable[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["network"].choices = [(one.key, one.name) for one in networks]  # type: ignore[attr-defined]


class HeadForm(forms.Form):
    """What a draft is about, for whom, when and where."""

    title = forms.CharField(label=gettext_lazy("Bezeichnung"), max_length=300, required=False)
    kind = forms.ChoiceField(label=gettext_lazy("Art"), choices=WorkOrder.Kind.choices)
    contractor = forms.EmailField(
        label=gettext_lazy("Auftragnehmer (E-Mail-Adresse)"), required=False,
        help_text=gettext_lazy("ein Konto; braucht einen letzten Tag und ein Gebiet"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    begins_on = DayField(label=gettext_lazy("ab"))
    ends_on = DayField(label=gettext_lazy("bis einschließlich"))
    around = _LinesField(
        label=gettext_lazy("Gebiet: um diese Netzknoten, Trassen, Rohre oder Kabel"), required=False,
        widget=forms.Textarea(attrs={"rows": 2}), help_text=gettext_lazy("ein Name je Zeile; ersetzt das Gebiet"),
    )  # fmt: skip
    metres = forms.FloatField(
        label=gettext_lazy("mit so vielen Metern Abstand"),
        min_value=1,
        max_value=MOST_METRES,
        initial=50,
        required=False,
    )
    area = forms.CharField(
        label=gettext_lazy("Gebiet als GeoJSON"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    remark = forms.CharField(
        label=gettext_lazy("Bemerkung"), required=False, max_length=5_000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def clean_area(self) -> Any:
        text = self.cleaned_data["area"].strip()
        try:
            return json.loads(text) if text else None
        except ValueError:
            raise ValidationError(_("Das ist kein GeoJSON.")) from None

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if found.get("contractor") and not found.get("ends_on"):
            self.add_error("ends_on", _("Auftragnehmer brauchen einen letzten Tag."))
        if found.get("contractor") and not (found.get("area") or found.get("around")):
            self.add_error("around", _("Auftragnehmer brauchen ein Gebiet."))
        return found
