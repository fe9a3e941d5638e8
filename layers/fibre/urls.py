from django.urls import path

from layers.fibre import answers, pages

urlpatterns = [
    path("fibre/", pages.network, name="fibre"),
    path("fibre/ask", answers.answer, name="fibre-ask"),
]
