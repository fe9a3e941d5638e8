"""One Django app per thing on the map. Each declares itself in its `layer.py`; see gisapp.layer."""
