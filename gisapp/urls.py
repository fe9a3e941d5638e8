"""Every address of the site. Layers add theirs through `gisapp.layer.App.urls`."""

from django.contrib import admin
from django.urls import include, path

from gisapp.layer import all_apps

urlpatterns = [
    path("", include("gisapp.map.urls")),
    path("konto/", include("gisapp.accounts.urls")),
    path("", include("gisapp.history.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("gisapp.api.urls")),
    path("ogc/", include("gisapp.features.urls")),
    path("tiles/", include("gisapp.tiles.urls")),
    *(path("", include(list(app.urls))) for app in all_apps() if app.urls),
]

handler400 = "gisapp.problems.malformed"
handler403 = "gisapp.problems.forbidden"
handler404 = "gisapp.problems.unknown_address"
handler429 = "gisapp.problems.too_many"
handler500 = "gisapp.problems.internal"
