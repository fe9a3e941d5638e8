"""`gisapp user ...` and `gisapp tenant ...`: people, their roles, keys and log-ins; organisations."""

import argparse
import datetime
import getpass
import json
import sys
from typing import Any

from gisapp.commands.command import Command


def _user_arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    verbs = parser.add_subparsers(dest="verb", required=True)
    create = verbs.add_parser("create", help=_("Konto anlegen"))
    create.add_argument("email")
    create.add_argument("--operator", action="store_true", help=_("darf alles auf dieser Installation"))
    create.add_argument("--password-stdin", action="store_true", help=_("das Passwort steht auf der Standardeingabe"))
    create.add_argument("--json", action="store_true")
    grant = verbs.add_parser("grant", help=_("Rolle in einer Organisation geben"))
    grant.add_argument("email")
    grant.add_argument("organisation", help=_("Kürzel der Organisation"))
    grant.add_argument("role")
    grant.add_argument("--area", action="append", default=[], help=_("nur dieses Gebiet (Schlüssel), mehrfach möglich"))
    grant.add_argument("--from", dest="since", type=datetime.date.fromisoformat, help=_("ab (JJJJ-MM-TT)"))
    grant.add_argument("--until", type=datetime.date.fromisoformat, help=_("bis einschließlich (JJJJ-MM-TT)"))
    grant.add_argument("--revoke", action="store_true", help=_("die Rolle wieder nehmen"))
    grant.add_argument("--json", action="store_true")
    token = verbs.add_parser("token", help=_("Zugangsschlüssel für Programme ausstellen"))
    token.add_argument("email")
    token.add_argument("--name", default="gisapp")
    token.add_argument("--scope", action="append", default=[], choices=["read", "write"])
    token.add_argument("--days", type=int, default=90)
    token.add_argument("--organisation", default="", help=_("nur für diese Organisation"))
    token.add_argument("--json", action="store_true")
    factor = verbs.add_parser("reset-factor", help=_("den zweiten Faktor nehmen; die Person richtet ihn neu ein"))
    factor.add_argument("email")
    factor.add_argument("--passkeys", action="store_true", help=_("auch die Passkeys"))
    factor.add_argument("--json", action="store_true")
    login = verbs.add_parser("grant-db", help=_("Datenbank-Zugang geben (QGIS, psql)"))
    login.add_argument("email")
    login.add_argument("--revoke", action="store_true", help=_("den Zugang wieder nehmen"))
    login.add_argument("--json", action="store_true")


def _find_user(email: str) -> Any:
    from gisapp.accounts.models import User
    from gisapp.errors import NotFound

    found = User.objects.filter(email__iexact=email).first()
    if found is None:
        raise NotFound("not-found", what=email)
    return found


def _find_organisation(key: str) -> Any:
    from gisapp.accounts.models import Organisation
    from gisapp.errors import NotFound

    found = Organisation.objects.filter(key=key).first()
    if found is None:
        raise NotFound("not-found", what=key)
    return found


def _password(arguments: argparse.Namespace) -> str:
    from django.utils.translation import gettext as _

    if arguments.password_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        return ""
    return getpass.getpass(_("Passwort (leer: die Person setzt es selbst): "))


def _create(arguments: argparse.Namespace) -> dict[str, Any]:
    """Raises Conflict for an address that is taken, BadInput for an address or a password that is too simple."""
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    from gisapp.accounts.models import User
    from gisapp.errors import BadInput, Conflict

    password = _password(arguments)
    try:
        validate_email(arguments.email)
        if password:
            validate_password(password, User(email=arguments.email))
    except ValidationError as error:
        raise BadInput("bad-input", reason=" ".join(error.messages)) from error
    if User.objects.filter(email__iexact=arguments.email).exists():
        raise Conflict("duplicate", rule=arguments.email)
    make = User.objects.create_superuser if arguments.operator else User.objects.create_user
    user = make(arguments.email, password or None)
    return {"email": user.email, "operator": user.is_superuser, "password": bool(password)}


def _grant(arguments: argparse.Namespace) -> dict[str, Any]:
    """Raises NotFound for an unknown person, organisation or area, and the tables' own rules."""
    from django.db import transaction

    from gisapp.accounts.models import Area, Membership
    from gisapp.accounts.roles import Role
    from gisapp.errors import BadInput, NotFound

    if arguments.role not in Role.values:
        raise BadInput("bad-value", name="role", value=f"{arguments.role} ({', '.join(Role.values)})")
    person, organisation = _find_user(arguments.email), _find_organisation(arguments.organisation)
    told = {"email": person.email, "organisation": organisation.key, "role": arguments.role}
    if arguments.revoke:
        gone, _each = Membership.objects.filter(user=person, organisation=organisation, role=arguments.role).delete()
        if not gone:
            raise NotFound("not-found", what=f"{arguments.role} · {organisation.key}")
        return told | {"revoked": True}
    areas = list(Area.objects.filter(key__in=arguments.area))
    missing = set(arguments.area) - {one.key for one in areas}
    if missing:
        raise NotFound("not-found", what=", ".join(sorted(missing)))
    given = {"valid_until": arguments.until} | ({"valid_from": arguments.since} if arguments.since else {})
    with transaction.atomic():
        membership, _made = Membership.objects.update_or_create(
            user=person, organisation=organisation, role=arguments.role, purpose="", defaults=given
        )
        membership.areas.set(areas)
    until = arguments.until.isoformat() if arguments.until else None
    return told | {"areas": sorted(one.key for one in areas), "until": until}


def _token(arguments: argparse.Namespace) -> dict[str, Any]:
    from gisapp.accounts import tokens

    token, text = tokens.make(
        _find_user(arguments.email), arguments.name, scopes=arguments.scope or ["read"], days=arguments.days,
        organisation=_find_organisation(arguments.organisation) if arguments.organisation else None,
    )  # fmt: skip
    return {"token": text, "scopes": token.scopes, "expires": token.expires_at.isoformat()}


def _grant_db(arguments: argparse.Namespace) -> dict[str, Any]:
    from gisapp.accounts import logins

    person = _find_user(arguments.email)
    if arguments.revoke:
        return {"role": logins.revoke(person), "revoked": True}
    role, password = logins.grant(person)
    return {"role": role, "password": password}


def _reset_factor(arguments: argparse.Namespace) -> dict[str, Any]:
    from gisapp.accounts import second_factor

    person = _find_user(arguments.email)
    taken, sessions = second_factor.reset(person, passkeys=arguments.passkeys)
    return {"email": person.email, "taken": taken, "sessions": sessions}


_VERBS = {"create": _create, "grant": _grant, "token": _token, "grant-db": _grant_db, "reset-factor": _reset_factor}


def _tell(told: dict[str, Any], as_json: bool) -> int:
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        for name, value in told.items():
            print(f"{name}: {', '.join(value) if isinstance(value, list) else value}")
    return 0


def _run_user(arguments: argparse.Namespace) -> int:
    """Do what the verb says. Refusals are told by the command line with their code."""
    return _tell(_VERBS[arguments.verb](arguments), arguments.json)


USER = Command("user", "Konten, Rollen, Zugangsschlüssel, Datenbank-Zugänge", _run_user, _user_arguments)
