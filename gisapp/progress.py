"""How far a command of the host is, on stderr: a bar on a terminal, a line every few seconds elsewhere."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

EVERY_S = 5.0


@contextlib.contextmanager
def counted(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A function that is told how many more are done, for the length of the block."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=total)
            yield lambda more: bar.advance(task, more)
        return
    done, last = 0, time.monotonic()

    def told(more: int) -> None:
        nonlocal done, last
        done += more
        if time.monotonic() - last >= EVERY_S:
            last = time.monotonic()
            print(f"{title}: {done} / {total}", file=sys.stderr, flush=True)

    yield told
