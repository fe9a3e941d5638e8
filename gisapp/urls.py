"""Every address of the site. Layers add theirs through `gisapp.layer.App.urls`."""

from django.contrib import admin
from django.urls import include, path, re_path

from gisapp import health
from gisapp.catalog.views import catalogue
from gisapp.layer import all_apps
from gisapp.observe import exposition

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", exposition.exposed, name="metrics"),
    path("", include("gisapp.map.urls")),
    path("konto/", include("gisapp.accounts.urls")),
    path("", include("gisapp.history.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("gisapp.api.urls")),
    path("ogc/", include("gisapp.features.urls")),
    path("catalog", catalogue, name="catalog"),
    re_path(r"^catalog\.(?P<form>ttl|jsonld|rdf)$", catalogue, name="catalog-form"),
    path("tiles/", include("gisapp.tiles.urls")),
    *(path("", include(list(app.urls))) for app in all_apps() if app.urls),
]

handler400 = "gisapp.problems.malformed"
handler403 = "gisapp.problems.forbidden"
handler404 = "gisapp.problems.unknown_address"
handler429 = "gisapp.problems.too_many"
handler500 = "gisapp.problems.internal"
