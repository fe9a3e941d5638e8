"""What can be refused; the texts are registered by gisapp.backup.layer."""

from gisapp.errors import Conflict


class BackupError(Conflict):
    """A backup cannot be written, read or restored."""

    default_code = "backup-failed"
