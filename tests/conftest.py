"""The suite runs on the project's own PostGIS: the private cluster, in a database beside the demo's."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from gisapp import cluster
from gisapp.paths import CHECKOUT
from tests.programs import LeftOut

_stack = contextlib.ExitStack()
# Two processes run the suite (`make test`), each with a database server of its own. One does these: what starts servers of
# its own and waits more than it works, and what asks one process through its doors.
BESIDE = (
    "tests/api/", "tests/unit/", "tests/db/test_cluster.py", "tests/db/test_docker_roles.py", "tests/db/test_killing.py",
    "tests/db/test_reconnect.py", "tests/db/test_replica.py",
)  # fmt: skip
REAL_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def _compile_texts() -> None:
    """The English texts as they are in the catalogue now; the set-up compiles them as well."""
    source = CHECKOUT / "gisapp/locale/en/LC_MESSAGES/django.po"
    with source.open("rb") as catalogue, source.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, read_po(catalogue, locale="en"))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(LeftOut(), "left-out")
    worker = getattr(config, "workerinput", {}).get("workerid", "")
    if not worker:
        _compile_texts()
    if not os.environ.get("DATABASE_URL"):
        if worker not in ("", "gw0"):
            _stack.enter_context(_server_of_its_own())
        _stack.enter_context(cluster.in_use())


@contextlib.contextmanager
def _server_of_its_own() -> Iterator[None]:
    """Log-ins, and how far back the oldest transaction reaches, are a whole server's."""
    top = Path(tempfile.mkdtemp(prefix="gisapp-beside-"))
    top.chmod(0o755)
    os.environ["GISAPP_PG"] = str(top / "pg")
    try:
        yield
    finally:
        cluster.stop(immediate=True)
        shutil.rmtree(top)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class Halves(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "beside" if nodeid.startswith(BESIDE) else "main"

    return Halves(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    _stack.close()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The database of the tests is a copy of the prepared one."""
    if not os.environ.get("DATABASE_URL"):
        from django.db import connections

        from tests.prepared import template

        connections["default"].settings_dict["TEST"]["TEMPLATE"] = template()


@pytest.fixture(scope="session", autouse=True)
def _second_factor(django_test_environment: None) -> None:
    from tests import second_factor

    second_factor.install()


@pytest.fixture(scope="session", autouse=True)
def _emptied_quickly(django_test_environment: None) -> None:
    from tests import emptying

    emptying.install()


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """What a process keeps of settings in tables (sites, banners, maintenance) is another test's."""
    from gisapp.registry.kept import forget_all

    forget_all()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real files that nobody here wrote; they lie beside the checkout where they are available."""
    if not REAL_DATA.is_dir():
        pytest.skip("the real files (../shared/data) are not on this machine")
    return REAL_DATA
