"""How far it is, on stderr: a bar on a terminal, a line every few seconds elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

EVERY_S = 5.0


class Reporter:
    """Told of each step and of rows done; draws nothing itself."""

    def step(self, title: str, total: int | None = None) -> None:
        """A new step begins; `total` rows are expected, where that is known."""

    def rows(self, count: int) -> None:
        """So many more rows are done."""


class _Bar(Reporter):
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def step(self, title: str, total: int | None = None) -> None:
        self._progress.reset(self._task, total=total, description=title)

    def rows(self, count: int) -> None:
        self._progress.advance(self._task, count)


class _Lines(Reporter):
    def __init__(self, write: Callable[[str], None]) -> None:
        self._write, self._title, self._done, self._total = write, "", 0, None
        self._last = time.monotonic()

    def _say(self) -> None:
        if time.monotonic() - self._last >= EVERY_S:
            self._last = time.monotonic()
            self._write(f"{self._title}: {self._done}" + (f" / {self._total}" if self._total else ""))

    def step(self, title: str, total: int | None = None) -> None:
        self._title, self._done, self._total = title, 0, total  # type: ignore[assignment]
        self._say()

    def rows(self, count: int) -> None:
        self._done += count
        self._say()


@contextlib.contextmanager
def shown(quiet: bool = False) -> Iterator[Reporter]:
    """A reporter for the length of the block."""
    if quiet:
        yield Reporter()
    elif sys.stderr.isatty():
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            yield _Bar(progress)
    else:
        yield _Lines(lambda text: print(text, file=sys.stderr, flush=True))
