"""`gisapp serve`: the web server, in the foreground."""

import argparse
import os
import shutil
import signal

from gisapp.commands.command import Command


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    parser.add_argument("--workers", type=int, default=int(os.environ.get("WEB_WORKERS", os.cpu_count() or 1)))


ENDING = (signal.SIGINT, signal.SIGTERM)


def _workers_end_with_us() -> None:
    """Ctrl-C reaches every process of the terminal; the workers heed the parent's SIGTERM alone.

    Two signals at once leave a granian worker waiting for ever, and one that is still loading would swallow them with
    the parent's handlers. Over the fork they are held back, because Python forgets those that come in between.
    """

    def in_child() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])

    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ENDING),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING),
        after_in_child=in_child,
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted. The container's entry point and `make demo` come through here as well."""
    os.environ["GISAPP_SERVING"] = "1"
    from django.conf import settings
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    from gisapp.observe.config import for_server
    from gisapp.observe.processes import start_counting

    counts = start_counting(settings.DATA_DIR / "metrics")
    _workers_end_with_us()
    threads = int(os.environ.get("WEB_THREADS", "4"))
    server = Server(
        "gisapp.wsgi:application",
        address=arguments.host,
        port=arguments.port,
        interface=Interfaces.WSGI,
        workers=arguments.workers,
        blocking_threads=threads,
        backpressure=64,
        log_access=False,
        log_level=LogLevels.warning,
        log_dictconfig=for_server(settings.LOG_FORMAT),
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        websockets=False,
    )
    try:
        server.serve()
    finally:
        shutil.rmtree(counts, ignore_errors=True)
    return 0


SERVE = Command("serve", "Den Webserver im Vordergrund starten", run, _arguments)
