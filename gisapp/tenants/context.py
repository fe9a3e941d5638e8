"""What every page needs to look like the site it belongs to; error pages and account pages bring nothing themselves."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from gisapp.map.config import map_config
from gisapp.tenants import colours
from gisapp.tenants.current import Logo, Site, current
from gisapp.tenants.directory import directory

USUAL_THEME = "#0f5f5a"
LEGAL_PAGES = {"imprint": "legal-imprint", "privacy": "legal-privacy", "accessibility": "legal-accessibility"}


@lru_cache(maxsize=64)
def sheet_of(primary: str, accent: str) -> tuple[str, str]:
    """The style sheet of these colours and its version; the stylesheet is empty without colours."""
    text = colours.style_sheet(primary, accent)
    return text, hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Look:
    """Addresses of the site's own style sheet and logo, "" where there is none; the colour of the browser's frame."""

    css: str = ""
    logo: str = ""
    logo_size: Logo | None = None
    theme: str = USUAL_THEME


def look(site: Site | None) -> Look:
    if site is None:
        return Look()
    text, version = sheet_of(site.primary, site.accent)
    return Look(
        css=reverse("tenant-style", args=[version]) if text else "",
        logo=reverse("tenant-logo", args=[site.logo.digest]) if site.logo else "",
        logo_size=site.logo,
        theme=site.primary or USUAL_THEME,
    )


def legal_pages() -> dict[str, str]:
    """Kind and address of the legal texts that this site has: its own, those for all, those of the map's settings."""
    site, config = current(), map_config()
    there = directory().legal | (site.legal if site else frozenset())
    elsewhere = {"imprint": config.imprint, "privacy": config.privacy}
    found = {kind: reverse(page) if kind in there else elsewhere.get(kind, "") for kind, page in LEGAL_PAGES.items()}
    return {kind: address for kind, address in found.items() if address}


def identity(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    return {"site_name": map_config().name, "look": look(current()), "legal": legal_pages()}
