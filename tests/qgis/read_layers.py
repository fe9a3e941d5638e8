"""Run by the system's Python, which has QGIS: read_layers.py SERVER LAYER,... FOLDER. Prints one JSON object."""

import json
import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
server, names, folder = sys.argv[1:]
os.environ["HOME"] = folder
os.environ.setdefault("XDG_RUNTIME_DIR", folder)

from qgis.core import QgsApplication, QgsVectorLayer, QgsVectorTileLayer  # noqa: E402

QgsApplication.setPrefixPath("/usr", True)
application = QgsApplication([], False)
application.initQgis()
features = {}
for name in names.split(","):
    layer = QgsVectorLayer(f"url='{server}/ogc/' typename='{name}' pagingEnabled='true' pageSize='700'", name, "OAPIF")
    if not layer.isValid():
        sys.exit(f"QGIS does not take {name}: {layer.error().message()}")
    features[name] = sum(1 for feature in layer.getFeatures() if not feature.geometry().isNull())
tiles = QgsVectorTileLayer(f"type=xyz&url={server}/tiles/roads/{{z}}/{{x}}/{{y}}.mvt&zmin=0&zmax=16", "roads")
print(json.dumps({"features": features, "tiles_valid": tiles.isValid()}))
sys.stdout.flush()
application.exitQgis()
os._exit(0)
