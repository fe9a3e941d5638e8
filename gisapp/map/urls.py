from django.urls import path

from gisapp.map import oembed, sheet, views

urlpatterns = [
    path("", views.index, name="map"),
    path("embed/", views.embed, name="embed"),
    path("oembed", oembed.oembed, name="oembed"),
    path("print/", sheet.sheet, name="print"),
    path("map/search/", views.search_page, name="map-search"),
    path("map/contents/", views.contents, name="map-contents"),
    path("map/detail/<slug:name>/<str:key>", views.detail, name="map-detail"),
    path("map/list/<slug:name>", views.feature_list, name="map-list"),
    path("map/filters/<slug:name>", views.list_filters, name="map-filters"),
    path("map/ping", views.ping, name="map-ping"),
]
