"""What the history contributes: its commands."""

from gisapp.history.commands import HISTORY, REVERT
from gisapp.layer import App, register

register(App(name="history", commands=(HISTORY, REVERT)))
