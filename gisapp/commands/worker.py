"""`gisapp worker`: background jobs - mails, nightly work, long exports - until it is told to go."""

import argparse
import os

from gisapp.commands.command import Command


def _arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    threads = int(os.environ.get("WORKER_THREADS", "2"))
    grace = float(os.environ.get("WORKER_GRACE", "25"))
    parser.add_argument("--threads", type=int, default=threads, help=_("so viele Aufträge zugleich"))
    parser.add_argument(
        "--grace", type=float, default=grace, help=_("Sekunden, die laufende Aufträge nach SIGTERM noch haben")
    )
    parser.add_argument("--alive", action="store_true", help=_("nur sagen (0 oder 1), ob hier ein Arbeitsprozess lebt"))


def _run(arguments: argparse.Namespace) -> int:
    from gisapp.tasks.worker import alive, work

    if arguments.alive:
        return 0 if alive() else 1
    return work(arguments.threads, arguments.grace)


WORKER = Command("worker", "Aufträge im Hintergrund ausführen", _run, _arguments)
