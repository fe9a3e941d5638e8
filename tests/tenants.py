"""Two Ämter on one installation, as the tests of sites, banners and maintenance use them."""

import argparse
import io
from pathlib import Path
from typing import Any

from PIL import Image

from gisapp.accounts.models import Area, Organisation
from gisapp.commands.command import Command
from gisapp.tenants.models import Tenant
from gisapp.tenants.putting import Wish, create
from tests import factories

HERE, THERE = "hier.example", "dort.example"


def run(command: Command, *arguments: str | Path) -> int:
    """The command as the console script runs it; SystemExit(2) for wrong usage."""
    parser = argparse.ArgumentParser(prog=f"gisapp {command.name}")
    command.arguments(parser)
    return command.run(parser.parse_args([str(one) for one in arguments]))


def picture(colour: str = "#0f5f5a", size: tuple[int, int] = (60, 40)) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, "PNG")
    return written.getvalue()


def organisation(key: str, x: float = 0) -> Organisation:
    """An Amt that is responsible for a square of ten kilometres."""
    area = Area.objects.get_or_create(key=f"own:{key}", defaults={"name": key, "geom": factories.square(x, 0, 10_000)})
    return factories.organisation(key, area[0])


def tenant(key: str, host: str, x: float = 0, **wish: Any) -> Tenant:
    organisation(key, x)
    return create(key, Wish(hosts=[host], **wish)).tenant


def two(**second: Any) -> tuple[Tenant, Tenant]:
    """An Amt with everything, the default, and one with other colours, English first, without municipalities and points of interest."""
    first = tenant("hier", HERE, name="Amt Hier", title_en="District Here", default=True, primary="#0f5f5a")
    given: dict[str, Any] = {
        "name": "Amt Dort", "title_en": "District There", "languages": ["en", "de"], "primary": "#5b2a86",
        "accent": "#b3123f", "logo": picture("#5b2a86"), "services": ["streets", "notes"],
    }  # fmt: skip
    return first, tenant("dort", THERE, 20_000, **{**given, **second})
