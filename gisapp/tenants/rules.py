"""What a tenant's settings must be, for the command and the administration alike; all raise BadInput."""

import ipaddress
import re
from collections.abc import Sequence

from django.conf import settings

from gisapp.errors import BadInput
from gisapp.layer import services as known_services
from gisapp.tenants import colours

HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
LONGEST_HOST, LONGEST_LABEL = 253, 63
LONGEST_TITLE = 80
KEY = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


def key(text: str) -> str:
    if not KEY.fullmatch(text):
        raise BadInput("tenant-bad-key", field="key", value=text[:50])
    return text


def title(text: str, field: str) -> str:
    found = " ".join(text.split())
    if not found or len(found) > LONGEST_TITLE or not found.isprintable():
        raise BadInput("tenant-bad-title", field=field, limit=LONGEST_TITLE)
    return found


def host(text: str) -> str:
    """A host as browsers send it: small letters, umlauts in Punycode; no port, no scheme, no wildcard."""
    found = text.strip().rstrip(".").lower()
    try:
        found = found.encode("idna").decode("ascii") if not found.isascii() else found
    except UnicodeError as error:
        raise BadInput("tenant-bad-host", field="hosts", value=text[:80]) from error
    if len(found) > LONGEST_HOST or any(len(part) > LONGEST_LABEL for part in found.split(".")) or not _is_host(found):
        raise BadInput("tenant-bad-host", field="hosts", value=text[:80])
    return found


def _is_host(text: str) -> bool:
    if not HOST.fullmatch(text):
        return False
    # Numbers alone look like an address and must then be one.
    if re.fullmatch(r"[\d.]+", text):
        try:
            ipaddress.IPv4Address(text)
        except ValueError:
            return False
    return True


def hosts(names: Sequence[str]) -> list[str]:
    """Each once, in the order given; the first is the one that mails name."""
    return list(dict.fromkeys(host(one) for one in names))


def languages(codes: Sequence[str]) -> list[str]:
    possible = dict(settings.LANGUAGES)
    found = list(dict.fromkeys(codes))
    wrong = [one for one in found if one not in possible]
    if wrong or not found:
        raise BadInput(
            "tenant-no-language", field="languages", value=", ".join(wrong) or "–", possible=", ".join(possible)
        )
    return found


def colour(text: str, field: str) -> str:
    """A colour in six digits that can be read, or "" for the usual one."""
    found = text.strip().lower()
    if re.fullmatch(r"#[0-9a-f]{3}", found):
        found = "#" + "".join(part * 2 for part in found[1:])
    if found:
        colours.check(field, found)
    return found


def services(names: Sequence[str] | None) -> list[str] | None:
    if names is None:
        return None
    possible = known_services()
    wrong = sorted(set(names) - set(possible))
    if wrong:
        raise BadInput("tenant-no-service", field="services", value=", ".join(wrong), possible=", ".join(possible))
    return sorted(set(names))
