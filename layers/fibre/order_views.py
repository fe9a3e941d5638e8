"""Work orders over REST. Drafts are written by those who plan; what an order does to the network needs the right to change it."""

from typing import Any
from uuid import UUID

import orjson
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from gisapp.accounts.roles import has_role, is_operator
from gisapp.api.documented import ONCE
from gisapp.api.serializers import problems
from gisapp.api.throttles import WriteThrottle
from gisapp.features import idempotency
from gisapp.geolibs import WGS84_SRID
from layers.fibre import drafts, orders
from layers.fibre.access import LEADS, PLANS, SEES
from layers.fibre.actions import ACTIONS
from layers.fibre.api import private_json
from layers.fibre.models import WorkOrder
from layers.fibre.services import check_role, rights_of


class StepSerializer(serializers.Serializer[Any]):
    """One step. `$2` among the arguments is what step 2 made."""

    action = serializers.ChoiceField(choices=sorted(ACTIONS))
    arguments = serializers.DictField()
    remark = serializers.CharField(max_length=2_000, required=False, allow_blank=True, default="")


class OrderSerializer(serializers.Serializer[Any]):
    """A work order as it is written. `area` is a GeoJSON polygon in CRS84."""

    network = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=100)
    title = serializers.CharField(max_length=300, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=WorkOrder.Kind.choices, required=False)
    area = serializers.JSONField(required=False, allow_null=True)
    begins_on = serializers.DateField(required=False, allow_null=True)
    ends_on = serializers.DateField(required=False, allow_null=True)
    contractor = serializers.EmailField(required=False, allow_null=True, help_text=_("E-Mail-Adresse eines Kontos"))
    remark = serializers.CharField(max_length=5_000, required=False, allow_blank=True)
    steps = serializers.ListField(child=StepSerializer(), required=False, max_length=drafts.MOST_STEPS)


def plain(order: WorkOrder, user: Any = None, *, whole: bool = True, names: bool = True) -> dict[str, Any]:
    """The order for a program; `whole` with steps, area and the last rehearsal as `user` sees it, `names` with the
    contractor's address."""
    told: dict[str, Any] = {
        "id": order.pk, "network": order.network.key, "name": order.name, "title": order.title, "kind": order.kind,
        "state": order.state, "begins_on": order.begins_on, "ends_on": order.ends_on, "remark": order.remark,
    }  # fmt: skip
    if not whole:
        return told
    shape = order.area.transform(WGS84_SRID, clone=True) if order.area else None
    rehearsal = order.rehearsal
    if rehearsal:
        rehearsal = {**rehearsal, "competing": orders.competing(order, rehearsal["changes"], user)}
    steps = order.steps.order_by("ordinal").values("ordinal", "action", "arguments", "remark", "done_at", "result")
    return told | {
        "area": orjson.loads(shape.geojson) if shape else None,
        "contractor": order.contractor.email if names and order.contractor else None,
        "steps": list(steps),
        "rehearsal": rehearsal,
    }


