"""Addresses below /api/. Layers add theirs through `gisapp.layer.App.api_urls`."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from gisapp.api import views, viewsets
from gisapp.history import api as history
from gisapp.layer import all_apps

app_name = "api"
urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("layers/", views.layers, name="layers"),
    path("layers/<slug:layer>/", views.single_layer, name="layer"),
    path("layers/<slug:layer>/features/", viewsets.Features.as_view(), name="features"),
    path("layers/<slug:layer>/features/<str:key>/history", history.History.as_view(), name="history"),
    path("layers/<slug:layer>/features/<str:key>/history/<int:event>/revert", history.Revert.as_view(), name="revert"),
    path("changes/<uuid:change>/revert", history.RevertAll.as_view(), name="revert-all"),
    path("layers/<slug:layer>/features/<str:key>/", viewsets.Feature.as_view(), name="feature"),
    path("search", views.search, name="search"),
    path("reverse", views.reverse, name="reverse"),
    path("download/<slug:name>", views.download, name="download"),
    *(path("", include(list(app.api_urls))) for app in all_apps() if app.api_urls),
]
