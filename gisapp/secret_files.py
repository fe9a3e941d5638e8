"""Secrets from files, as containers get them: NAME_FILE names a file whose content is NAME."""

import os
from pathlib import Path

from gisapp.terminal import either

NAMES = ("SECRET_KEY", "DATABASE_URL", "DATABASE_DIRECT_URL", "REPLICA_URL", "EMAIL_URL", "METRICS_TOKEN")


class SecretError(Exception):
    """A file that is named and cannot be read."""


def read() -> None:
    """Put the content of each named file where the variable itself is not set. Raises SecretError."""
    for name in NAMES:
        path = os.environ.get(f"{name}_FILE")
        if not path or os.environ.get(name):
            continue
        try:
            os.environ[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SecretError(
                either(
                    f"{name}_FILE nennt eine Datei, die nicht zu lesen ist ({type(error).__name__}). Abhilfe: Pfad und "
                    "Rechte berichtigen.",
                    f"{name}_FILE names a file that cannot be read ({type(error).__name__}). Mend it: correct its path "
                    "and permissions.",
                )
            ) from error
