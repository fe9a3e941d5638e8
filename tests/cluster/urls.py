"""The product's addresses, and three that do what a replica cannot: write, stream, and look at how they are answered."""

from collections.abc import Iterator

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

from gisapp.registry import facts
from gisapp.urls import *  # noqa: F403
from gisapp.urls import urlpatterns as real


def writes(request: HttpRequest) -> HttpResponse:
    """A GET that writes, which no product page should do and some day one will."""
    facts.put("tests-cluster", request.GET["value"])
    return HttpResponse(facts.get("tests-cluster") or "")


def streams(request: HttpRequest) -> StreamingHttpResponse:
    """A stream inside of a transaction whose view nobody marked as one."""

    def pieces() -> Iterator[bytes]:
        with transaction.atomic():
            for number in range(3):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_is_in_recovery()")
                    yield f"{number}:{cursor.fetchone()[0]} ".encode()

    return StreamingHttpResponse(pieces())


def where(request: HttpRequest) -> JsonResponse:
    """Which server answers this, and who asks; slower on wish."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery(), pg_sleep(%s)", [float(request.GET.get("sleep", "0"))])
        recovering = cursor.fetchone()[0]
    return JsonResponse({"replica": recovering, "user": getattr(request.user, "email", "")})


urlpatterns = [path("t/writes", writes), path("t/streams", streams), path("t/where", where), *real]
