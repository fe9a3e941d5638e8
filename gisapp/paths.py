"""Where things lie on this machine; every other module asks here."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def data_dir() -> Path:
    """Everything the program creates on disk: GISAPP_DATA, by default `.data/` in the checkout."""
    return Path(os.environ.get("GISAPP_DATA") or CHECKOUT / ".data").expanduser().resolve()


def unpacked_system() -> Path:
    """Root of the Debian packages that were unpacked because nobody here may install them."""
    return data_dir() / "system"
