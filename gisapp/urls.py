"""Every address of the site. Layers add theirs through `gisapp.layer.App.urls`."""

from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
]
