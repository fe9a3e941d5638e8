"""KRIT-GIS: the fibre network."""

from gisapp.layer import App, register
from layers.fibre import errors, exporting
from layers.fibre.intake.load import FIBRE

register(
    App(
        name="fibre",
        error_texts=(*errors.ROUTE, *errors.DUCTS, *errors.CABLES, *errors.SPLICING, *errors.INTAKE),
        file_sets=(FIBRE,),
        exports={"fibre": exporting.write},
    )
)
