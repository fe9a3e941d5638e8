"""The pages at /import/: upload, mapping, dry run, run, undo."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from gisapp import layer as registry
from gisapp.accounts.models import Organisation
from gisapp.accounts.roles import INSIDE, is_known, is_operator, organisations_of
from gisapp.errors import BadInput, Forbidden, GisError
from gisapp.map.context import page_context, preloaded, script_data
from gisapp.map.languages import with_language
from gisapp.map.start import start_view
from gisapp.replica.routing import at_primary
from importers import jobs
from importers.models import ImportJob

MOST_LISTED = 100
SHOWN_ROWS = 20


def _person(request: HttpRequest) -> Any:
    """Who may import anything at all; raises GisError("not-logged-in") and Forbidden.

    A run goes on in the person's own name, with all of the person's rights: a token that has fewer begins none.
    """
    if hasattr(request, "gisapp_token"):
        raise Forbidden("token-not-here")
    if not is_known(request.user):
        raise GisError("not-logged-in")
    if not jobs.targets_for(request.user):
        raise Forbidden("forbidden")
    return request.user


def _organisations(user: Any) -> list[Organisation]:
    rows = Organisation.objects.filter(active=True).order_by("name")
    return list(rows if is_operator(user) else rows.filter(pk__in=organisations_of(user, INSIDE)))


@at_primary
@require_safe
@with_language
def overview(request: HttpRequest) -> HttpResponse:
    """The form for a file, and the imports so far."""
    user = _person(request)
    rows = ImportJob.objects.all() if is_operator(user) else ImportJob.objects.filter(user=user)
    layers = [registry.get(one.layer, user) for one in jobs.targets_for(user)]
    context = {
        "layers": layers,
        "owned": [one.name for one in layers if one.owner],
        "organisations": _organisations(user),
        "jobs": [jobs.refresh(one) for one in rows.select_related("user")[:MOST_LISTED]],
    }
    return render(request, "importers/overview.html", {**page_context(request), **context})


@require_POST
@with_language
def upload(request: HttpRequest) -> HttpResponse:
    """Take the file and go on to its page."""
    user = _person(request)
    file = request.FILES.get("file")
    if file is None:
        raise BadInput("bad-value", field="file", name="file", value="")
    name = request.POST.get("layer", "")
    found = registry.get(name, user)
    job = jobs.receive(user, name, file, request.POST.get("organisation", "") if found.owner else "")
    return HttpResponseRedirect(reverse("import-job", args=[job.pk]))


def _fields(job: ImportJob) -> list[dict[str, Any]]:
    """The layer's fields with the column that fills each."""
    target, chosen = jobs.target(job.layer), jobs.mapping_of(job)
    assert target is not None
    return [
        {"name": one.name, "title": str(one.title), "column": chosen.fields.get(one.name, ""),
         "required": one.name in target.required and one.name not in target.defaults}
        for one in target.fields
    ]  # fmt: skip


@at_primary
@require_safe
@with_language
def job(request: HttpRequest, key: UUID) -> HttpResponse:
    """One import: what is in the file and where it goes, and how the last run went."""
    user = _person(request)
    found = jobs.job_of(user, key)
    layer, running = registry.get(found.layer, user), found.state == jobs.State.RUNNING
    editable = found.state in (jobs.State.UPLOADED, jobs.State.TRIED, jobs.State.REFUSED, jobs.State.STOPPED)
    data = script_data(request, registry.visible_layers(user), start_view([layer]))
    data["states"] = [None, found.preview.get("geometry")]
    context = {
        "job": found, "layer": layer, "running": running, "editable": editable,
        "progress": jobs.progress(found) if running else "",
        "columns": found.preview["columns"], "rows": found.preview["rows"][:SHOWN_ROWS],
        "fields": _fields(found) if editable else [], "mapping": jobs.mapping_of(found) if editable else None,
        "counts": _counts(found), "rejected": (found.report or {}).get("rejected", [])[:50],
        "modules": preloaded("past.js"), "data": data,
    }  # fmt: skip
    return render(request, "importers/job.html", {**page_context(request), **context})


def _counts(job: ImportJob) -> dict[str, int]:
    names = ("read", "created", "updated", "unchanged", "retired", "repaired", "rejected_count")
    return {name: job.report[name] for name in names} if job.report else {}


@require_POST
@with_language
def run(request: HttpRequest, key: UUID) -> HttpResponse:
    """Keep the mapping and begin a dry run or the real one."""
    user = _person(request)
    found = jobs.job_of(user, key)
    chosen, columns = jobs.mapping_of(found), set(found.preview["columns"])
    for one in _fields(found):
        column = request.POST.get(f"field_{one['name']}", "")
        if column and column not in columns:
            raise BadInput("no-such-column", column=column[:100], columns=", ".join(sorted(columns)))
        chosen.fields.pop(one["name"], None)
        if column:
            chosen.fields[one["name"]] = column
    chosen.id_column = request.POST.get("id_column", "") if request.POST.get("id_column", "") in columns else ""
    chosen.crs = request.POST.get("crs", "").strip()[:100]
    chosen.source = request.POST.get("source", "").strip()[:100] or chosen.source
    found.mapping = chosen.to_toml()
    found.save(update_fields=["mapping"])
    jobs.start(found, dry_run=request.POST.get("run") != "real", note=request.POST.get("note", "").strip()[:500])
    return HttpResponseRedirect(reverse("import-job", args=[found.pk]))


@at_primary
@require_safe
def state(request: HttpRequest, key: UUID) -> HttpResponse:
    """How far it is, for the page's script."""
    found = jobs.job_of(_person(request), key)
    return JsonResponse({"state": found.state, "progress": jobs.progress(found)})


@require_POST
@with_language
def stop(request: HttpRequest, key: UUID) -> HttpResponse:
    """End the run."""
    found = jobs.job_of(_person(request), key)
    jobs.stop(found)
    return HttpResponseRedirect(reverse("import-job", args=[found.pk]))


@require_POST
@with_language
def undo(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take the import back."""
    user = _person(request)
    found = jobs.job_of(user, key)
    jobs.undo(found, user)
    return HttpResponseRedirect(reverse("import-job", args=[found.pk]))
