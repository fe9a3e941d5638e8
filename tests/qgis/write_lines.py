"""Run by the system's Python, which has QGIS: write_lines.py SOURCE TARGET DRIVER CRS. Saves the layer as a person would by "Save as"."""

import os
import sys
import tempfile

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["HOME"] = tempfile.mkdtemp()
os.environ.setdefault("XDG_RUNTIME_DIR", os.environ["HOME"])

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

QgsApplication.setPrefixPath("/usr", True)
application = QgsApplication([], False)
application.initQgis()
source, target, driver, crs = sys.argv[1:]
layer = QgsVectorLayer(source, "trassen", "ogr")
assert layer.isValid() and layer.featureCount() > 0
options = QgsVectorFileWriter.SaveVectorOptions()
options.driverName = driver
options.skipAttributeCreation = driver == "DXF"
options.ct = QgsCoordinateTransform(layer.crs(), QgsCoordinateReferenceSystem(crs), QgsProject.instance())
result = QgsVectorFileWriter.writeAsVectorFormatV3(layer, target, QgsProject.instance().transformContext(), options)
assert result[0] == QgsVectorFileWriter.NoError, result
print("ok")
