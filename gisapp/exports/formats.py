"""The file formats that a layer can be had in."""

from dataclasses import dataclass

from gisapp.geolibs import STORAGE_SRID, WGS84_SRID


@dataclass(frozen=True)
class Format:
    """A format: its GDAL driver, what a download of it is called, and the system its coordinates are in."""

    name: str
    driver: str
    suffix: str
    content_type: str
    srid: int = STORAGE_SRID
    zipped: bool = False


FORMATS = {
    one.name: one
    for one in (
        Format("gpkg", "GPKG", ".gpkg", "application/geopackage+sqlite3"),
        Format("shp", "ESRI Shapefile", ".shp.zip", "application/zip", zipped=True),
        Format("geojson", "GeoJSON", ".geojson", "application/geo+json", WGS84_SRID),
        Format("fgb", "FlatGeobuf", ".fgb", "application/octet-stream"),
        Format("csv", "CSV", ".csv", "text/csv; charset=utf-8", WGS84_SRID),
        Format("kml", "LIBKML", ".kml", "application/vnd.google-earth.kml+xml", WGS84_SRID),
        Format("dxf", "DXF", ".dxf", "image/vnd.dxf"),
    )
}


def by_suffix(name: str) -> Format | None:
    """The format that a file name asks for."""
    lowered = name.lower()
    plain = {".shp": "shp", ".zip": "shp", ".json": "geojson"}
    for one in FORMATS.values():
        if lowered.endswith(one.suffix):
            return one
    return next((FORMATS[key] for suffix, key in plain.items() if lowered.endswith(suffix)), None)
