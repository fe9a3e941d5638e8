"""Where the web processes keep their counts. Free of prometheus_client, which looks at the variable when it is imported."""

import os
import shutil
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def _is_alive(number: str) -> bool:
    return number.isdigit() and Path(f"/proc/{number}").exists()


def start_counting(folder: Path) -> Path:
    """A fresh directory for this server's processes below `folder`; those of dead servers are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if not _is_alive(old.name) or old.name == str(os.getpid()):
            shutil.rmtree(old, ignore_errors=True)
    own = folder / str(os.getpid())
    own.mkdir(exist_ok=True)
    os.environ[VARIABLE] = str(own)
    return own


def forget_dead() -> None:
    """Gauges of processes that are gone count no longer (a web process that was replaced)."""
    from prometheus_client.multiprocess import mark_process_dead

    folder = os.environ.get(VARIABLE)
    for path in Path(folder).glob("gauge_live*_*.db") if folder else ():
        number = path.stem.rpartition("_")[2]
        if not _is_alive(number):
            mark_process_dead(int(number))
