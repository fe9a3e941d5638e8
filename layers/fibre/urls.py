from django.urls import path

from layers.fibre import pages

urlpatterns = [path("fibre/", pages.network, name="fibre")]
