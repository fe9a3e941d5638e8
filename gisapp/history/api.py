"""The history over REST."""

import uuid
from typing import Any

import orjson
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from gisapp.api.serializers import problems
from gisapp.api.throttles import WriteThrottle
from gisapp.features import idempotency
from gisapp.history import reverting
from gisapp.history.recording import recorded
from gisapp.history.story import Change, story

_REASON = {"application/json": {"type": "object", "properties": {"reason": {"type": "string", "maxLength": 500}}}}
_WRITING = problems(400, 401, 403, 404, 409, 415, 422, 429)
_ONCE = [OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)]


def _told(change: Change) -> dict[str, Any]:
    """One change with the state that it left."""
    state = change.state
    return {
        "event": state.event,
        "kind": state.kind,
        "when": state.when,
        "change": state.change,
        **state.told,
        "fields": change.fields,
        "moved": change.moved,
        "properties": state.values,
        "geometry": orjson.Fragment(state.geometry) if state.geometry else None,
    }


def _reason(request: Request) -> str:
    sent = request.data.get("reason") if isinstance(request.data, dict) else None
    return sent.strip() if isinstance(sent, str) else ""


class History(APIView):
    """What happened to a feature."""

    @extend_schema(operation_id="features_history", responses={200: OpenApiTypes.OBJECT, **problems(404)})
    def get(self, request: Request, layer: str, key: str) -> HttpResponse:
        """Alle Änderungen eines Objekts, die neueste zuerst. / All changes of a feature, the newest first."""
        from gisapp.layer import get

        found = get(layer, request.user)
        content = {"layer": found.name, "id": key, "changes": [_told(one) for one in story(found, request.user, key)]}
        return HttpResponse(orjson.dumps(content, default=str), content_type="application/json")


class Revert(APIView):
    """Takes the last change of a feature back."""

    throttle_classes = (WriteThrottle,)

    @extend_schema(operation_id="features_revert", parameters=_ONCE, request=_REASON, responses={204: None, **_WRITING})
    def post(self, request: Request, layer: str, key: str, event: int) -> HttpResponse:
        """Die letzte Änderung zurücknehmen. / Take back the last change."""
        from gisapp.layer import get

        def write() -> HttpResponse:
            with recorded("api", reason=_reason(request)):
                reverting.revert_change(get(layer, request.user), request.user, key, event)
            return HttpResponse(status=204)

        return idempotency.once(request._request, request.user, write)


class RevertAll(APIView):
    """Takes all of a change back, such as a whole import."""

    throttle_classes = (WriteThrottle,)
    permission_classes = (IsAuthenticated,)

    @extend_schema(
        operation_id="changes_revert",
        parameters=_ONCE,
        request=_REASON,
        responses={200: OpenApiTypes.OBJECT, **_WRITING},
    )
    def post(self, request: Request, change: uuid.UUID) -> HttpResponse:
        """Alles einer Änderung zurücknehmen, etwa einen Import. / Take back all of a change, such as an import."""

        def write() -> HttpResponse:
            with recorded("api", reason=_reason(request)):
                done = {"reverted": reverting.revert_all(request.user, change)}
            return HttpResponse(orjson.dumps(done), content_type="application/json")

        return idempotency.once(request._request, request.user, write)
