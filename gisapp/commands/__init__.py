"""The host's own subcommands, one module each; apps register theirs through gisapp.layer."""

from gisapp.commands.layers import EXPORT, LAYERS
from gisapp.commands.manage import MANAGE
from gisapp.commands.serve import SERVE

HOST_COMMANDS = [SERVE, LAYERS, EXPORT, MANAGE]
