"""Run by the system's Python, which has QGIS: edit_layer.py FOLDER, the session as JSON on the standard input.

{"connection": {"host", "port", "database"} or {"service", "database"}, "table": "notes_note", "people": ["role", ...],
 "steps": [{"who": "role", "do": "see|change|add|delete|commit|roll back", ...}]}

Every person has a layer of the postgres provider with a log-in of its own, and edits it as in QGIS' window. Prints one
JSON list: what each step gave.
"""

import json
import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
folder = sys.argv[1]
os.environ["HOME"] = folder
os.environ.setdefault("XDG_RUNTIME_DIR", folder)

from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsDataSourceUri,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)

QgsApplication.setPrefixPath("/usr", True)
application = QgsApplication([], False)
application.initQgis()
session = json.load(sys.stdin)


def open_layer(person):
    uri = QgsDataSourceUri()
    place = session["connection"]
    if "service" in place:  # the login as people keep it, in pg_service.conf
        uri.setConnection(place["service"], place["database"], person, "")
    else:
        uri.setConnection(place["host"], place["port"], place["database"], person, "")
    uri.setDataSource("public", session["table"], "geom", "", "id")
    layer = QgsVectorLayer(uri.uri(False), person, "postgres")
    if not layer.isValid():
        sys.exit(f"QGIS does not open the layer for {person}: {layer.error().message()}")
    return layer


def plain(value):
    return value if isinstance(value, (str, int, float, bool)) else None


def feature_of(layer, key):
    for feature in layer.getFeatures():
        if feature["id"] == key:
            return feature
    return None


def step(layer, one):
    do = one["do"]
    if do == "see":
        names = one["fields"]
        return sorted([plain(feature[name]) for name in names] for feature in layer.getFeatures())
    if do == "commit":
        done = layer.commitChanges()
        return {
            "done": done,
            "said": " ".join(layer.commitErrors()),
            "editing": layer.isEditable(),
            "waiting": layer.isModified(),
        }
    if do == "roll back":
        return layer.rollBack()
    layer.startEditing()
    if do == "delete":
        feature = feature_of(layer, one["id"])
        return layer.deleteFeature(feature.id())
    point = QgsGeometry.fromPointXY(QgsPointXY(*one["point"])) if "point" in one else None
    if "line" in one:
        point = QgsGeometry.fromPolylineXY([QgsPointXY(*corner) for corner in one["line"]])
    if do == "add":
        # As QGIS' form does: the table's own defaults first.
        values = {layer.fields().indexOf(name): value for name, value in one["values"].items()}
        feature = QgsVectorLayerUtils.createFeature(layer, point, values)
        return layer.addFeature(QgsFeature(feature))
    feature = feature_of(layer, one["id"])
    done = True
    for name, value in one.get("values", {}).items():
        done = layer.changeAttributeValue(feature.id(), layer.fields().indexOf(name), value) and done
    if point is not None:
        done = layer.changeGeometry(feature.id(), point) and done
    return done


layers = {person: open_layer(person) for person in session["people"]}
print(json.dumps([step(layers[one["who"]], one) for one in session["steps"]]))
sys.stdout.flush()
os._exit(0)
