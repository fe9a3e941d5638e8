from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class QgisConfig(AppConfig):
    name = "gisapp.qgis"

    def ready(self) -> None:
        from gisapp.qgis import public

        pre_migrate.connect(public.before_migrate, dispatch_uid="gisapp.qgis.before")
        post_migrate.connect(public.after_migrate, dispatch_uid="gisapp.qgis.after")
