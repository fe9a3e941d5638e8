"""`gisapp tenant create|list|change|remove`: the sites of this installation."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gisapp.commands.command import Command

if TYPE_CHECKING:
    from gisapp.tenants.models import Tenant
    from gisapp.tenants.putting import Done, Wish


def _settings(parser: argparse.ArgumentParser) -> None:
    """What `create` and `change` have in common."""
    from django.utils.translation import gettext as _

    parser.add_argument("--name", required=parser.prog.endswith("create"), help=_("Name der Organisation"))
    parser.add_argument("--title-de", metavar="TITEL", help=_("Titel der Karte auf Deutsch; sonst der Name"))
    parser.add_argument("--title-en", metavar="TITLE", help=_("Titel der Karte auf Englisch; sonst der Name"))
    parser.add_argument("--kind", choices=("amt", "gemeinde", "zweckverband", "operator", "contractor"))
    parser.add_argument(
        "--boundary",
        type=Path,
        metavar="FILE",
        help=_("Datei mit der Fläche der Zuständigkeit; mehrere werden vereint"),
    )
    parser.add_argument("--crs", default="", help=_("Koordinatensystem der Datei, wenn sie keines nennt (EPSG:25832)"))
    parser.add_argument("--file-layer", default="", metavar="NAME", help=_("welche Ebene der Datei"))
    parser.add_argument("--host", action="append", metavar="HOST", help=_("Rechnername der Karte, mehrfach möglich"))
    parser.add_argument("--no-host", action="store_true", help=_("keine eigenen Rechnernamen"))
    # Not as `language`, which is the command line's own.
    parser.add_argument(
        "--language", dest="languages", action="append", choices=("de", "en"),
        help=_("Sprache; die erste ist die übliche"),
    )  # fmt: skip
    parser.add_argument("--primary", metavar="#RRGGBB", help=_("Hauptfarbe; leer: die übliche"))
    parser.add_argument("--accent", metavar="#RRGGBB", help=_("Akzentfarbe; leer: die übliche"))
    parser.add_argument("--logo", type=Path, metavar="FILE", help=_("Logo (PNG, JPEG, WebP)"))
    parser.add_argument("--no-logo", action="store_true", help=_("kein eigenes Logo"))
    parser.add_argument(
        "--service", action="append", metavar="NAME", help=_("nur diese App oder Ebene, mehrfach möglich")
    )
    parser.add_argument("--all-services", action="store_true", help=_("alle Dienste einschalten"))
    parser.add_argument(
        "--default", action=argparse.BooleanOptionalAction, help=_("gilt für Rechnernamen, die niemandem gehören")
    )
    parser.add_argument("--json", action="store_true")


def _arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, told in (
        ("create", _("Mandanten anlegen; noch einmal ändert nichts")),
        ("change", _("Mandanten ändern")),
    ):
        one = verbs.add_parser(verb, help=told)
        one.add_argument("key", metavar="KEY", help=_("Kürzel: a-z, 0-9, -"))
        _settings(one)
    listing = verbs.add_parser("list", help=_("alle Mandanten"))
    listing.add_argument("--json", action="store_true")
    gone = verbs.add_parser("remove", help=_("Auftritt stilllegen; Organisation und Daten bleiben"))
    gone.add_argument("key", metavar="KEY")
    gone.add_argument("--json", action="store_true")


def _file(path: Path | None) -> bytes | None:
    """The logo's bytes, no more than it may have and one. Raises BadInput("logo-unreadable")."""
    from gisapp.errors import BadInput
    from gisapp.tenants.logos import LARGEST_BYTES

    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise BadInput("logo-unreadable", path=path, reason=error.strerror or str(error)) from error


def _wish(arguments: argparse.Namespace) -> "Wish":
    from gisapp.tenants.putting import Wish

    return Wish(
        name=arguments.name, title_de=arguments.title_de, title_en=arguments.title_en, kind=arguments.kind,
        boundary=arguments.boundary, crs=arguments.crs, file_layer=arguments.file_layer,
        hosts=[] if arguments.no_host else arguments.host, languages=arguments.languages,
        primary=arguments.primary, accent=arguments.accent, logo=_file(arguments.logo), no_logo=arguments.no_logo,
        services=[] if arguments.all_services else arguments.service, default=arguments.default,
    )  # fmt: skip


def described(tenant: "Tenant") -> dict[str, Any]:
    """A tenant for programs."""
    return {
        "key": tenant.key, "organisation": tenant.organisation.name, "kind": tenant.organisation.kind,
        "title": {"de": tenant.title_de, "en": tenant.title_en}, "hosts": tenant.hosts, "languages": tenant.languages,
        "primary": tenant.primary_colour or None, "accent": tenant.accent_colour or None, "logo": tenant.logo_id,
        "services": tenant.services, "default": tenant.is_default,
    }  # fmt: skip


def _tell_done(done: "Done", as_json: bool) -> int:
    from django.utils.translation import gettext as _

    if as_json:
        print(json.dumps({**described(done.tenant), "changed": done.changed}, ensure_ascii=False))
    elif done.changed:
        print(_("%(key)s: geändert: %(what)s") % {"key": done.tenant.key, "what": ", ".join(done.changed)})
    else:
        print(_("%(key)s: unverändert, es war schon alles so.") % {"key": done.tenant.key})
    return 0


def _list(as_json: bool) -> int:
    from gisapp.tenants.models import Tenant

    rows = Tenant.objects.filter(retired_at__isnull=True).select_related("organisation").order_by("key")
    if as_json:
        print(json.dumps({"tenants": [described(one) for one in rows]}, ensure_ascii=False))
        return 0
    for one in rows:
        print(f"{one.key}{' *' if one.is_default else ''}  {one.title_de}  {', '.join(one.hosts) or '–'}")
    return 0


def _run(arguments: argparse.Namespace) -> int:
    """Do what the verb says. Refusals are told by the command line with their code."""
    from gisapp.tenants import putting

    if arguments.verb == "list":
        return _list(arguments.json)
    if arguments.verb == "remove":
        return _tell_done(putting.remove(arguments.key), arguments.json)
    act = putting.create if arguments.verb == "create" else putting.change
    return _tell_done(act(arguments.key, _wish(arguments)), arguments.json)


TENANT = Command("tenant", "Mandanten: eigene Auftritte mehrerer Organisationen", _run, _arguments)
