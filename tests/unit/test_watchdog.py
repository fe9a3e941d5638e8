"""A worker whose event loop stands still ends and says where; one that works, or was stopped itself, does not."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator

import pytest

LIMIT = 1.5
# Each is the main function of a process whose loop is watched over with that limit (seconds).
BODIES = {
    "stands still": """
        def stands_still(secret):
            time.sleep(60)
        await asyncio.sleep(0.5)
        stands_still("Frieda Geheim")
        """,
    "holds the log's lock": """
        import logging
        logging.basicConfig()
        watchdog.REPORT_SECONDS = 1
        logging.getLogger().handlers[0].acquire()
        time.sleep(60)
        """,
    "works in threads": f"""
        await asyncio.to_thread(time.sleep, {2 * LIMIT})
        await asyncio.to_thread(ctypes.PyDLL(None).usleep, int({2 * LIMIT} * 1e6))
        await asyncio.sleep({LIMIT} / 2)
        print("worked")
        """,
    "is suspended": f"""
        print("began", flush=True)
        for _ in range(20):
            await asyncio.sleep({LIMIT} / 10)
        print("worked")
        """,
}
FRAME = """
import asyncio, ctypes, time
from gisapp.tasks import watchdog
async def main():
{body}
loop = asyncio.new_event_loop()
with watchdog.watched(loop, {limit}, tick=0.25):
    loop.run_until_complete(main())
"""
Processes = dict[str, "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    """All at once: each of them waits most of the time."""
    begun: Processes = {}
    for name, body in BODIES.items():
        script = FRAME.format(body=textwrap.indent(textwrap.dedent(body), "    "), limit=LIMIT)
        command = [sys.executable, "-c", script]
        begun[name] = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield begun
    for one in begun.values():
        one.kill()
        one.communicate()


def test_01_a_machine_that_was_suspended_goes_on(processes: Processes) -> None:
    process = processes["is suspended"]
    assert process.stdout is not None
    assert process.stdout.readline() == "began\n"
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(2 * LIMIT)
    os.kill(process.pid, signal.SIGCONT)
    out, said = process.communicate(timeout=30)
    assert (process.returncode, out, said) == (0, "worked\n", "")


def test_02_a_loop_that_stands_still_ends_the_process_and_says_where(processes: Processes) -> None:
    process = processes["stands still"]
    _out, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "in stands_still" in said
    assert "stands still and is ended" in said
    assert "Frieda" not in said


def test_03_not_even_when_nobody_can_write_the_log(processes: Processes) -> None:
    """Whoever stands still holds the lock of the log's handler."""
    process = processes["holds the log's lock"]
    _out, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "in main" in said


def test_04_a_long_job_in_a_thread_is_no_standing_still(processes: Processes) -> None:
    """Neither one that lets others run nor one that keeps the interpreter to itself."""
    process = processes["works in threads"]
    out, said = process.communicate(timeout=60)
    assert (process.returncode, out, said) == (0, "worked\n", "")


def test_05_the_worker_is_watched_over() -> None:
    script = """
import time, django
django.setup()
from gisapp.tasks import worker
async def never_looks_up(self):
    time.sleep(60)
worker.Work.run = never_looks_up
worker.LEAST_SILENCE_SECONDS = 1
worker.work(1, 1)
"""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "gisapp.settings", "WORKER_HEARTBEAT": "0.2", "LOG_FORMAT": "json"}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    assert "in never_looks_up" in done.stderr
    assert "stands still and is ended" in done.stderr
