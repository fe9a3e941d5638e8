"""`gisapp demo`: the generated region at one of three sizes, with log-ins, and served on wish."""

import argparse
import os
import sys
import time

from gisapp.commands.command import Command

SIZES = ("s", "m", "l")
PASSWORD = "demo-nur-zum-zeigen"  # noqa: S105 - printed on the screen, refused outside the demo


def _arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    parser.add_argument("--size", choices=SIZES, default="s", help=_("s: ein Amt, m: ein Kreis, l: 1.000.000 Adressen"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", action="store_true", help=_("neu erzeugen, auch wenn diese Größe schon da ist"))
    parser.add_argument("--serve", action="store_true", help=_("danach ausliefern, bis Strg-C"))
    parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
    parser.add_argument("--workers", type=int, default=int(os.environ.get("WEB_WORKERS", os.cpu_count() or 1)))


def _steps(size: str, seed: int) -> None:
    """Let every app build its part, and say what is being done for how long."""
    from django.utils.translation import gettext as _

    from gisapp.layer import all_apps

    parts = sorted((part for app in all_apps() for part in app.demo), key=lambda part: part.order)
    begin = time.monotonic()

    def progress(text: str) -> None:
        print(f"  {time.monotonic() - begin:6.1f} s  {text} …", flush=True)

    for part in parts:
        print(f"{part.title}:", flush=True)
        part.build(size, seed, progress)
    seconds = f"{time.monotonic() - begin:.1f}"
    print(_("Demo-Region (%(size)s) fertig nach %(seconds)s s.") % {"size": size, "seconds": seconds}, flush=True)


def _log_ins() -> None:
    """Give the demo's people the demo's password, in the private cluster only, and print them."""
    from django.utils.translation import gettext as _

    from gisapp.accounts.demo import email, people
    from gisapp.accounts.models import User
    from gisapp.accounts.second_factor import FACT
    from gisapp.registry.facts import put

    put(FACT, "yes")
    for name, what in people():
        user = User.objects.get(email=email(name))
        if not user.has_usable_password():
            user.set_password(PASSWORD)
            user.save()
        print(f"  {_('Anmelden:'):<12}{email(name)} / {PASSWORD}  ({what})")
    print("  " + _("In der Demo geht das ohne zweiten Faktor; sonst brauchen ihn Netztechnik, Leitung und Betrieb."))


def _present(size: str, seed: int) -> bool:
    from gisapp.registry.facts import get

    return get("demo") == f"{size}/{seed}/{_version()}"


def _version() -> str:
    """Changes when the demo's content does, so that a newer checkout builds it anew."""
    from gisapp.layer import all_apps

    return ",".join(sorted(f"{app.name}:{len(app.demo)}" for app in all_apps() if app.demo)) + "/3"


def _other_addresses(host: str, port: int) -> list[tuple[str, str]]:
    """The addresses of the other tenants, with their titles."""
    from gisapp.tenants.directory import changed, directory

    changed()
    others = [one for one in directory().sites if one.hosts and not one.is_default and host not in one.hosts]
    return [(f"http://{one.hosts[0]}:{port}/", str(one.title)) for one in others]


def run(arguments: argparse.Namespace) -> int:
    """Migrate, build the region where it is missing, print the log-ins, serve."""
    from django.utils.translation import gettext as _

    from gisapp.commands.setup import prepare
    from gisapp.registry.facts import put

    prepare()
    if arguments.again or not _present(arguments.size, arguments.seed):
        _steps(arguments.size, arguments.seed)
        put("demo", f"{arguments.size}/{arguments.seed}/{_version()}")
    else:
        print(_("Demo-Region (%(size)s) ist schon da.") % {"size": arguments.size})
    print(f"\n  {_('Adresse:'):<12}http://{arguments.host}:{arguments.port}/")
    for address, title in _other_addresses(arguments.host, arguments.port):
        print(f"  {'':<12}{address}  ({title})")
    if not os.environ.get("DATABASE_URL"):
        _log_ins()
    print(flush=True)
    if not arguments.serve:
        return 0
    print(_("Strg-C beendet alles."), flush=True)
    return serve_elsewhere(arguments)


def serve_elsewhere(arguments: argparse.Namespace) -> int:
    """`gisapp serve` and `gisapp worker` in processes of their own; the server's end is the end of both.

    The server starts with the serving role, the worker with the owner's.
    """
    import subprocess

    gisapp = [sys.executable, "-m", "gisapp"]
    command = [*gisapp, "serve", "--host", arguments.host]
    command += ["--port", str(arguments.port), "--workers", str(arguments.workers)]
    worker = subprocess.Popen([*gisapp, "worker", "--threads", "1", "--grace", "5"])
    server = subprocess.Popen(command, env={**os.environ, "GISAPP_SERVING": "1"})
    ended: int | None = None
    while ended is None:
        try:
            ended = server.wait()
        except KeyboardInterrupt:
            # The terminal told the children as well; a signal to this process alone is passed on.
            server.terminate()
    while True:
        try:
            worker.terminate()
            worker.wait()
            return ended
        except KeyboardInterrupt:  # impatience shortens the wait for a job that is running
            continue


DEMO = Command("demo", "Die erzeugte Demo-Region laden", run, _arguments)
