"""OGC API Features Part 4: the items of a collection are created, replaced, updated and deleted where they are read.

What reads goes straight to the plain views; what writes goes through DRF, as in REST: the same log-in, the same check
against forgery, the same throttle, the same service.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.views import APIView

from gisapp import errors, layer
from gisapp.api import writes
from gisapp.api.throttles import WriteThrottle
from gisapp.features import views
from gisapp.features.query import parse_id

READING = ("GET", "HEAD")
ACCEPTED = "application/geo+json, application/json"


class _Door(APIView):
    """Throttled like REST; not in REST's document, for /ogc/api describes it."""

    throttle_classes = (WriteThrottle,)
    schema = None

    def allowed(self, *methods: str) -> HttpResponse:
        """What this asker may do here; QGIS opens a layer for editing accordingly."""
        # What DRF would put in its place names every method that the class has.
        self.headers["Allow"] = ", ".join((*READING, "OPTIONS", *methods))
        if "POST" in methods:
            self.headers["Accept-Post"] = ACCEPTED
        if "PATCH" in methods:
            self.headers["Accept-Patch"] = ACCEPTED
        return HttpResponse(status=200)


class Items(_Door):
    """The items of a collection."""

    def get(self, request: Request, name: str) -> HttpResponse:
        """A page of them."""
        return views.items(request._request, name=name)

    def options(self, request: Request, name: str) -> HttpResponse:  # type: ignore[override]
        """What the asker may do with the collection."""
        found = layer.get(name, request.user)
        return self.allowed(*(("POST",) if found.edited_by(request.user) else ()))

    def post(self, request: Request, name: str) -> HttpResponse:
        """A new feature."""
        found = layer.get(name, request.user)
        url = f"{views.root_of(request._request)}/collections/{found.name}"
        return writes.create(request, found, lambda key: f"{url}/items/{key}", _linked(url))


class Item(_Door):
    """One item."""

    def get(self, request: Request, name: str, key: str) -> HttpResponse:
        """The feature."""
        return views.item(request._request, name=name, key=key)

    def options(self, request: Request, name: str, key: str) -> HttpResponse:  # type: ignore[override]
        """What the asker may do with the feature; raises NotFound for what the asker cannot see."""
        found = layer.get(name, request.user)
        wanted = parse_id(found, key)
        if not found.features(request.user).filter(pk=wanted).exists():
            raise errors.NotFound("unknown-feature", layer=found.name, id=key[:100])
        rows = found.editable(request.user).filter(pk=wanted)
        return self.allowed(*(("PUT", "PATCH", "DELETE") if rows.exists() else ()))

    def put(self, request: Request, name: str, key: str) -> HttpResponse:
        """Replace the feature."""
        return self._change(request, name, key, partial=False)

    def patch(self, request: Request, name: str, key: str) -> HttpResponse:
        """Change parts of the feature."""
        return self._change(request, name, key, partial=True)

    def _change(self, request: Request, name: str, key: str, *, partial: bool) -> HttpResponse:
        found = layer.get(name, request.user)
        url = f"{views.root_of(request._request)}/collections/{found.name}"
        return writes.change(request, found, key, partial=partial, shown=_linked(url))

    def delete(self, request: Request, name: str, key: str) -> HttpResponse:
        """Delete the feature."""
        found = layer.get(name, request.user)
        return writes.remove(request, found, key)


def _linked(url: str) -> writes.Shown:
    return lambda content: {**content, "links": views.item_links(url, content["id"])}


_items, _item = Items.as_view(), Item.as_view()


@csrf_exempt  # those that write check it themselves
def items(request: HttpRequest, name: str) -> Any:
    """Reading goes to the plain view."""
    return views.items(request, name=name) if request.method in READING else _items(request, name=name)


@csrf_exempt
def item(request: HttpRequest, name: str, key: str) -> Any:
    """Reading goes to the plain view."""
    return views.item(request, name=name, key=key) if request.method in READING else _item(request, name=name, key=key)
