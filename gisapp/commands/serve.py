"""`gisapp serve`: the web server, in the foreground."""

import argparse
import os

from gisapp.commands.command import Command


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    parser.add_argument("--workers", type=int, default=int(os.environ.get("WEB_WORKERS", os.cpu_count() or 1)))


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted. The container's entry point and `make demo` come through here as well."""
    os.environ["GISAPP_SERVING"] = "1"
    from granian.constants import Interfaces
    from granian.log import LogLevels
    from granian.server import Server

    threads = int(os.environ.get("WEB_THREADS", "4"))
    Server(
        "gisapp.wsgi:application",
        address=arguments.host,
        port=arguments.port,
        interface=Interfaces.WSGI,
        workers=arguments.workers,
        blocking_threads=threads,
        backpressure=64,
        log_access=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        websockets=False,
    ).serve()
    return 0


SERVE = Command("serve", "Den Webserver im Vordergrund starten", run, _arguments)
