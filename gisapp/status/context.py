"""What stands at the head of every page."""

from typing import Any

from django.http import HttpRequest

from gisapp.status import maintenance
from gisapp.status.live import banners


def notices(request: HttpRequest) -> dict[str, Any]:
    """The context processor: banners, and whether nothing can be written just now."""
    state = maintenance.state()
    return {"notices": banners(), "read_only": state if state.mode == maintenance.READ_ONLY else None}
