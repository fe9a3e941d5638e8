"""The host: what every layer stands on. It names no layer; it reaches them through `gisapp.layer` alone."""

__version__ = "0.1.0"
