"""The network's questions over REST: where does it go, who is hit, how full is it."""

from contextlib import nullcontext
from typing import Any

import orjson
from django.contrib.gis.gdal import GDALException
from django.contrib.gis.geos import GEOSException, GEOSGeometry
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from gisapp.accounts.roles import grants_of, is_known, is_operator
from gisapp.api.serializers import problems
from gisapp.errors import BadInput, Forbidden, GisError, NotFound
from gisapp.geolibs import STORAGE_SRID, WGS84_SRID
from gisapp.history.asof import as_of, parse
from gisapp.history.middleware import PARAMETER as AS_OF
from layers.fibre.access import SEES
from layers.fibre.impact import Cut, impact
from layers.fibre.occupancy import KINDS, occupancy
from layers.fibre.refs import starts, thing, tubes
from layers.fibre.tracing import Sight, trace
from layers.fibre.tubetrace import tube_ways

_REF = OpenApiParameter(
    "ref",
    str,
    required=True,
    description=_("Kabel:Faser, Gehäuse/Port, Splitter#Bein, Knoten, Adresse oder Schlüssel"),
)
_POLYGON = {
    "application/json": {
        "type": "object", "required": ["polygon"],
        "properties": {"polygon": {"type": "object", "description": "GeoJSON Polygon, CRS84"}},
    }
}  # fmt: skip
_AS_OF = OpenApiParameter(AS_OF, str, description=_("Stand vom: Datum oder Zeitpunkt nach RFC 3339"))
_REFS = OpenApiParameter(
    "ref",
    str,
    required=True,
    many=True,
    description=_(
        "Trasse, Rohr, Kabel, Gehäuse, Netzknoten, Gemeinde oder Netz, mit Namen oder Schlüssel; mehrmals erlaubt"
    ),
)
_WHAT = OpenApiParameter("what", str, enum=KINDS, description=_("was gemeint ist, wenn mehreres so heißt"))
# More objects in one question than this are several questions.
MOST_REFS = 100
# More ends than this in one question are a list for the printer, not an answer.
MOST = 3_000


def sight_of(user: Any) -> Sight:
    """The organisations whose networks this person sees as a whole.

    A membership that is limited to areas does not see where a fibre goes beyond them: it traces nothing. Raises
    GisError("not-logged-in") and Forbidden.
    """
    if not is_known(user):
        raise GisError("not-logged-in")
    if is_operator(user):
        return None
    found = {one.organisation for one in grants_of(user) if one.role in SEES and not one.areas}
    if not found:
        raise Forbidden("forbidden")
    return found


def _ref(request: Request) -> str:
    ref = request.query_params.get("ref", "").strip()
    if not ref or len(ref) > 200 or "\x00" in ref:
        raise BadInput("bad-value", field="ref", name="ref", value=ref[:100].replace("\x00", "?"))
    return ref


def private_json(content: Any, status: int = 200) -> HttpResponse:
    """An answer about a network."""
    response = HttpResponse(orjson.dumps(content, default=str), content_type="application/json", status=status)
    # Critical infrastructure: no cache on the way keeps it.
    response["Cache-Control"] = "private, no-store"
    return response


