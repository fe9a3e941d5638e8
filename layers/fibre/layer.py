"""KRIT-GIS: the fibre network."""

from gisapp.layer import App, Page, Text, register
from layers.fibre import errors
from layers.fibre.access import GUARDED, SEES
from layers.fibre.declared import LAYERS
from layers.fibre.networks import FIBRE
from layers.fibre.urls import urlpatterns

register(
    App(
        name="fibre",
        layers=LAYERS,
        guarded=GUARDED,
        commands=[FIBRE],
        pages=[Page("fibre", Text("Glasfasernetz", "Fibre network"), see=SEES)],
        urls=urlpatterns,
        error_texts=(*errors.ROUTE, *errors.DUCTS),
    )
)
