"""KRIT-GIS: the fibre network."""

from gisapp.layer import App, register
from layers.fibre import errors
from layers.fibre.access import GUARDED
from layers.fibre.declared import LAYERS

register(App(name="fibre", layers=LAYERS, guarded=GUARDED, error_texts=(*errors.ROUTE, *errors.DUCTS)))
