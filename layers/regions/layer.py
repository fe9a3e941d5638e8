"""What regions puts on the map and into the importers."""

from gisapp.layer import App, register
from layers.regions.targets import FINISH, TABLES, TARGETS

register(App(name="regions", targets=TARGETS, tables=TABLES, finish=FINISH))
