"""`gisapp database`: keep the private cluster running, for a service of its own.

Web server, workers and commands start it as well where it is down; as a service it has a place to live in that a restart
of theirs does not touch, and is there again a second after it has died.
"""

import argparse
import os
import socket
import sys
import time

from gisapp.commands.command import Command

LOOK_S = 1.0


def tell_manager(state: str) -> None:
    """Tell systemd (Type=notify) how we are; nothing where nobody asked."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.connect("\0" + address[1:] if address.startswith("@") else address)
        one.sendall(state.encode())


def _run(arguments: argparse.Namespace) -> int:
    from django.utils.translation import gettext as _

    from gisapp import cluster

    if os.environ.get("DATABASE_URL"):
        print(
            "gisapp: " + _("DATABASE_URL nennt eine andere Datenbank; sie hat ihren eigenen Dienst."), file=sys.stderr
        )
        return 2
    with cluster.in_use():
        tell_manager("READY=1")
        print(_("Die Datenbank läuft in %(place)s.") % {"place": cluster.cluster_dir()}, flush=True)
        while True:
            time.sleep(LOOK_S)
            if cluster.runs():
                continue
            print(_("Die Datenbank ist ausgefallen und wird wieder gestartet."), file=sys.stderr, flush=True)
            try:
                cluster.ensure_running()
            except cluster.ClusterError as error:
                print(f"gisapp: {error}", file=sys.stderr, flush=True)


DATABASE = Command(
    "database", "Die private Datenbank im Vordergrund laufen lassen, als eigener Dienst", _run, needs_database=False
)
