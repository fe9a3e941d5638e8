from django.apps import AppConfig


class BasemapConfig(AppConfig):
    name = "layers.basemap"
