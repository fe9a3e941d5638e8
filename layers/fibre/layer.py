"""KRIT-GIS: the fibre network."""

from gisapp.layer import App, register
from layers.fibre import errors
from layers.fibre.commands import FIBRE

register(
    App(
        name="fibre",
        commands=(FIBRE,),
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
