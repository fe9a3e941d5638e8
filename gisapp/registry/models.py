"""Small facts the installation keeps about itself."""

from django.db import models


class Fact(models.Model):
    """One named value, such as which demo region is loaded."""

    name = models.TextField(primary_key=True)
    value = models.TextField()

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"
