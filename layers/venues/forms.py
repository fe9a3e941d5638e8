"""The forms: search, booking, and what staff answer."""

import datetime
import uuid
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from layers.venues import localtime
from layers.venues.contacts import Contact
from layers.venues.localtime import Span
from layers.venues.models import Conditions, Equipment, Extra, Space
from layers.venues.models.prices import Group
from layers.venues.services import Wish

TIME = {"type": "time", "step": "300"}


def _english() -> bool:
    return (get_language() or "de").startswith("en")


def _date(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more)


def _time(label: Any, **more: Any) -> forms.TimeField:
    return forms.TimeField(label=label, widget=forms.TimeInput(attrs=TIME, format="%H:%M"), **more)


def _people() -> forms.IntegerField:
    return forms.IntegerField(label=_("Personen"), validators=[MinValueValidator(1), MaxValueValidator(100_000)])


class SearchForm(forms.Form):
    """Free on this day, from when to when, for how many, with what, near where."""

    date = _date(_("Tag"))
    begins = _time(_("von"))
    ends = _time(_("bis"))
    people = _people()
    equipment = forms.MultipleChoiceField(label=_("mit"), required=False, widget=forms.CheckboxSelectMultiple)
    near = forms.CharField(label=_("in der Nähe von"), required=False, max_length=100)
    km = forms.IntegerField(
        label=_("Umkreis in km"), required=False, validators=[MinValueValidator(1), MaxValueValidator(200)]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Equipment.objects.order_by("ordinal", "key")
        self.fields["equipment"].choices = [(one.key, one.name_en if _english() else one.name) for one in rows]  # type: ignore[attr-defined]

    def span(self) -> Span:
        """Raises BadInput for a time that no clock shows, or shows twice."""
        given = self.cleaned_data
        return localtime.span(given["date"], given["begins"], given["ends"], summer=True)


class WhenForm(forms.Form):
    """What is booked, and when: enough for a price."""

    date = _date(_("Tag"))
    begins = _time(_("von"))
    ends = _time(_("bis"))
    last = _date(_("letzter Tag (wenn es ein anderer ist)"), required=False)
    clock = forms.ChoiceField(
        label=_("Uhr in der Nacht der Umstellung"), required=False,
        choices=[("", _("nicht nötig")), ("summer", _("Sommerzeit")), ("winter", _("Winterzeit"))],
    )  # fmt: skip
    people = _people()
    group = forms.ChoiceField(label=_("Wer bucht"), choices=Group.choices)

    def __init__(self, space: Space, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.space = space
        # Asked for where it matters alone: on the night on which an hour comes twice.
        if not self._needs_clock():
            del self.fields["clock"]
        for one in space.extras.order_by("name"):
            self.fields[f"extra_{one.pk}"] = self._extra(one)

    def _needs_clock(self) -> bool:
        day, last = (str(self.data.get(self.add_prefix(name)) or "") for name in ("date", "last"))
        return any(one[5:7] == "10" and one[8:].isdecimal() and int(one[8:]) >= 24 for one in (day, last))

    def _extra(self, one: Extra) -> forms.IntegerField:
        name = (one.name_en or one.name) if _english() else one.name
        widget = forms.NumberInput(attrs={"min": 0, "max": one.most})
        return forms.IntegerField(
            label=name, required=False, widget=widget, validators=[MinValueValidator(0), MaxValueValidator(one.most)]
        )

    def span(self) -> Span:
        """Raises BadInput for a time that no clock shows, or shows twice."""
        given = self.cleaned_data
        summer = {"summer": True, "winter": False}.get(given.get("clock", ""))
        return localtime.span(given["date"], given["begins"], given["ends"], given.get("last"), summer=summer)

    def extras(self) -> dict[int, int]:
        named = {
            name.removeprefix("extra_"): count for name, count in self.cleaned_data.items() if name.startswith("extra_")
        }
        return {int(key): count for key, count in named.items() if count}


class BookForm(WhenForm):
    """A booking: when, who, and the conditions accepted. `version` is the one that was shown."""

    name = forms.CharField(label=_("Ihr Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    club = forms.CharField(
        label=_("Verein oder Firma (wenn Sie dafür buchen)"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    email = forms.EmailField(
        label=_("E-Mail-Adresse"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    phone = forms.CharField(
        label=_("Telefon (freiwillig)"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel"}),
    )
    purpose = forms.CharField(label=_("Anlass"), max_length=200, required=False)
    remark = forms.CharField(
        label=_("Bemerkung"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    accept = forms.BooleanField(label=_("Ich nehme die Nutzungsbedingungen an."))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    key = forms.UUIDField(widget=forms.HiddenInput)
    # Nobody sees it; programs that fill in everything fill it in.
    homepage = forms.CharField(label=_("Bitte leer lassen"), required=False,
                               widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))  # fmt: skip

    def __init__(
        self, space: Space, conditions: Conditions | None, *args: Any, desk: bool = False, **kwargs: Any
    ) -> None:
        kwargs["initial"] = {
            "key": uuid.uuid4(),
            "version": conditions.pk if conditions else None,
            **(kwargs.get("initial") or {}),
        }
        super().__init__(space, *args, **kwargs)
        self.desk = desk
        if desk:
            self.fields["email"].required = False
            self.fields["email"].help_text = _("Ohne Adresse schreiben wir nicht; sagen Sie selbst Bescheid.")
            self.fields["exempt"] = forms.BooleanField(label=_("auch außerhalb der Zeiten und Grenzen"), required=False)
            self.fields["until"] = _date(_("wiederholen bis (leer: einmal)"), required=False)
            self.fields["weeks"] = forms.ChoiceField(
                label=_("wie oft"), required=False,
                choices=[("1", _("jede Woche")), ("2", _("alle zwei Wochen")), ("4", _("alle vier Wochen"))],
            )  # fmt: skip
            self.fields["without"] = forms.BooleanField(label=_("Feiertage auslassen"), required=False)
            self.fields["leave_out"] = forms.BooleanField(label=_("was nicht frei ist, auslassen"), required=False)
        if conditions is None:
            del self.fields["accept"]

    def clean_homepage(self) -> str:
        if self.cleaned_data["homepage"]:
            raise forms.ValidationError(_("Dieses Feld bleibt leer."))
        return ""

    def wish(self) -> Wish:
        """Raises BadInput for a time that no clock shows, or shows twice."""
        given = self.cleaned_data
        language = (get_language() or "de")[:2]
        contact = Contact(
            given["name"], given["email"], given["club"], given["phone"], given["purpose"], given["remark"], language
        )
        return Wish(
            self.space,
            self.span(),
            contact,
            given["people"],
            given["group"],
            self.extras(),
            given["version"],
            f"web:{given['key']}",
        )


class AnswerForm(forms.Form):
    """What staff write to the booker."""

    answer = forms.CharField(
        label=_("Antwort an die buchende Person"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def month_of(value: str, today: datetime.date) -> datetime.date:
    """ "2026-12" as its first day; the present month for anything else, and for what is further away than ten years."""
    year, _dash, number = value.partition("-")
    if (
        year.isdecimal()
        and number.isdecimal()
        and len(year) == 4
        and 1 <= int(number) <= 12
        and abs(int(year) - today.year) <= 10
    ):
        return datetime.date(int(year), int(number), 1)
    return today.replace(day=1)
