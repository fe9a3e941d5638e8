"""The run of an import that was begun in the browser, as a job of the queue.

It is `gisapp import` in a process of its own under the worker: what a broken file does to a geometry library ends that
process alone, it is stopped like any command, and does what the command line does.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from gisapp.layer import Text
from gisapp.tasks.declare import task
from gisapp.tasks.progress import Progress
from importers import leftovers
from importers.models import ImportJob

__all__ = ["leftovers", "run_import"]

State = ImportJob.State
PATIENCE_S = 5.0
"""So long a run that was told to stop may tidy up."""
LOOK_S = 0.2
EXIT, REPORT, LOG = "exit", "out.json", "log.txt"
STOPPED, KILLED = (130, 128 + signal.SIGTERM, -signal.SIGTERM), 128 + signal.SIGKILL


def folder(job: ImportJob) -> Path:
    return Path(settings.MEDIA_ROOT) / "imports" / str(job.pk)


def path_of(job: ImportJob) -> Path:
    return folder(job) / job.file


@task("importers.run", title=Text("Daten einlesen", "Import data"), tries=3, first_wait=2, stoppable=True)
def run_import(progress: Progress, number: str) -> None:
    """Run the import and write down how it ended. A worker that died after the work was done leaves its end in a file."""
    job = ImportJob.objects.select_related("user").filter(pk=number, state=State.RUNNING).first()
    if job is None:
        return
    code = _ended(job)
    _finish(job, _run(progress, job) if code is None else code)


def _ended(job: ImportJob) -> int | None:
    """The exit code of an earlier try that came to its end unseen."""
    file = folder(job) / EXIT
    return int(file.read_text()) if file.exists() and file.read_text().strip() == "0" else None


def _run(progress: Progress, job: ImportJob) -> int:
    place = folder(job)
    (place / "map.toml").write_text(job.mapping, encoding="utf-8")
    command = [
        sys.executable, "-m", "gisapp", "import", job.layer, str(path_of(job)), "--map", str(place / "map.toml"), "--json",
        # In one word each: what somebody typed may begin with a hyphen.
        f"--as={job.user.email}", f"--organisation={job.organisation}", f"--note={job.note}",
        f"--language={job.language}", f"--end-with={os.getpid()}", *(["--dry-run"] if job.dry_run else []),
    ]  # fmt: skip
    # A try before this one may still be ending: files of our own, so that it does not write into them.
    for name in (REPORT, LOG, EXIT):
        (place / name).unlink(missing_ok=True)
    with (place / REPORT).open("wb") as out, (place / LOG).open("wb") as log:
        wrapper = [
            "/bin/sh",
            "-c",
            '"$@"; echo $? >"$0.$$"; mv "$0.$$" "$0"; exit $(cat "$0")',
            str(place / EXIT),
            *command,
        ]
        process = subprocess.Popen(
            wrapper, stdout=out, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )  # fmt: skip
    try:
        while process.poll() is None:
            said = _last_line(place)[:200]
            progress.checkpoint(text=Text(said, said))
            time.sleep(LOOK_S)
    finally:
        _end(process)
    return process.returncode


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the run, if it has not ended: in order, and if a library swallows that, at once."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sent)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_S)


def _last_line(place: Path) -> str:
    lines = (place / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _finish(job: ImportJob, code: int) -> None:
    """Write down how the run ended; whoever is first to do so does it."""
    place = folder(job)
    found: dict[str, object] = {
        "state": State.STOPPED if code in STOPPED else State.REFUSED,
        "finished_at": timezone.now(),
    }
    if code == 0:
        report = json.loads((place / REPORT).read_text(encoding="utf-8"))
        state = State.TRIED if job.dry_run else State.DONE
        found |= {"report": report, "state": state, "change": report["change"] or None}
    elif found["state"] == State.REFUSED:
        with translation.override(job.language):
            ended = _("der Lauf wurde vom System beendet; vermutlich reichte der Speicher nicht")
        found["error"] = ended if code == KILLED else _last_line(place).removeprefix("gisapp: ")[:2000]
    ImportJob.objects.filter(pk=job.pk, state=State.RUNNING).update(**found)
    if found["state"] == State.DONE:
        path_of(job).unlink(missing_ok=True)