class TraceView(APIView):
    """Where a fibre goes. Who may ask is said by sight_of."""

    permission_classes = ()

    @extend_schema(
        operation_id="fibre_trace",
        parameters=[_REF, _AS_OF],
        responses={200: OpenApiTypes.OBJECT, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> HttpResponse:
        """Verfolgen, wohin eine Faser führt. / Trace where a fibre goes."""
        sight, ref = sight_of(request.user), _ref(request)
        found = starts(ref, sight)
        if len(found) > MOST:
            raise BadInput("fibre-too-many", ref=ref, count=len(found), most=MOST)
        traces = trace(found, sight, geometry=len(found) <= 12)
        if not traces:
            raise NotFound("fibre-unknown", ref=ref)
        return private_json({"ref": ref, "traces": [one.plain() for one in traces]})


class TubeView(APIView):
    """Where a tube leads. Who may ask is said by sight_of."""

    permission_classes = ()

    @extend_schema(
        operation_id="fibre_tube",
        parameters=[_REF, _AS_OF],
        responses={200: OpenApiTypes.OBJECT, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> HttpResponse:
        """Wohin ein Röhrchen führt. / Where a tube leads."""
        sight, ref = sight_of(request.user), _ref(request)
        return private_json({"ref": ref, "ways": [one.plain() for one in tube_ways(tubes(ref, sight), sight)]})


class ImpactView(APIView):
    """Who is hit. To post an area is to ask: nothing is written."""

    permission_classes = ()

    @extend_schema(
        operation_id="fibre_impact",
        parameters=[_REF, _AS_OF],
        responses={200: OpenApiTypes.OBJECT, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> HttpResponse:
        """Wen es trifft, wenn dies durchtrennt oder aufgegraben wird. / Who is hit when this is cut or dug up."""
        sight, ref = sight_of(request.user), _ref(request)
        return private_json({"ref": ref, **impact(cut_of(ref, sight), sight).plain()})

    @extend_schema(
        operation_id="fibre_impact_of_area",
        request=_POLYGON,
        parameters=[_AS_OF],
        responses={200: OpenApiTypes.OBJECT, **problems(400, 401, 403, 415)},
    )
    def post(self, request: Request) -> HttpResponse:
        """Wen es trifft, wenn in dieser Fläche gegraben wird. / Who is hit when somebody digs in this area."""
        sight = sight_of(request.user)
        sent = request.data.get("polygon") if isinstance(request.data, dict) else None
        cut = Cut(polygon=str(polygon_of(sent).ewkt))
        # A question that is posted looks at the past as one that is not.
        when = request.query_params.get(AS_OF)
        with as_of(parse(when)) if when else nullcontext():
            return private_json(impact(cut, sight).plain())


class OccupancyView(APIView):
    """How full it is. Who may ask is said by sight_of."""

    permission_classes = ()

    @extend_schema(
        operation_id="fibre_occupancy",
        parameters=[_REFS, _WHAT],
        responses={200: OpenApiTypes.OBJECT, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request) -> HttpResponse:
        """Was belegt und was frei ist. / What is taken and what is free."""
        sight = sight_of(request.user)
        refs = [one.strip() for one in request.query_params.getlist("ref")]
        bad = next((one for one in refs if not one or len(one) > 200 or "\x00" in one), None if refs else "")
        if bad is not None:
            raise BadInput("bad-value", field="ref", name="ref", value=bad[:100].replace("\x00", "?"))
        if len(refs) > MOST_REFS:
            raise BadInput("fibre-too-many", ref=refs[0], count=len(refs), most=MOST_REFS)
        what = request.query_params.get("what", "")
        if what and what not in KINDS:
            raise BadInput("bad-value", field="what", name="what", value=what[:100].replace("\x00", "?"))
        return private_json({"objects": [one.plain() for one in occupancy(refs, sight, what)]})


def cut_of(ref: str, sight: Sight) -> Cut:
    """A fibre, or the one object of that name."""
    if ":" in ref.rpartition("|")[2]:
        pieces = [one.id for one in starts(ref, sight) if one.kind == "fibre"]
        if pieces:
            return Cut(pieces=pieces)
    found = thing(ref, sight, "segment", "node", "duct", "cable")
    cut = Cut()
    {"segment": cut.segments, "node": cut.nodes, "duct": cut.ducts, "cable": cut.cables}[found.table].append(found.id)
    return cut


def polygon_of(sent: Any, field: str = "") -> GEOSGeometry:
    """A GeoJSON polygon in CRS84 as geometry in EPSG:25832. Raises BadInput("fibre-no-polygon")."""
    try:
        shape = GEOSGeometry(orjson.dumps(sent).decode(), srid=WGS84_SRID)
        if (
            shape.geom_type not in ("Polygon", "MultiPolygon")
            or shape.empty
            or not shape.valid
            or shape.num_points > 10_000
        ):
            raise ValueError("no polygon")
        shape.transform(STORAGE_SRID)
    except (GEOSException, GDALException, ValueError, TypeError) as error:
        raise BadInput("fibre-no-polygon", field=field) from error
    return shape
