"""The suite in two processes beside each other, each with a database server of its own (`make test`: -p tests.halves -n 2).

Log-ins, and how far back the oldest transaction reaches, are a whole server's: so no test of one half gets in the way of
one of the other. The second server is made for the run and thrown away after it. This is a plugin of its own because the
place of the server has to be known before Django's settings are read.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

# About half of it by time. (The other half: the network, the browser, QGIS, and the imports.)
BESIDE = ("tests/api/", "tests/unit/", "tests/venues/", "tests/db/test_")


class Halves(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        return "beside" if nodeid.startswith(BESIDE) else "the rest"


def pytest_xdist_make_scheduler(config: Any, log: Any) -> Halves:
    return Halves(config, log)


# The second process's server.
_own: Path | None = None
if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0" and not os.environ.get("DATABASE_URL"):
    _own = Path(tempfile.mkdtemp(prefix="gisapp-beside-"))
    _own.chmod(0o755)
    os.environ["GISAPP_PG"] = str(_own / "pg")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    if _own:
        from gisapp import cluster

        os.environ["GISAPP_PG"] = str(_own / "pg")
        cluster.stop(immediate=True)
        shutil.rmtree(_own, ignore_errors=True)
