"""The actions over REST: one address each, made from the table of actions (`actions.py`)."""

from typing import Any

from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from gisapp.api.documented import ONCE
from gisapp.api.serializers import problems
from gisapp.api.throttles import WriteThrottle
from gisapp.errors import BadInput
from gisapp.features import idempotency
from layers.fibre.actions import ACTIONS, Action, Argument, Takes
from layers.fibre.api import private_json
from layers.fibre.services import check_may, perform
from layers.fibre.values import LIFECYCLE

_DRY = OpenApiParameter("dry", str, enum=["1"], description=_("Probelauf: alles wird geprüft und nichts geschrieben"))
_NUMBER = {"type": "integer", "minimum": 1, "maximum": 32_767}
_REF = {"type": "string", "minLength": 1, "maxLength": 200}
_SCHEMAS: dict[Takes, dict[str, Any]] = {
    Takes.NODES: {"type": "array", "items": _REF, "maxItems": 100},
    Takes.POINT: {"type": "object", "description": "GeoJSON Point, CRS84"},
    Takes.NUMBER: _NUMBER,
    Takes.NUMBERS: {"type": "array", "items": _NUMBER, "minItems": 1, "uniqueItems": True},
    Takes.ADDRESS: {"type": "integer", "minimum": 1},
    Takes.METRES: {"type": "number", "minimum": 0.1, "maximum": 5_000},
    Takes.YES_NO: {"type": "boolean"},
    Takes.LEAD: {"type": "string", "enum": ["a", "b"]},
    Takes.LIFECYCLE: {"type": "string", "enum": list(LIFECYCLE)},
}
_ANSWERS: dict[str, dict[str, Any]] = {
    "id": {"id": {"type": "string", "format": "uuid"}},
    "ids": {"ids": {"type": "array", "items": {"type": "string", "format": "uuid"}}},
    "count": {"count": {"type": "integer"}},
    "nothing": {},
    "told": {},
}


def _schema(one: Argument) -> dict[str, Any]:
    among = {"type": "string", "enum": list(one.choices)} if one.choices else _SCHEMAS.get(one.takes, _REF)
    return {**among, "description": f"{one.text.de} / {one.text.en}"}


def request_schema(action: Action) -> dict[str, Any]:
    """The body of an action as JSON Schema."""
    return {
        "type": "object", "additionalProperties": False,
        "required": [one.name for one in action.arguments if one.required],
        "properties": {one.name: _schema(one) for one in action.arguments},
    }  # fmt: skip


def _answer_schema(action: Action) -> dict[str, Any]:
    return {
        "type": "object", "required": ["action"],
        "properties": {"action": {"type": "string"}, "dry": {"type": "boolean"}, **_ANSWERS[action.returns]},
    }  # fmt: skip


class _Act(APIView):
    """One action. Who may is said by `check_may` and by the database."""

    permission_classes = ()
    throttle_classes = (WriteThrottle,)
    action: Action

    def _act(self, request: Request) -> HttpResponse:
        check_may(self.action, request.user)
        dry = request.query_params.get("dry", "")
        if dry not in ("", "1"):
            raise BadInput("bad-value", field="dry", name="dry", value=dry[:50].replace("\x00", "?"))

        def write() -> HttpResponse:
            told = perform(self.action, request.data, user=request.user, dry=bool(dry))
            return private_json(told)

        return idempotency.once(request._request, request.user, write)


def _view(action: Action) -> type[_Act]:
    @extend_schema(
        operation_id="fibre_" + action.name.replace("-", "_"),
        description=f"{action.text.de} / {action.text.en}",
        summary=f"{action.title.de} / {action.title.en}",
        parameters=[ONCE, _DRY],
        request={"application/json": request_schema(action)},
        responses={
            (200, "application/json"): _answer_schema(action),
            **problems(400, 401, 403, 404, 409, 415, 422, 429),
        },
    )
    def post(self: _Act, request: Request) -> HttpResponse:
        return self._act(request)

    name = "".join(part.capitalize() for part in action.name.split("-"))
    return type(f"{name}Action", (_Act,), {"action": action, "post": post, "__doc__": action.title.de})


def urls() -> list[URLPattern]:
    """The addresses of all actions."""
    return [
        path(f"fibre/actions/{name}", _view(one).as_view(), name=f"fibre-do-{name}") for name, one in ACTIONS.items()
    ]
