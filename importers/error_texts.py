"""What an import may refuse: whole files (raised as BadInput) and single rows (listed in the report)."""

from gisapp.errors import ErrorText


def _file(code: str, de: str, en: str) -> ErrorText:
    return ErrorText(code, 400, de, en)


FILE_ERRORS = (
    _file("no-such-file", "Die Datei {path} gibt es nicht.", "There is no file {path}."),
    ErrorText("import-out-of-reach", 403, "Unter der Quelle {source} gehören {count} Objekte der Ebene {layer} nicht zu dem, was Sie ändern"
              " dürfen (Kennungen: {which}). Nichts wurde geschrieben.",
              "Under the source {source}, {count} features of the layer {layer} are not among what you may change (ids: {which})."
              " Nothing was written."),
    ErrorText("unknown-import", 404, "Diesen Import gibt es nicht.", "There is no such import."),
    _file("is-directory", "{path} ist ein Ordner; erwartet wird eine Datei.",
          "{path} is a folder; a file is expected."),
    _file("not-a-plain-file", "{path} ist keine gewöhnliche Datei (Gerät, Pipe, Adresse im Netz). Eingelesen werden nur"
          " Dateien dieses Rechners.",
          "{path} is no plain file (a device, a pipe, a network address). Only files of this machine are read."),
    _file("file-unreadable", "Die Datei {path} darf nicht gelesen werden: {reason}",
          "The file {path} cannot be read: {reason}"),
    _file("file-empty", "Die Datei {path} ist leer.", "The file {path} is empty."),
    _file("file-too-big", "Die Datei ist {size} groß; erlaubt sind {limit}. Höhere Grenze: {setting}.",
          "The file has {size}; {limit} are allowed. For a higher limit: {setting}."),
    _file("too-many-features", "Die Datei hat mehr als {limit} Objekte. Höhere Grenze: {setting}.",
          "The file has more than {limit} features. For a higher limit: {setting}."),
    _file("no-features", "Die Datei {path} enthält keine Objekte.", "The file {path} has no features."),
    _file("unsupported-file", "Das Format von {path} ist unbekannt. Lesbar sind GeoPackage, Shapefile (auch als .zip),"
          " GeoJSON, FlatGeobuf, KML, GML, DXF, CSV/TSV mit Koordinaten und .osm.pbf.",
          "The format of {path} is unknown. GeoPackage, Shapefile (also as .zip), GeoJSON, FlatGeobuf, KML, GML, DXF,"
          " CSV/TSV with coordinates and .osm.pbf can be read."),
    _file("file-corrupt", "Die Datei {path} ist beschädigt oder unvollständig: {reason}",
          "The file {path} is damaged or incomplete: {reason}"),
    _file("file-changed", "Die Datei {path} wurde während des Einlesens verändert. Bitte noch einmal.",
          "The file {path} was changed while it was read. Please try again."),
    _file("shapefile-incomplete", "Zum Shapefile {path} fehlt: {missing}. Alle Teile gehören in denselben Ordner.",
          "The Shapefile {path} lacks: {missing}. All its parts belong into one folder."),
    _file("xml-entities", "Die XML-Datei {path} definiert Entitäten oder einen DOCTYPE; das wird nicht eingelesen.",
          "The XML file {path} defines entities or a DOCTYPE; such files are not read."),
    _file("zip-bomb", "Das Archiv {path} würde entpackt {size} groß (erlaubt: {limit}, höchstens {ratio}-fach).",
          "The archive {path} would unpack to {size} (allowed: {limit}, at most {ratio} times its size)."),
    _file("zip-path", "Das Archiv {path} enthält einen unerlaubten Namen: {name}",
          "The archive {path} contains a name that is not allowed: {name}"),
    _file("zip-encrypted", "Das Archiv {path} ist mit einem Kennwort geschützt.", "The archive {path} has a password."),
    _file("zip-contents",
          "Das Archiv {path} muss genau eine lesbare Datei (oder ein Shapefile) enthalten; gefunden: {found}",
          "The archive {path} must contain exactly one readable file (or Shapefile); found: {found}"),
    _file("several-layers", "Die Datei hat mehrere Ebenen: {layers}. Welche, sagt file_layer = \"...\" in der"
          " Zuordnungsdatei.",
          "The file has several layers: {layers}. Say which by file_layer = \"...\" in the mapping."),
    _file("no-such-file-layer", "Die Datei hat keine Ebene {name}; vorhanden: {layers}",
          "The file has no layer {name}; there are: {layers}"),
    _file("no-geometry", "Die Datei {path} hat keine Geometrie und keine Spalten mit Koordinaten. Spalten: {columns}",
          "The file {path} has neither geometry nor columns with coordinates. Columns: {columns}"),
    _file("crs-missing", "Die Datei sagt nicht, in welchem Koordinatensystem sie ist. Bitte crs = \"EPSG:25832\" (oder"
          " das richtige) in die Zuordnungsdatei schreiben.{likely}",
          "The file does not say its coordinate system. Please write crs = \"EPSG:25832\" (or the right one) into the"
          " mapping file.{likely}"),
    _file("crs-unknown", "Das Koordinatensystem {crs} ist unbekannt. Bitte crs = \"EPSG:...\" in die Zuordnungsdatei"
          " schreiben.",
          "The coordinate system {crs} is unknown. Please write crs = \"EPSG:...\" into the mapping file."),
    _file("crs-wrong", "{share} der Objekte liegen mit dem Koordinatensystem {crs} außerhalb des erwarteten Gebiets"
          " ({area}); Beispiel: {example}. Vermutlich stimmt das Koordinatensystem nicht: crs = \"EPSG:...\" in der"
          " Zuordnungsdatei berichtigt es, --anywhere schaltet die Prüfung ab.{likely}",
          "With the coordinate system {crs}, {share} of the features lie outside the expected area ({area}); example:"
          " {example}. The coordinate system is probably wrong: crs = \"EPSG:...\" in the mapping file corrects it,"
          " --anywhere switches the check off.{likely}"),
    _file("column-missing", "Für das Pflichtfeld {field} fehlt die Spalte. Die Datei hat: {columns}. Zuordnen mit"
          " {field} = \"SPALTE\" unter [fields] in der Zuordnungsdatei (Entwurf: gisapp import --suggest).",
          "No column for the required field {field}. The file has: {columns}. Map it by {field} = \"COLUMN\" under"
          " [fields] in the mapping file (gisapp import --suggest writes a draft)."),
    _file("no-such-column", "Die Zuordnung nennt die Spalte {column}; die Datei hat: {columns}",
          "The mapping names the column {column}; the file has: {columns}"),
    _file("bad-mapping", "Die Zuordnungsdatei {path} ist nicht zu verstehen: {reason}",
          "The mapping file {path} is not understood: {reason}"),
    _file("no-target", "In {name} lässt sich nichts einlesen; möglich: {possible}",
          "Nothing can be imported into {name}; possible: {possible}"),
    _file("not-a-table", "{path} ist keine Tabelle (CSV/TSV): {reason}", "{path} is no table (CSV/TSV): {reason}"),
    _file("osm-no-mapping", "Für OpenStreetMap-Dateien gibt es keine Zuordnung: Welche Merkmale welche Ebene speisen,"
          " steht in importers/osm_tags.py.",
          "OpenStreetMap files take no mapping: importers/osm_tags.py says which tags feed which layer."),
    _file("osm-needs-layer", "Die OSM-Datei speist die Ebenen {possible}, nicht {name}.",
          "An OSM file feeds the layers {possible}, not {name}."),
    _file("rows-rejected", "{count} von {read} Zeilen sind fehlerhaft; wegen --strict wurde nichts übernommen.",
          "{count} of {read} rows are faulty; because of --strict nothing was kept."),
    _file("bad-report-name", "Der Bericht {path} muss auf .html oder .json enden.",
          "The report {path} must end in .html or .json."),
    _file("report-unwritten", "Der Import ist zu Ende, wie oben steht; nur der Bericht {path} ließ sich nicht schreiben: {reason}",
          "The import is over, as told above; only its report {path} could not be written: {reason}"),
    _file("bad-membership", "Zeile {row}: erwartet werden AGS (8 Ziffern), Amtsschlüssel und Amtsname; AGS ist {ags}.",
          "Row {row}: AGS (8 digits), key and name of the Amt are expected; the AGS is {ags}."),
    _file("set-not-recognised", "In {path} ist keine Tabelle zu erkennen. Gesucht werden (mit Pflichtspalten): {roles}. Welche Datei und"
          " Spalte was ist, sagt eine Zuordnungsdatei (--map; Entwurf mit --suggest).",
          "No table can be recognised in {path}. Wanted are (with required columns): {roles}. A mapping file says which file and"
          " column is what (--map; --suggest writes a draft)."),
    _file("ofds-invalid", "{path} entspricht nicht dem Open Fibre Data Standard ({count} Fehler): {reason}",
          "{path} does not follow the Open Fibre Data Standard ({count} faults): {reason}"),
    _file("import-busy", "In diese Ebene wird gerade schon eingelesen; bitte danach noch einmal.",
          "Another import into this layer is running; please try again afterwards."),
)  # fmt: skip

