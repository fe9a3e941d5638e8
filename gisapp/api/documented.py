"""What the OpenAPI document says beyond what DRF's views say of themselves.

An address of the interface that is a plain Django view (a file that is streamed needs none of DRF's negotiation) is
described by `@documented`; `plain_views` puts all of these into the document.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import EndpointEnumerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.views import APIView

Endpoint = tuple[str, str, str, Any]

SELECTING = [
    OpenApiParameter("bbox", str, description="West,Süd,Ost,Nord / west,south,east,north"),
    OpenApiParameter("bbox-crs", str, description="Koordinatensystem von bbox (CRS84) / coordinate system of bbox"),
    OpenApiParameter("datetime", str, description="RFC 3339; die Ebenen haben keine Zeit / the layers have no time"),
    OpenApiParameter("filter", str, description="Bedingung in CQL2 / condition in CQL2: docs/developer/ogc.md"),
    OpenApiParameter("filter-lang", str, enum=["cql2-text", "cql2-json"], description="cql2-text"),
    OpenApiParameter("filter-crs", str, description="Koordinatensystem ihrer Geometrien / system of its geometries"),
    OpenApiParameter(
        "fields", OpenApiTypes.OBJECT, style="form", explode=True,
        description="Felder der Ebene mit ihrem Wert: kind=village / fields of the layer with their value",
    ),
]  # fmt: skip
"""What selects among the features of a layer, wherever there are some."""


def documented(**schema: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Describe a plain view that is read with GET; `schema` is what extend_schema takes, the docstring its words."""

    def described(view: Callable[..., Any]) -> Callable[..., Any]:
        def get(self: APIView, *arguments: Any) -> None:
            """Only described, never asked."""

        get.__doc__ = view.__doc__
        view.documented = type(view.__name__.title(), (APIView,), {"get": extend_schema(**schema)(get)})  # type: ignore[attr-defined]
        return view

    return described


def _views(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for one in patterns:
        route = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from _views(one.url_patterns, route)
        else:
            yield route, one.callback


def plain_views(endpoints: list[Endpoint]) -> list[Endpoint]:
    """drf-spectacular's endpoints and the plain views that are described."""
    path_of = EndpointEnumerator().get_path_from_regex
    found = [
        (route, one.documented) for route, one in _views(get_resolver().url_patterns) if hasattr(one, "documented")
    ]
    return endpoints + [(path_of(route), route, "GET", view.as_view()) for route, view in found]


ONCE = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Dieselbe Anfrage mit demselben Schlüssel geschieht nur einmal (24 h) / done once",
)
