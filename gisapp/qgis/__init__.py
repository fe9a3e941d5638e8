"""A QGIS project of the public layers, for QGIS Server and for whoever opens it: written by us, without QGIS."""
