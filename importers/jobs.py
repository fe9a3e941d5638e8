"""Imports begun in the browser: received, started, watched, stopped, taken back.

The work itself is `gisapp import` in a process of its own: it outlives the request, is stopped like any command, and
does what the command line does. `start` is the one place that knows how it runs.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gisapp.accounts.roles import is_operator
from gisapp.errors import BadInput, Conflict, NotFound
from gisapp.history import reverting
from gisapp.history.recording import recorded
from gisapp.layer import Target, all_targets, find, target
from importers import opening, preview, reach
from importers.mapping import Mapping, read
from importers.models import ImportJob

State = ImportJob.State
PATIENCE_S = 5.0
"""So long a run that was told to stop may tidy up."""
_MB = 1024 * 1024


def targets_for(user: Any) -> list[Target]:
    """The layers that this person may import into."""
    found = [(one, find(one.layer)) for one in all_targets()]
    return [one for one, layer in found if layer is not None and layer.edited_by(user)]


def folder(job: ImportJob) -> Path:
    return Path(settings.MEDIA_ROOT) / "imports" / str(job.pk)


def path_of(job: ImportJob) -> Path:
    return folder(job) / job.file


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
    """Begin the run in the background. Raises Conflict("import-busy") while one is on its way, or it is done."""
    ready = (State.UPLOADED, State.TRIED, State.REFUSED, State.STOPPED)
    begun = ImportJob.objects.filter(pk=job.pk, state__in=ready).update(
        state=State.RUNNING, dry_run=dry_run, report=None, error="", pid=None, finished_at=None
    )
    if not begun:
        raise Conflict("import-busy")
    place = folder(job)
    (place / "exit").unlink(missing_ok=True)
    (place / "map.toml").write_text(job.mapping, encoding="utf-8")
    command = [
        sys.executable, "-m", "gisapp", "import", job.layer, str(path_of(job)), "--map", str(place / "map.toml"), "--json",
        # In one word each: what somebody typed may begin with a hyphen.
        f"--as={job.user.email}", f"--organisation={job.organisation}", f"--note={note}",
        "--language", (get_language() or "de")[:2],
        *(["--dry-run"] if dry_run else []),
    ]  # fmt: skip
    # The commands' role in the database, not the web server's.
    environment = {name: value for name, value in os.environ.items() if name != "GISAPP_SERVING"}
    with (place / "out.json").open("wb") as out, (place / "log.txt").open("wb") as log:
        wrapper = ["/bin/sh", "-c", '"$@"; echo $? >"$0"', str(place / "exit"), *command]
        process = subprocess.Popen(wrapper, stdout=out, stderr=log, stdin=subprocess.DEVNULL, env=environment,
                                   start_new_session=True)  # fmt: skip
    threading.Thread(target=process.wait, daemon=True).start()
    ImportJob.objects.filter(pk=job.pk).update(pid=process.pid)
    job.refresh_from_db()


def _alive(pid: int | None) -> bool:
    if pid is None:
        return True
    try:
        os.killpg(pid, 0)  # the run itself, too, not its wrapper alone
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def refresh(job: ImportJob) -> ImportJob:
    """Write down how the run ended, once it has."""
    ended = folder(job) / "exit"
    if job.state != State.RUNNING or (not ended.exists() and _alive(job.pid)):
        return job
    code = int(ended.read_text().strip() or 1) if ended.exists() else -1
    job.state, job.finished_at, job.pid = State.STOPPED if code in (-1, 130) else State.REFUSED, timezone.now(), None
    if code == 0:
        job.report = json.loads((folder(job) / "out.json").read_text(encoding="utf-8"))
        job.state = State.TRIED if job.dry_run else State.DONE
        job.change = job.report["change"] or None
    elif job.state == State.REFUSED:
        lines = (folder(job) / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        job.error = lines[-1].removeprefix("gisapp: ")[:2000] if lines else ""
    # Whoever looks first writes it down.
    fields = {name: getattr(job, name) for name in ("state", "finished_at", "pid", "report", "change", "error")}
    ImportJob.objects.filter(pk=job.pk, state=State.RUNNING).update(**fields)
    if job.state == State.DONE:
        path_of(job).unlink(missing_ok=True)
    return job


def progress(job: ImportJob) -> str:
    """The last line that the run has said."""
    log = folder(job) / "log.txt"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1][:200] if lines else _("beginnt")


def stop(job: ImportJob) -> None:
    """End the run; its transaction is undone. Nothing happens where none is on its way."""
    if job.state == State.RUNNING and job.pid is not None and _alive(job.pid):
        _signal(job.pid, signal.SIGTERM)
        # A library that swallows the interruption does not carry on for long.
        ending = threading.Timer(PATIENCE_S, _signal, (job.pid, signal.SIGKILL))
        ending.daemon = True
        ending.start()


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def undo(job: ImportJob, user: Any) -> None:
    """Take back what the import changed. Raises Conflict("changed-since") and Forbidden, all or nothing."""
    if job.state != State.DONE or job.change is None:
        raise NotFound("unknown-change", change=job.change or "–")
    with recorded("web", reason=_("Import zurückgenommen: %(file)s") % {"file": job.file}):
        reverting.revert_all(user, job.change)
    ImportJob.objects.filter(pk=job.pk).update(state=State.REVERTED)
