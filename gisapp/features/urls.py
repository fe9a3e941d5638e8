from django.urls import path

from gisapp.api import ogc
from gisapp.features import views

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
]
