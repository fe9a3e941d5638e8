"""A site's own addresses. Those of the legal texts are what people in Germany look for."""

from django.urls import path, re_path

from gisapp.tenants import views

urlpatterns = [
    re_path(r"^tenant/(?P<version>[0-9a-f]{16})\.css$", views.style, name="tenant-style"),
    re_path(r"^tenant/(?P<digest>[0-9a-f]{64})\.png$", views.logo, name="tenant-logo"),
    path("impressum", views.legal, {"kind": "imprint"}, name="legal-imprint"),
    path("datenschutz", views.legal, {"kind": "privacy"}, name="legal-privacy"),
    path("barrierefreiheit", views.legal, {"kind": "accessibility"}, name="legal-accessibility"),
]
