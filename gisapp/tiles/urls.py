from django.urls import path, re_path

from gisapp.tiles import views

urlpatterns = [
    path("style.json", views.style_json, name="style"),
    re_path(r"^(?P<names>[a-z0-9_,-]+)/(?P<z>\d{1,2})/(?P<x>\d{1,7})/(?P<y>\d{1,7})\.mvt$", views.tile, name="tile"),
    re_path(r"^(?P<names>[a-z0-9_,-]+)\.json$", views.tile_json, name="tilejson"),
]
