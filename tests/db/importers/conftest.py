"""What the import tests share: writing small files, running an import, counting rows."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from gisapp.layer import target
from importers import pipeline
from importers.plan import Options
from importers.progress import Reporter
from importers.report import Report

Importer = Callable[..., Report]


@pytest.fixture
def run(db: None) -> Importer:
    """run(layer, file, map=TEXT, source=..., strict=..., ...) imports and returns the report."""

    def importer(layer: str, file: Path, *, map: str = "", source: str = "", **options: bool) -> Report:
        found = target(layer)
        assert found is not None
        map_file = None
        if map:
            map_file = file.with_name(file.name + ".map.toml")
            map_file.write_text(map, encoding="utf-8")
        request = pipeline.Request(found, file, map_file, source, Options(**options))
        return pipeline.run_import(request, Reporter())

    return importer


def write_file(
    path: Path, shapes: Sequence[Any], columns: dict[str, Sequence[Any]], *, kind: str = "Unknown",
    crs: str | None = "EPSG:25832",
    driver: str = "", **options: Any,
) -> Path:  # fmt: skip
    """A vector file of these shapes (WKT) and columns, by pyogrio."""
    geometry = shapely.to_wkb(shapely.from_wkt(list(shapes)), flavor="iso")
    data = [
        np.array(list(values), dtype=object if isinstance(values[0], str | type(None)) else None)
        for values in columns.values()
    ]
    pyogrio.raw.write(
        path, geometry, data, list(columns), geometry_type=kind, crs=crs, driver=driver or None, **options
    )  # fmt: skip
    return path


def square(x: float, y: float, side: float = 100) -> str:
    return f"POLYGON (({x} {y}, {x + side} {y}, {x + side} {y + side}, {x} {y + side}, {x} {y}))"
