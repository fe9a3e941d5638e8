"""Reads of the base map; all of it is public."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet


def current(model: type[Any]) -> Callable[[Any], QuerySet[Any]]:
    """A `visible_to` of every row of the model that its source still has."""

    def visible_to(user: Any) -> QuerySet[Any]:
        return model.objects.filter(retired_at__isnull=True)

    return visible_to
