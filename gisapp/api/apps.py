from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "gisapp.api"
