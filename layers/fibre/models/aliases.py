"""Under which other names an object is known: two nodes of a file on one spot are one node here, and both ids lead to it."""

from django.db import models

from layers.fibre.models.common import Network


class Alias(models.Model):
    """An id of a source that means an object which carries another one. An object that is gone leaves its aliases idle."""

    network = models.ForeignKey(Network, models.CASCADE, related_name="+")
    kind = models.TextField(choices=(("node", "node"), ("segment", "segment")))
    source = models.TextField()
    source_id = models.TextField()
    object_id = models.UUIDField()
    name = models.TextField(default="", db_default="", blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["network", "kind", "source", "source_id", "object_id"], name="fibre_alias_once"
            ),
        )
        indexes = (models.Index(fields=["object_id"], name="fibre_alias_object"),)

    def __str__(self) -> str:
        return f"{self.source}:{self.source_id}"
