"""What the importers add to the console script and to the error catalogue."""

from django.urls import path

from gisapp.layer import KEEPERS, App, Page, Text, register
from importers import boundary, pages
from importers.command import IMPORT
from importers.error_texts import FILE_ERRORS, ROW_ERRORS

urls = [
    path("import/", pages.overview, name="import"),
    path("import/upload", pages.upload, name="import-upload"),
    path("import/<uuid:key>/", pages.job, name="import-job"),
    path("import/<uuid:key>/run", pages.run, name="import-run"),
    path("import/<uuid:key>/state", pages.state, name="import-state"),
    path("import/<uuid:key>/stop", pages.stop, name="import-stop"),
    path("import/<uuid:key>/undo", pages.undo, name="import-undo"),
]

register(
    App(
        name="importers",
        commands=[IMPORT],
        boundary=boundary.read,
        urls=urls,
        pages=[Page("import", Text("Daten einlesen", "Import data"), see=KEEPERS)],
        error_texts=[*FILE_ERRORS, *ROW_ERRORS],
    )
)
