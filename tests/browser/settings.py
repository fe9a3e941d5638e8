"""The site's settings with one app more, as an operator would add it."""

from gisapp.settings import *  # noqa: F403
from gisapp.settings import INSTALLED_APPS as THEIRS

INSTALLED_APPS = [*THEIRS, "tests.browser.own_page"]
