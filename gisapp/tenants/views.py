"""A site's style sheet, its logo, and what the law wants it to say."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.http import parse_etags
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from gisapp.errors import NotFound
from gisapp.map.context import page_context
from gisapp.map.languages import with_language
from gisapp.tenants.context import sheet_of
from gisapp.tenants.current import current
from gisapp.tenants.models import LegalText, Logo

FOR_EVER = "public, max-age=31536000, immutable"


def _known(request: HttpRequest, tag: str) -> bool:
    return any(one.removeprefix("W/") in (tag, "*") for one in parse_etags(request.headers.get("If-None-Match", "")))


def _kept(request: HttpRequest, tag: str, kind: str, body: bytes | None, lasting: bool) -> HttpResponse:
    """The answer for something whose address says its content."""
    response = HttpResponseNotModified() if body is None or _known(request, tag) else HttpResponse(body)
    response["Content-Type"] = kind
    response["ETag"] = tag
    response["Cache-Control"] = FOR_EVER if lasting else "no-cache"
    response.gisapp_wordless = True  # type: ignore[attr-defined]
    return response


@csrf_exempt
@require_safe
def style(request: HttpRequest, version: str) -> HttpResponse:
    """The colours of this site. An old version's address gets the present colours, to be asked for again."""
    site = current()
    text, now = sheet_of(site.primary, site.accent) if site else ("", "")
    if not text:
        raise NotFound("unknown-address")
    return _kept(request, f'"{now}"', "text/css; charset=utf-8", text.encode(), version == now)


@csrf_exempt
@require_safe
def logo(request: HttpRequest, digest: str) -> HttpResponse:
    """A logo; whoever has it is told so without a look at the picture."""
    tag = f'"{digest}"'
    if _known(request, tag):
        return _kept(request, tag, "image/png", None, True)
    found = Logo.objects.filter(pk=digest).first()
    if found is None:
        raise NotFound("unknown-address")
    return _kept(request, tag, "image/png", bytes(found.png), True)


@require_safe
@with_language
def legal(request: HttpRequest, kind: str) -> HttpResponse:
    """Imprint, privacy statement, accessibility statement: the site's own text, else the one for all sites."""
    site = current()
    rows = LegalText.objects.filter(kind=kind)
    found = (rows.filter(tenant_id=site.id).first() if site else None) or rows.filter(tenant=None).first()
    if found is None:
        raise NotFound("unknown-address")
    context = {"legal_title": found.get_kind_display(), "text": found.text(request.LANGUAGE_CODE)}
    return render(request, "tenants/legal.html", {**page_context(request), **context})
