"""A page for everyone and one for the staff, both with an entry in the map's menu."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from gisapp.layer import KEEPERS, App, Page, Text, register
from gisapp.map.context import page_context


def hours(request: HttpRequest) -> HttpResponse:
    return render(request, "own_page/hours.html", page_context(request))


register(
    App(
        name="own_page",
        pages=[
            Page("office-hours", Text("Sprechstunden", "Office hours")),
            Page("duty-roster", Text("Dienstplan", "Duty roster"), see=KEEPERS),
        ],
        urls=[path("sprechstunden/", hours, name="office-hours"), path("dienstplan/", hours, name="duty-roster")],
    )
)
