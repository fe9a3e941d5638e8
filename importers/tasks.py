"""The importers' part of the nightly work."""

from importers import leftovers

__all__ = ["leftovers"]