ROW_ERRORS = (
    _file("required-missing", "Pflichtfeld ohne Wert", "required field without a value"),
    _file("not-an-integer", "keine ganze Zahl (oder zu groß)", "not an integer (or too big)"),
    _file("not-a-decimal", "keine Zahl", "not a number"),
    _file("not-a-boolean", "weder ja noch nein", "neither yes nor no"),
    _file("not-a-date", "kein Datum (JJJJ-MM-TT oder TT.MM.JJJJ)", "not a date (YYYY-MM-DD or DD.MM.YYYY)"),
    _file("geometry-missing", "ohne Geometrie", "without geometry"),
    _file("geometry-type", "falsche Art von Geometrie", "wrong kind of geometry"),
    _file("geometry-broken", "Geometrie nicht lesbar", "geometry cannot be read"),
    _file("geometry-invalid", "ungültige Geometrie, nicht ohne Verlust zu reparieren",
          "invalid geometry that cannot be repaired without loss"),
    _file("geometry-in-parts", "mehrteilig; jedes Teil kommt für sich (Zahl der Teile)",
          "in several parts; each comes by itself (number of parts)"),
    _file("geometry-repaired", "ungültige Geometrie repariert", "invalid geometry repaired"),
    _file("outside-area", "liegt außerhalb des erwarteten Gebiets", "lies outside the expected area"),
    _file("bad-coordinate", "Koordinate ist keine Zahl", "coordinate is not a number"),
    _file("bad-wkt", "WKT nicht lesbar", "WKT cannot be read"),
    _file("bad-row", "Zeile hat eine andere Zahl von Spalten als der Kopf",
          "the row has another number of columns than the head"),
    _file("id-missing", "ohne Kennung", "without an id"),
    _file("id-twice", "Kennung steht mehrfach in der Datei (die erste Zeile gilt)",
          "the id stands in the file more than once (the first row counts)"),
    _file("same-row-twice", "gleiche Zeile steht mehrfach in der Datei (die erste gilt)",
          "the same row stands in the file more than once (the first counts)"),
    _file("value-twice", "Wert gibt es schon in einem anderen Objekt", "the value exists in another feature already"),
    _file("bad-area-key", "kein amtlicher Schlüssel mit der richtigen Zahl von Ziffern",
          "not an official key with the right number of digits"),
    _file("bad-validity", "gültig bis liegt nicht nach gültig ab", "valid to is not after valid from"),
    _file("nul-character", "Text enthält das Zeichen NUL; es wurde entfernt",
          "text contains the character NUL; removed"),
    _file("relation-broken", "Relation ist kein geschlossenes Vieleck", "the relation is no closed polygon"),
    _file("node-missing", "der Linie fehlen Punkte (am Rand des Ausschnitts)",
          "the way lacks nodes (at the edge of the extract)"),
)  # fmt: skip
