from django.urls import path

from gisapp.api import ogc
from gisapp.catalog.views import metadata
from gisapp.features import tileset_views, views

app_name = "ogc"
urlpatterns = [
    path("", views.landing, name="landing"),
    path("conformance", views.conformance, name="conformance"),
    path("api", views.api, name="api"),
    path("collections", views.collections, name="collections"),
    path("collections/<slug:name>", views.collection, name="collection"),
    path("collections/<slug:name>/schema", views.schema, name="schema"),
    path("collections/<slug:name>/queryables", views.queryables, name="queryables"),
    path("collections/<slug:name>/items", ogc.items, name="items"),
    path("collections/<slug:name>/items/<str:key>", ogc.item, name="item"),
    path("collections/<slug:name>/tiles", tileset_views.layer_tilesets, name="layer-tilesets"),
    path("collections/<slug:name>/tiles/<str:matrix_set>", tileset_views.layer_tileset, name="layer-tileset"),
    path("collections/<slug:name>/metadata", metadata, name="metadata"),
    path("tiles", tileset_views.all_tilesets, name="tilesets"),
    path("tiles/<str:matrix_set>", tileset_views.whole_tileset, name="tileset"),
    path("tileMatrixSets", tileset_views.matrix_sets, name="matrix-sets"),
    path("tileMatrixSets/<str:matrix_set>", tileset_views.matrix_set, name="matrix-set"),
]
