from django.apps import AppConfig


class FibreConfig(AppConfig):
    name = "layers.fibre"
