"""The product's settings and the test's jobs; a worker process of its own is started with them."""

from gisapp.settings import *  # noqa: F403
from gisapp.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "tests.jobs"]
