"""The suite runs on the project's own PostGIS: the private cluster, in a database beside the demo's."""

import contextlib
import os
from pathlib import Path

import pytest

from gisapp import cluster
from tests.programs import LeftOut

_stack = contextlib.ExitStack()
REAL_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(LeftOut(), "left-out")
    if not os.environ.get("DATABASE_URL"):
        _stack.enter_context(cluster.in_use())


def pytest_unconfigure(config: pytest.Config) -> None:
    _stack.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real files that nobody here wrote; they lie beside the checkout where they are available."""
    if not REAL_DATA.is_dir():
        pytest.skip("the real files (../shared/data) are not on this machine")
    return REAL_DATA
