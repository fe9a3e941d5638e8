"""Imports begun in the browser: received, started, watched, stopped, taken back.

The work itself is a job of the queue (`importers.tasks`): the web server only writes down what is wanted, with its few rights.
"""

import contextlib
import re
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gisapp.accounts.roles import is_operator
from gisapp.errors import BadInput, Conflict, NotFound
from gisapp.history import reverting
from gisapp.history.recording import recorded
from gisapp.layer import Target, all_targets, find, target
from gisapp.tasks import declare as tasks
from gisapp.tasks import overview, services
from importers import opening, preview, reach
from importers.mapping import Mapping, read
from importers.models import ImportJob
from importers.tasks import EXIT, folder, path_of, run_import

State = ImportJob.State
_MB = 1024 * 1024


def targets_for(user: Any) -> list[Target]:
    """The layers that this person may import into."""
    found = [(one, find(one.layer)) for one in all_targets()]
    return [one for one, layer in found if layer is not None and layer.edited_by(user)]


def _plain_name(name: str) -> str:
    """The file's own name without anything that a path or a terminal could take for something else."""
    plain = re.sub(r"[^\w.-]+", "_", Path(name).name).strip("._")
    return plain[-100:] or "datei"


def receive(user: Any, layer: str, upload: UploadedFile, organisation: str = "") -> ImportJob:
    """Keep the file and look at it. Raises Forbidden, BadInput("file-too-big") and what the importer refuses."""
    wanted = target(layer)
    if wanted is None:
        raise NotFound("unknown-layer", name=layer[:100])
    person = reach.Person(user, organisation or None)
    reach.may(wanted, person)
    reach.owner(wanted, person)
    job = ImportJob(user=user, layer=layer, organisation=organisation, file=_plain_name(upload.name or ""))
    folder(job).mkdir(parents=True, mode=0o700)
    try:
        _keep(upload, path_of(job))
        if opening.is_osm(path_of(job)):
            raise BadInput("osm-no-mapping")
        found, job.preview = preview.look(wanted, path_of(job))
    except BaseException:
        shutil.rmtree(folder(job))
        raise
    found.source = f"{found.source}@{organisation}" if organisation else found.source
    job.mapping = found.to_toml()
    job.save()
    return job


def _keep(upload: UploadedFile, path: Path) -> None:
    """Piece by piece onto the disk, and no further than the limit."""
    limit, there = settings.UPLOAD_MAX_MB * _MB, 0
    with path.open("wb") as file:
        for piece in upload.chunks(_MB):
            there += len(piece)
            if there > limit:
                size, most = f"{there // _MB} MB", f"{settings.UPLOAD_MAX_MB} MB"
                raise BadInput("file-too-big", size=size, limit=most, setting="GISAPP_UPLOAD_MAX_MB")
            file.write(piece)


def job_of(user: Any, key: Any) -> ImportJob:
    """The person's own import (operators: anybody's) as it is now; raises NotFound("unknown-import")."""
    rows = ImportJob.objects.all() if is_operator(user) else ImportJob.objects.filter(user=user)
    found = rows.filter(pk=key).first()
    if found is None:
        raise NotFound("unknown-import")
    return refresh(found)


def mapping_of(job: ImportJob) -> Mapping:
    folder(job).mkdir(parents=True, mode=0o700, exist_ok=True)
    path = folder(job) / "map.toml"
    path.write_text(job.mapping, encoding="utf-8")
    return read(path)


def start(job: ImportJob, *, dry_run: bool, note: str = "") -> None:
    """Put the run into the queue. Raises Conflict("import-busy") while one is on its way, or it is done."""
    ready = (State.UPLOADED, State.TRIED, State.REFUSED, State.STOPPED)
    (folder(job) / EXIT).unlink(missing_ok=True)
    with transaction.atomic():
        begun = ImportJob.objects.filter(pk=job.pk, state__in=ready).update(
            state=State.RUNNING, dry_run=dry_run, note=note, language=(get_language() or "de")[:2],
            report=None, error="", finished_at=None,
        )  # fmt: skip
        if not begun:
            raise Conflict("import-busy")
        number = tasks.start(run_import, key=f"import:{job.pk}", number=str(job.pk))
        ImportJob.objects.filter(pk=job.pk).update(task=number)
    job.refresh_from_db()


def refresh(job: ImportJob) -> ImportJob:
    """What has become of a run that could not write down its own end: taken out of the queue, stopped, given up."""
    if job.state != State.RUNNING:
        return job
    queued = _queued(job)
    if queued is None or queued.state == "stopped":
        ended, error = State.STOPPED, ""
    elif queued.state == "failed":
        ended, error = State.REFUSED, f"{queued.problem} ({queued.error_code})".strip()
    else:
        if queued.state == "done":
            job.refresh_from_db()
        return job
    ImportJob.objects.filter(pk=job.pk, state=State.RUNNING, task=job.task).update(
        state=ended, error=error, finished_at=timezone.now()
    )
    job.refresh_from_db()
    return job


def _queued(job: ImportJob) -> overview.Job | None:
    found = overview.jobs(job=job.task, limit=1) if job.task else []
    return found[0] if found else None


def progress(job: ImportJob) -> str:
    """What the run has said last, or that it waits for a worker."""
    queued = _queued(job)
    if queued is None or queued.state in ("waiting", "again"):
        return _("wartet, bis ein Arbeitsprozess frei ist")
    if queued.state == "stopping":
        return queued.state_title
    return queued.text or _("beginnt")


def stop(job: ImportJob) -> None:
    """Ask the run to end; its transaction is undone. Nothing happens where none is on its way."""
    if job.state == State.RUNNING and job.task:
        with contextlib.suppress(Conflict, NotFound):  # it has ended this moment
            services.stop(job.task)


def undo(job: ImportJob, user: Any) -> None:
    """Take back what the import changed. Raises Conflict("changed-since") and Forbidden, all or nothing."""
    if job.state != State.DONE or job.change is None:
        raise NotFound("unknown-change", change=job.change or "–")
    with recorded("web", reason=_("Import zurückgenommen: %(file)s") % {"file": job.file}):
        reverting.revert_all(user, job.change)
    ImportJob.objects.filter(pk=job.pk).update(state=State.REVERTED)
