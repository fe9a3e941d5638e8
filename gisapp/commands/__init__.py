"""The host's own subcommands, one module each; apps register theirs through gisapp.layer."""

from gisapp.commands.backup import BACKUP, RESTORE
from gisapp.commands.check import CHECK
from gisapp.commands.database import DATABASE
from gisapp.commands.demo import DEMO
from gisapp.commands.docs import DOCS
from gisapp.commands.export import EXPORT
from gisapp.commands.layers import LAYERS
from gisapp.commands.mail import MAIL
from gisapp.commands.manage import MANAGE
from gisapp.commands.qgis_project import QGIS_PROJECT
from gisapp.commands.serve import SERVE
from gisapp.commands.setup import SETUP
from gisapp.commands.worker import WORKER

HOST_COMMANDS = [
    SETUP,
    CHECK,
    DEMO,
    DATABASE,
    SERVE,
    LAYERS,
    EXPORT,
    DOCS,
    MANAGE,
    WORKER,
    MAIL,
    BACKUP,
    RESTORE,
    QGIS_PROJECT,
]
