"""The host's own subcommands, one module each; apps register theirs through gisapp.layer."""

from gisapp.commands.manage import MANAGE

HOST_COMMANDS = [MANAGE]
