"""What the base map puts on the map and into the importers."""

from gisapp.layer import App, register
from layers.basemap.targets import TARGETS

register(App(name="basemap", targets=TARGETS))
