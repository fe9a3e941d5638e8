from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RegistryConfig(AppConfig):
    """Lets every app in INSTALLED_APPS register what it puts on the map: imports each app's `layer.py`."""

    name = "gisapp.registry"

    def ready(self) -> None:
        autodiscover_modules("layer")
