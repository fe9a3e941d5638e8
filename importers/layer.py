"""What the importers add to the console script and to the error catalogue."""

from gisapp.layer import App, register
from importers.command import IMPORT
from importers.error_texts import FILE_ERRORS, ROW_ERRORS

register(App(name="importers", commands=[IMPORT], error_texts=[*FILE_ERRORS, *ROW_ERRORS]))