class OrdersView(APIView):
    """All orders that somebody may see, and new ones. Who may is said by `check_role` and by the database."""

    permission_classes = ()
    throttle_classes = (WriteThrottle,)

    @extend_schema(
        operation_id="fibre_orders",
        parameters=[OpenApiParameter("state", str, enum=WorkOrder.State.values), OpenApiParameter("network", str)],
        responses={200: OpenApiTypes.OBJECT, **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> HttpResponse:
        """Aufträge, die neuesten zuerst. / Work orders, the newest first."""
        check_role(request.user, SEES)
        rows = WorkOrder.objects.select_related("network").order_by("-created_at", "name")
        for name, column in (("state", "state"), ("network", "network__key")):
            if said := request.query_params.get(name, "").replace("\x00", ""):
                rows = rows.filter(**{column: said})
        with rights_of(request.user):
            return private_json({"orders": [plain(one, whole=False) for one in rows[:1_000]]})

    @extend_schema(
        operation_id="fibre_order_add",
        parameters=[ONCE],
        request=OrderSerializer,
        responses={201: OpenApiTypes.OBJECT, **problems(400, 401, 403, 404, 409, 415, 422, 429)},
    )
    def post(self, request: Request) -> HttpResponse:
        """Einen Auftrag entwerfen. / Draft a work order."""
        check_role(request.user, PLANS)
        sent = OrderSerializer(data=request.data)
        sent.is_valid(raise_exception=True)

        def write() -> HttpResponse:
            return private_json(plain(drafts.make(request.user, sent.validated_data), request.user), 201)

        return idempotency.once(request._request, request.user, write)


class OrderView(APIView):
    """One order."""

    permission_classes = ()
    throttle_classes = (WriteThrottle,)

    @extend_schema(operation_id="fibre_order", responses={200: OpenApiTypes.OBJECT, **problems(401, 403, 404)})
    def get(self, request: Request, key: UUID) -> HttpResponse:
        """Ein Auftrag mit seinen Schritten. / A work order with its steps."""
        check_role(request.user, SEES)
        order = orders.find(str(key), request.user)
        # Who works for whom is for those who plan, not for other crews.
        names = is_operator(request.user) or has_role(request.user, PLANS)
        return private_json(plain(order, request.user, names=names))

    @extend_schema(
        operation_id="fibre_order_change",
        request=OrderSerializer(partial=True),
        responses={200: OpenApiTypes.OBJECT, **problems(400, 401, 403, 404, 409, 415, 429)},
    )
    def patch(self, request: Request, key: UUID) -> HttpResponse:
        """Einen Entwurf ändern; Schritte werden als Ganzes ersetzt. / Change a draft; its steps are replaced as a whole."""
        check_role(request.user, PLANS)
        sent = OrderSerializer(data=request.data, partial=True)
        sent.is_valid(raise_exception=True)
        order = orders.find(str(key), request.user)
        drafts.change(order, request.user, sent.validated_data)
        return private_json(plain(order, request.user))

    @extend_schema(operation_id="fibre_order_remove", responses={204: None, **problems(401, 403, 404, 409, 429)})
    def delete(self, request: Request, key: UUID) -> HttpResponse:
        """Einen Entwurf löschen. / Delete a draft."""
        check_role(request.user, PLANS)
        order = orders.find(str(key), request.user)
        drafts.delete(order, request.user)
        return HttpResponse(status=204)


def rehearse(order: WorkOrder, user: Any, _accept: bool) -> dict[str, Any]:
    return orders.rehearse(order, user).plain()


def approve(order: WorkOrder, user: Any, _accept: bool) -> dict[str, Any]:
    return orders.approve(order, user).plain()


def complete(order: WorkOrder, user: Any, accept: bool) -> dict[str, Any]:
    return {"changes": list(orders.complete(order, user, accept=accept))}


def _moved(name: str) -> Any:
    def move(order: WorkOrder, user: Any, _accept: bool) -> dict[str, Any]:
        getattr(orders, name)(order, user)
        return {}

    return move


VERBS = {
    "rehearse": (rehearse, _("Probe: was der Auftrag ändern würde, was ihn aufhält, und welche anderen dasselbe anfassen")),
    "approve": (approve, _("Genehmigen, was er jetzt ändern würde")),
    "issue": (_moved("issue"), _("Beauftragen: der Auftragnehmer darf bis zum letzten Tag in seinem Gebiet arbeiten")),
    "reopen": (_moved("reopen"), _("Wieder zum Entwurf machen")),
    "cancel": (_moved("cancel"), _("Verwerfen")),
    "complete": (complete, _("Ausführen: alle Schritte, oder keiner")),
}  # fmt: skip


class _Verb(APIView):
    permission_classes = ()
    throttle_classes = (WriteThrottle,)
    verb = ""

    def _do(self, request: Request, key: UUID) -> HttpResponse:
        # Whoever carries an order out rehearses it too; the order itself says who that is.
        check_role(request.user, SEES if self.verb in ("rehearse", "complete") else LEADS)
        order = orders.find(str(key), request.user)
        accept = request.query_params.get("accept", "") == "1"
        told = VERBS[self.verb][0](order, request.user, accept)
        order.refresh_from_db()
        return private_json({"order": order.name, "state": order.state, **told})


def _view(verb: str) -> type[_Verb]:
    accept = OpenApiParameter(
        "accept", str, enum=["1"], description=_("auch wenn etwas anderes herauskommt als genehmigt")
    )

    @extend_schema(
        operation_id=f"fibre_order_{verb}",
        description=VERBS[verb][1],
        parameters=[accept] if verb == "complete" else [],
        request=None,
        responses={200: OpenApiTypes.OBJECT, **problems(401, 403, 404, 409, 429)},
    )
    def post(self: _Verb, request: Request, key: UUID) -> HttpResponse:
        return self._do(request, key)

    return type(f"{verb.capitalize()}Order", (_Verb,), {"verb": verb, "post": post, "__doc__": str(verb)})


def urls() -> list[URLPattern]:
    """The addresses of work orders."""
    return [
        path("fibre/orders", OrdersView.as_view(), name="fibre-orders"),
        path("fibre/orders/<uuid:key>", OrderView.as_view(), name="fibre-order"),
        *(path(f"fibre/orders/<uuid:key>/{verb}", _view(verb).as_view(), name=f"fibre-order-{verb}") for verb in VERBS),
    ]
