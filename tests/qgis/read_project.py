"""Run by the system's Python, which has QGIS: read_project.py PROJECT FOLDER. Prints one JSON object."""

import json
import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
path, folder = sys.argv[1:]
os.environ["HOME"] = folder
os.environ.setdefault("XDG_RUNTIME_DIR", folder)

from qgis.core import QgsApplication, QgsExpression, QgsProject  # noqa: E402

QgsApplication.setPrefixPath("/usr", True)
application = QgsApplication([], False)
application.initQgis()
project = QgsProject.instance()
if not project.read(path):
    sys.exit(f"QGIS does not take the project: {project.error()}")


def expressions(layer):
    """Those of the symbol and of the labels."""
    found = []
    for part in layer.renderer().symbol().symbolLayers():
        properties = part.dataDefinedProperties()
        found += [properties.property(key).expressionString() for key in properties.propertyKeys()]
    labeling = layer.labeling()
    for rule in labeling.rootRule().children() if labeling else ():
        found += [rule.settings().fieldName, rule.filterExpression() or "true"]
    return found


layers = {}
for layer in project.mapLayers().values():
    first = next(iter(layer.getFeatures()), None)
    layers[layer.shortName()] = {
        "valid": layer.isValid(),
        "features": sum(1 for one in layer.getFeatures() if not one.geometry().isNull()),
        "system": layer.crs().authid(),
        "title": layer.title(),
        "abstract": layer.abstract(),
        "fields": [one.name() for one in layer.fields()],
        "aliases": [one.alias() for one in layer.fields()],
        "read_only": layer.readOnly(),
        "kind": layer.renderer().symbol().symbolLayer(0).layerType(),
        "colour": layer.renderer().symbol().color().name(),
        "parts": layer.renderer().symbol().symbolLayerCount(),
        "labels": layer.labelsEnabled(),
        "wrong_expressions": [one for one in expressions(layer) if QgsExpression(one).hasParserError()],
        "expressions": len(expressions(layer)),
    }
groups = [one.name() for one in project.layerTreeRoot().children()]
order = [one.shortName() for one in project.layerTreeRoot().layerOrder()]
print(json.dumps({
    "title": project.title(), "system": project.crs().authid(), "layers": layers, "groups": groups, "order": order,
}))  # fmt: skip
sys.stdout.flush()
application.exitQgis()
os._exit(0)
