"""Which GDAL, GEOS and PROJ this process uses: the wheels' own, everywhere.

Django loads GDAL from pyogrio's wheel and GEOS from shapely's, so that it is the very library that those packages
use, no system GDAL is needed, and a machine without root works the same. PROJ_DATA/PROJ_LIB and GDAL_DATA are never
set: each wheel finds its own data, and a variable would send all of them to one that does not fit.

The wheels carry no datum grids. What needs one (Gauss-Krueger on DHDN, EPSG:31466-31469) is transformed in PostGIS,
whose PROJ has BETA2007.gsb; `transformer` refuses it here rather than being 0.2-0.3 m off in silence.
"""

import importlib.util
import os
import warnings
from functools import lru_cache
from pathlib import Path

import pyproj
import pyproj.transformer
from pyproj.exceptions import ProjError

STORAGE_SRID = 25832
"""ETRS89 / UTM zone 32N: every geometry is stored in it; lengths are metres measured in it."""
TILE_SRID = 3857
WGS84_SRID = 4326


def _bundled(package: str, pattern: str) -> str:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ImportError(f"{package} is missing. Mend it: docker/bootstrap.sh python")
    libraries = sorted(Path(spec.origin).parent.with_name(f"{package}.libs").glob(pattern))
    if not libraries:
        raise ImportError(f"{package} was not installed from a wheel: no {pattern} beside it")
    return str(libraries[0])


def gdal_library() -> str:
    """Path of the GDAL library for Django's GDAL_LIBRARY_PATH; GISAPP_GDAL overrides it."""
    return os.environ.get("GISAPP_GDAL") or _bundled("pyogrio", "libgdal*")


def geos_library() -> str:
    """Path of the GEOS C library for Django's GEOS_LIBRARY_PATH; GISAPP_GEOS overrides it."""
    return os.environ.get("GISAPP_GEOS") or _bundled("shapely", "libgeos_c*")


def initialise() -> None:
    """Let pyogrio tell its GDAL where the wheel's PROJ data lies, before Django asks that same library."""
    import pyogrio  # noqa: F401 - importing it is what registers the paths


@lru_cache(maxsize=64)
def transformer(source: str, target: str) -> pyproj.Transformer:
    """A transformer with x = east, y = north that is exact or does not exist.

    `source` and `target` are anything pyproj reads ("EPSG:25832"). Raises pyproj.exceptions.ProjError when
    the best operation needs a grid that this process does not have: transform such data in PostGIS.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "Best transformation is not available": said as an error below
        known = pyproj.transformer.TransformerGroup(source, target, always_xy=True, allow_ballpark=False)
    # `only_best=True` alone does not refuse: together with `always_xy` PROJ forgets it (pyproj 3.7, PROJ 9.5).
    if not known.best_available or not known.transformers:
        missing = ", ".join(grid.short_name for one in known.unavailable_operations for grid in one.grids)
        raise ProjError(f"{source} -> {target} needs a grid that is not here ({missing}); PostGIS transforms it")
    return pyproj.Transformer.from_crs(source, target, always_xy=True, only_best=True, allow_ballpark=False)
