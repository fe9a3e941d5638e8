"""KRIT-GIS: the fibre network."""

from django.urls import path

from gisapp.layer import App, DemoPart, Page, Text, register
from layers.fibre import action_docs, action_views, api, demo, errors, exporting, order_views
from layers.fibre.access import GUARDED, SEES
from layers.fibre.commands import FIBRE
from layers.fibre.declared import LAYERS
from layers.fibre.intake.load import FIBRE as NETWORK_FILES
from layers.fibre.urls import urlpatterns

register(
    App(
        name="fibre",
        layers=LAYERS,
        guarded=GUARDED,
        commands=[FIBRE],
        pages=[
            Page("fibre", Text("Glasfasernetz", "Fibre network"), see=SEES),
            Page("fibre-orders-page", Text("Arbeitsaufträge", "Work orders"), see=SEES),
        ],
        urls=urlpatterns,
        api_urls=[
            path("fibre/trace", api.TraceView.as_view(), name="fibre-trace"),
            path("fibre/tube", api.TubeView.as_view(), name="fibre-tube"),
            path("fibre/impact", api.ImpactView.as_view(), name="fibre-impact"),
            *action_views.urls(),
            *order_views.urls(),
            path("fibre/occupancy", api.OccupancyView.as_view(), name="fibre-occupancy"),
        ],
        demo=[DemoPart(95, Text("Glasfasernetze", "Fibre networks"), demo.build)],
        error_texts=errors.ALL,
        file_sets=(NETWORK_FILES,),
        doc_pages={"developer/fibre-actions.md": action_docs.page},
        exports={"fibre": exporting.write},
    )
)
