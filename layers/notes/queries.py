"""Reads of the notices."""

from typing import Any

from django.db.models import Q, QuerySet

from gisapp.accounts import scope
from gisapp.accounts.roles import INSIDE
from layers.notes.models import Note

PUBLIC = Q(audience="public")


def notes(user: Any) -> QuerySet[Note]:
    """The public ones, and the internal ones of the user's organisations."""
    return scope.seen(Note.objects.filter(retired_at__isnull=True), user, INSIDE, public=PUBLIC)
