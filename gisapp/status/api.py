"""The state of the installation for programs; it is answered during maintenance too, and asks no database."""

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes

from gisapp.api.documented import documented
from gisapp.status import maintenance
from gisapp.status.live import banners


@documented(operation_id="status", responses={200: OpenApiTypes.OBJECT})
@csrf_exempt
@require_safe
def status(request: HttpRequest) -> HttpResponseBase:
    """Wartung und Mitteilungen. / Maintenance and notices."""
    body = {"maintenance": maintenance.state().as_dict(), "banners": [one.as_dict() for one in banners()]}
    response = JsonResponse(body, json_dumps_params={"ensure_ascii": False})
    response["Cache-Control"] = "no-cache"
    response["Access-Control-Allow-Origin"] = "*"
    response.gisapp_wordless = True  # type: ignore[attr-defined]
    return response
