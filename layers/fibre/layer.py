"""KRIT-GIS: the fibre network."""

from gisapp.layer import App, DemoPart, Text, register
from layers.fibre import demo, errors
from layers.fibre.commands import FIBRE

register(
    App(
        name="fibre",
        commands=(FIBRE,),
        demo=[DemoPart(95, Text("Glasfasernetze", "Fibre networks"), demo.build)],
        error_texts=(
            *errors.ROUTE,
            *errors.DUCTS,
            *errors.CABLES,
            *errors.SPLICING,
            *errors.SERVICE,
            *errors.QUESTIONS,
        ),
    )
)
