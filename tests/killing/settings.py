"""The product's settings; only the limit on writes is out of the writers' way."""

from gisapp.settings import *  # noqa: F403
from gisapp.settings import REST_FRAMEWORK

REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_THROTTLE_RATES": {"write": "1000000/min", "search": "1000000/min", "download": "1000000/min"},
}
