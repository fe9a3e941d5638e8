"""Jobs that succeed, fail, hang, listen and die. They write to table `test_steps (job, step)`."""

import os
import time
from pathlib import Path

from django.db import connection, transaction

from gisapp.errors import BadInput
from gisapp.layer import Text
from gisapp.tasks.declare import task
from gisapp.tasks.progress import Progress

WHO = "Frieda Geheim, frieda.geheim@amt.example"


def step(progress: Progress, what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO test_steps (job, step, pid) VALUES (%s, %s, %s)", [progress.job, what, os.getpid()])


@task("test.quick", title=Text("Schnell", "Quick"))
def quick(progress: Progress, number: int = 0) -> None:
    step(progress, f"quick {number}")


@task("test.long", title=Text("Lang", "Long"), stoppable=True, tries=3)
def long(progress: Progress, seconds: float) -> None:
    """Works in one transaction, and says how far it is."""
    step(progress, "began")
    with transaction.atomic():
        step(progress, "inside")
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            progress.checkpoint(100 - 100 * left / seconds, Text("unterwegs", "on the way"))
            time.sleep(0.05)
    step(progress, "ended")


@task("test.deaf", title=Text("Taub", "Deaf"), tries=3)
def deaf(progress: Progress, seconds: float) -> None:
    """Never looks up."""
    step(progress, "began")
    time.sleep(seconds)
    step(progress, "ended")


@task("test.gated", title=Text("Mit Tor", "Gated"), tries=3)
def gated(progress: Progress, gate: str) -> None:
    """Works in one transaction until the file `gate` is there: as long as the test wants it to."""
    step(progress, "began")
    with transaction.atomic():
        step(progress, "inside")
        while not Path(gate).exists():
            progress.checkpoint(50, Text("unterwegs", "on the way"))
            time.sleep(0.05)
    step(progress, "ended")


@task("test.apart", title=Text("Abseits", "Apart"), tries=3)
def apart(progress: Progress, gate: str, last: bool) -> None:
    """Works without the database until the file `gate` is there, and asks for it again at the end if it is `last`."""
    step(progress, "began")
    connection.close()
    while not Path(gate).exists():
        time.sleep(0.05)
    if last:
        step(progress, "ended")


@task("test.fails", title=Text("Scheitert", "Fails"), tries=3, first_wait=0.2)
def fails(progress: Progress, until: int = 99) -> None:
    """Fails until it has been run so often; its message carries what must not be kept."""
    step(progress, "tried")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM test_steps WHERE job = %s AND step = 'tried'", [progress.job])
        if cursor.fetchone()[0] < until:
            raise ValueError(WHO)


@task("test.refused", title=Text("Abgelehnt", "Refused"), tries=5)
def refused(progress: Progress) -> None:
    step(progress, "tried")
    raise BadInput("bad-value", name="mail", value=WHO)


@task("test.kills", title=Text("Tötet", "Kills"), tries=2)
def kills(progress: Progress) -> None:
    """Brings its worker down each time."""
    step(progress, "tried")
    os.kill(os.getpid(), 9)


# Only workers that are asked to: a job each second would stand in the way of the other tests.
@task(
    "test.often",
    title=Text("Jede Sekunde", "Every second"),
    cron="* * * * * *" if os.environ.get("GISAPP_TEST_OFTEN") else "0 0 1 1 *",
)
def often(progress: Progress) -> None:
    step(progress, "often")
