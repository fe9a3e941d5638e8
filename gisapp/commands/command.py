"""What a subcommand of `gisapp` is; free of Django so that the parser can be built before the settings are read."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """A command without arguments of its own."""


@dataclass(frozen=True)
class Command:
    """A subcommand of `gisapp`: `run(arguments)` returns the exit code.

    `help` is German, a text of the catalogue; `arguments` is called with the terminal's language active.
    """

    name: str
    help: str
    run: Callable[[argparse.Namespace], int]
    arguments: Callable[[argparse.ArgumentParser], None] = _no_arguments
    needs_database: bool = True
