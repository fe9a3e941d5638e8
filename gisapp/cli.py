"""The console script `gisapp`: the host's commands and those that apps register.

Exit codes: 0 success, 1 refused, 2 wrong usage, 130 interrupted.
"""

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Sequence

from gisapp import __version__, cluster, secret_files
from gisapp.commands import HOST_COMMANDS
from gisapp.commands.command import Command
from gisapp.terminal import either, language


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gisapp", description="KRIT-GIS")
    parser.add_argument("--version", action="version", version=f"gisapp {__version__}")
    return parser


def _parse(arguments: Sequence[str], commands: Sequence[Command]) -> argparse.Namespace:
    """The arguments, and the command that takes them as `_command`; help is in the terminal's language."""
    from django.utils.translation import gettext

    parser = _parser()
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in commands:
        told = gettext(command.help)
        sub = subparsers.add_parser(command.name, help=told, description=told)
        command.arguments(sub)
        sub.set_defaults(_command=command)
    return parser.parse_args(arguments)


def _run(arguments: Sequence[str]) -> int:
    """Parse with all commands known, start the private cluster where it is needed, run the command."""
    if arguments and arguments[0] == "serve":
        # The serving role and its pool are chosen before the settings are read.
        os.environ.setdefault("GISAPP_SERVING", "1")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gisapp.settings")
    import django

    django.setup()
    from django.core.management.base import CommandError
    from django.db import IntegrityError, OperationalError
    from django.utils import translation

    from gisapp.errors import GisError, from_database
    from gisapp.layer import all_commands

    with translation.override(language()):
        found = _parse(arguments, [*HOST_COMMANDS, *all_commands()])
    own_cluster = found._command.needs_database and not os.environ.get("DATABASE_URL")
    in_words = translation.override(getattr(found, "language", "") or language())
    with in_words, cluster.in_use() if own_cluster else contextlib.nullcontext():
        try:
            with _recorded(found._command):
                return int(found._command.run(found))
        except (GisError, CommandError, OperationalError) as error:
            print(f"gisapp: {str(error).strip()}", file=sys.stderr)
            return 1
        except IntegrityError as error:
            refused = from_database(error)
            if refused is None:
                raise
            print(f"gisapp: {refused}", file=sys.stderr)
            return 1
        finally:
            from django.db import connections

            connections.close_all()


def _recorded(command: Command) -> contextlib.AbstractContextManager[object]:
    """What a command changes stands under its name in the history; servers name each request by itself."""
    from gisapp.history.recording import recorded

    if not command.needs_database or command.name in ("serve", "worker", "demo", "setup"):
        return contextlib.nullcontext()
    return recorded("command", command=command.name)


def _no_package(name: str | None) -> tuple[str, str]:
    return (
        f"Das Python-Paket {name} fehlt. Abhilfe: docker/bootstrap.sh python",
        f"The Python package {name} is missing. Mend it: docker/bootstrap.sh python",
    )


def _terminate(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the console script and return its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    # A script's background job starts with SIGINT ignored; whoever sends it means us.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup asked for that; a closed terminal ends us
        signal.signal(signal.SIGHUP, _terminate)
    try:
        secret_files.read()
        return _run(sys.argv[1:] if arguments is None else arguments)
    except (cluster.ClusterError, secret_files.SecretError) as error:
        print(f"gisapp: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"gisapp", "layers", "importers"}:
            raise
        print(f"gisapp: {either(*_no_package(error.name))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ngisapp: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has heard enough (gisapp layers | head).
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
        return 1
