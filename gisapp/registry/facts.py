"""Named values that the installation keeps about itself."""

from gisapp.registry.models import Fact


def get(name: str) -> str | None:
    return Fact.objects.filter(pk=name).values_list("value", flat=True).first()


def put(name: str, value: str) -> None:
    Fact.objects.update_or_create(pk=name, defaults={"value": value})
