"""The suite runs on the project's own PostGIS: the private cluster, in a database beside the demo's."""

import contextlib
import os
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from gisapp import cluster
from gisapp.paths import CHECKOUT
from tests.programs import LeftOut

_stack = contextlib.ExitStack()
REAL_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def _compile_texts() -> None:
    """The English texts as they are in the catalogue now; the set-up compiles them as well."""
    source = CHECKOUT / "gisapp/locale/en/LC_MESSAGES/django.po"
    with source.open("rb") as catalogue, source.with_suffix(".mo").open("wb") as compiled:
        write_mo(compiled, read_po(catalogue, locale="en"))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(LeftOut(), "left-out")
    if not hasattr(config, "workerinput"):
        _compile_texts()
    if not os.environ.get("DATABASE_URL"):
        _stack.enter_context(cluster.in_use())


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
