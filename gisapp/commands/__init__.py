"""The host's own subcommands, one module each; apps register theirs through gisapp.layer."""

from gisapp.commands.check import CHECK
from gisapp.commands.manage import MANAGE
from gisapp.commands.setup import SETUP

HOST_COMMANDS = [SETUP, CHECK, MANAGE]
