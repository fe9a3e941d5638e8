"""What imports leave behind: uploads that nobody ran, and the folders of those that are over."""

import datetime
import shutil
import time
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from gisapp.layer import Text
from gisapp.tasks import retention
from gisapp.tasks.declare import task
from gisapp.tasks.progress import Progress
from importers.models import ImportJob

State = ImportJob.State
UNUSED = (State.UPLOADED, State.TRIED, State.REFUSED, State.STOPPED)
OVER = (State.DONE, State.REVERTED)
FRESH_S = 24 * 3600
"""A folder without a row that is younger than this may be an upload that is just arriving."""


def forget_unused() -> int:
    """Imports that were never put into the data: the row goes, and with it what the preview kept of the file. Of those
    that were, the preview is emptied; report and undo stay."""
    before = timezone.now() - datetime.timedelta(days=settings.IMPORTS_KEPT_DAYS)
    old = ImportJob.objects.filter(created_at__lt=before)
    unused = old.filter(state__in=UNUSED).exclude(finished_at__gte=before)
    gone = unused.delete()[0]
    done = old.filter(state__in=OVER).exclude(preview__rows=[])
    return gone + done.update(preview={"columns": [], "rows": [], "geometry": None})


retention.register("imports.unused", Text("Nicht ausgeführte Importe", "Imports that were not run"), forget_unused)


def _key(folder: Path) -> UUID | None:
    try:
        return UUID(folder.name)
    except ValueError:
        return None


def remove_folders() -> int:
    """Remove the folders of imports that are over and of those that are forgotten; returns how many. What is no folder
    of an import is left alone."""
    root = Path(settings.MEDIA_ROOT) / "imports"
    gone = 0
    for folder in sorted(root.iterdir()) if root.is_dir() else ():
        key = _key(folder)
        if key is None or not folder.is_dir() or folder.is_symlink():
            continue
        state = ImportJob.objects.filter(pk=key).values_list("state", flat=True).first()
        fresh = time.time() - folder.stat().st_mtime < FRESH_S
        if state in OVER or (state is None and not fresh):
            shutil.rmtree(folder)
            gone += 1
    return gone


@task("imports.tidy", title=Text("Reste von Importen entfernen", "Remove what imports left"), cron="7 3 * * *")
def tidy(progress: Progress) -> None:
    gone = remove_folders()
    progress.note(Text(f"{gone} Ordner entfernt", f"{gone} folders removed"))
