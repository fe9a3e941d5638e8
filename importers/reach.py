"""For whom an import is done: only rows that this person may change, and of which organisation new ones are.

A source belongs to somebody as a whole: every row of it must be within the person's reach before the merge and after
it, by the rule that holds for single features. So nobody takes over or retires what others imported under that name.
"""

from dataclasses import dataclass
from typing import Any

from gisapp import errors
from gisapp.accounts.models import User
from gisapp.accounts.roles import System, is_operator
from gisapp.features import writing
from gisapp.layer import Target, find
from importers.plan import Plan


@dataclass(frozen=True)
class Person:
    """Who imports; `organisation` is the key of the one that new rows belong to, where the layer has owners."""

    user: Any
    organisation: str | None = None

    @classmethod
    def named(cls, email: str, organisation: str = "") -> "Person":
        """Raises NotFound for an unknown or closed account; without an email it is whoever runs the machine."""
        if not email:
            return cls(System(), organisation or None)
        user = User.objects.filter(email__iexact=email, is_active=True).first()
        if user is None:
            raise errors.NotFound("not-found", what=email[:100])
        return cls(user, organisation or None)

    @property
    def unlimited(self) -> bool:
        return is_operator(self.user)


def may(target: Target, person: Person) -> None:
    """Raise Forbidden where the person may not write to the target's layer at all."""
    layer = find(target.layer)
    allowed = layer.edited_by(person.user) if layer is not None else person.unlimited
    if not allowed:
        raise errors.Forbidden("forbidden")


def owner(target: Target, person: Person) -> tuple[str, int] | None:
    """The owner's column and key; None for a layer without owners.

    Raises BadInput("which-organisation") and Forbidden as for a single feature.
    """
    layer = find(target.layer)
    if layer is None or not layer.owner:
        return None
    found = writing.owner_for(layer, person.user, person.organisation)
    assert found is not None
    return str(target.model_class._meta.get_field(layer.owner).column), found.pk  # type: ignore[union-attr]


def check(plan: Plan, person: Person) -> None:
    """Raise Forbidden("import-out-of-reach") unless all rows of the source are the person's to change."""
    layer = find(plan.target.layer)
    if person.unlimited or layer is None:
        return
    rows = plan.target.model_class._default_manager.filter(source=plan.source)
    beyond = rows.exclude(pk__in=writing.reachable(layer, person.user, rows).order_by().values("pk"))
    count = beyond.count()
    if count:
        which = ", ".join(str(one) for one in beyond.order_by("pk").values_list("source_id", flat=True)[:5])
        raise errors.Forbidden("import-out-of-reach", count=count, which=which, source=plan.source, layer=layer.name)
