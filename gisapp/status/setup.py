"""What is not set up yet, for the operators: each line with its state, why it matters and what mends it.

`gisapp check --installation` and the page /admin/einrichtung/ show the same list. What the program stands on (versions,
disk, migrations) comes from gisapp/checks.py, what must be alive from gisapp/health.py.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from gisapp import checks, health
from gisapp.accounts.demo import DOMAIN
from gisapp.accounts.models import User
from gisapp.layer import Text, all_apps, find
from gisapp.registry import facts
from gisapp.tenants.context import LEGAL_PAGES
from gisapp.tenants.directory import directory
from gisapp.tenants.models import LegalText

OK, RECOMMENDED, MISSING, CRITICAL = "ok", "recommended", "missing", "critical"
ORDER = (CRITICAL, MISSING, RECOMMENDED, OK)
BACKUP_FRESH = timedelta(days=2)


@dataclass(frozen=True)
class Item:
    """`key` is stable, `found` what there is, `why` what it is good for, `remedy` a command or setting; `page` of the docs."""

    key: str
    title: str
    state: str
    found: str
    why: str
    remedy: str = ""
    page: str = ""


def _item(key: str, title: str, good: bool, bad: str, found: str, why: str, remedy: str, page: str) -> Item:
    return Item(key, title, OK if good else bad, found, why, "" if good else remedy, f"docs/operator/{page}")


def _address() -> Iterator[Item]:
    public = settings.PUBLIC_URL
    yield _item(
        "public-url", _("Adresse der Karte"), bool(public), MISSING, public or "–",
        _("Links in Mails und im Katalog führen dorthin."), "PUBLIC_URL=https://karte.amt.example", "settings.md",
    )  # fmt: skip
    yield _item(
        "https", _("Verschlüsselung"), settings.HTTPS, MISSING, _("an") if settings.HTTPS else _("aus"),
        _("Ohne HTTPS gehen Passwörter und Sitzungen offen durchs Netz."), "PUBLIC_URL=https://… / HTTPS=1",
        "settings.md",
    )  # fmt: skip
    own = settings.SECRET_KEY_FROM_ENVIRONMENT
    yield _item(
        "secret-key", _("Geheimer Schlüssel"), own, RECOMMENDED, "SECRET_KEY" if own else _("Datei dieses Rechners"),
        _("Mehrere Rechner brauchen denselben; er gehört nicht in die Sicherung der Daten."), "SECRET_KEY",
        "settings.md",
    )  # fmt: skip


def _mail() -> Iterator[Item]:
    real = not settings.EMAIL_URL.startswith("file:")
    yield _item(
        "mail-server", _("Mailserver"), real, MISSING, _("eingerichtet") if real else _("Mails werden zu Dateien"),
        _("Einladungen und neue Passwörter kommen sonst nicht an."), "EMAIL_URL=smtp://…; gisapp mail test", "mail.md",
    )  # fmt: skip
    yield _item(
        "mail-sender", _("Absender der Mails"), bool(settings.MAIL_FROM), MISSING, settings.MAIL_FROM or "–",
        _("Ohne eigene Adresse landen Mails im Spam."), "MAIL_FROM", "mail.md",
    )  # fmt: skip


def _legal() -> Iterator[Item]:
    from gisapp.map.config import map_config

    reasons = {
        "imprint": _("§ 5 DDG: Wer steht hinter dem Auftritt?"),
        "privacy": _("Art. 13 DSGVO: Was geschieht mit den Daten der Besucher?"),
        "accessibility": _("BITV 2.0 und Landesrecht: Was ist nicht barrierefrei, und wohin wendet man sich?"),
    }
    there, config = directory(), map_config()
    elsewhere = {"imprint": config.imprint, "privacy": config.privacy}
    for kind in LEGAL_PAGES:
        lacking = [str(site.title) for site in there.sites if kind not in site.legal | there.legal]
        known = bool(elsewhere.get(kind)) or kind in there.legal or (bool(there.sites) and not lacking)
        yield _item(
            f"legal-{kind}", str(LegalText.Kind(kind).label), known, MISSING,
            _("vorhanden") if known else ", ".join(lacking) or "–",
            reasons[kind], _("Verwaltung → Rechtliche Texte"), "tenants.md",
        )  # fmt: skip


def _sites() -> Iterator[Item]:
    sites = directory().sites
    yield _item(
        "tenant", _("Mandant"), bool(sites), RECOMMENDED, ", ".join(one.key for one in sites) or "–",
        _("Name, Ausschnitt und Zuständigkeit der Karte."), "gisapp tenant create", "tenants.md",
    )  # fmt: skip
    for key, title, why, remedy, lacks in (
        ("tenant-logo", _("Logo"), _("Daran erkennt man, wessen Karte es ist."), "gisapp tenant change KEY --logo",
         [one.key for one in sites if one.logo is None]),
        ("tenant-colours", _("Farben"), _("Die Karte sieht aus wie der übrige Auftritt."),
         "gisapp tenant change KEY --primary '#…'", [one.key for one in sites if not one.primary]),
        ("tenant-boundary", _("Grenze"), _("Startausschnitt und Zuständigkeit folgen daraus."),
         "gisapp tenant change KEY --boundary", [one.key for one in sites if one.box is None]),
    ):  # fmt: skip
        if sites:
            bad = MISSING if key == "tenant-boundary" else RECOMMENDED
            found = ", ".join(lacks) if lacks else _("vorhanden")
            yield _item(key, title, not lacks, bad, found, why, remedy, "tenants.md")


def _data() -> Iterator[Item]:
    for app in all_apps():
        for name, remedy in app.base_data.items():
            layer = find(name)
            if layer is None:
                continue
            rows = layer.model_class._default_manager.all()
            real = rows.exclude(source="demo").exists()
            found = _("vorhanden") if real else _("nur die Demo") if rows.exists() else _("leer")
            yield _item(
                f"data-{name}", str(layer.title), real, MISSING, found,
                _("Grunddaten, auf denen alles andere steht."), remedy, "installation.md",
            )  # fmt: skip


def _people() -> Iterator[Item]:
    operators = User.objects.filter(is_superuser=True, is_active=True).exclude(email__endswith=f"@{DOMAIN}")
    yield _item(
        "operator", _("Betreiberkonto"), operators.exists(), MISSING, str(operators.count()),
        _("Jemand muss die Verwaltung benutzen können."), "gisapp user create EMAIL --operator", "accounts.md",
    )  # fmt: skip
    secured = Authenticator.objects.filter(type__in=("totp", "webauthn")).values("user")
    bare = operators.exclude(pk__in=secured).count()
    yield _item(
        "second-factor", _("Zweiter Faktor des Betriebs"), not bare, MISSING,
        _("%(count)d ohne") % {"count": bare} if bare else _("alle"),
        _("Ein gestohlenes Passwort allein soll nicht alles öffnen."), "/konto/sicherheit/", "accounts.md",
    )  # fmt: skip
    yield _demo_people()
    providers = settings.SOCIALACCOUNT_PROVIDERS.get("oidc", {}).get("APPS", [])
    yield _item(
        "oidc", _("Anmeldedienst (OpenID Connect)"), bool(providers), RECOMMENDED, str(len(providers)),
        _("Wer ein Dienstkonto hat, braucht dann kein weiteres Passwort."), "OIDC_ISSUER, OIDC_CLIENT_ID", "accounts.md",
    )  # fmt: skip


def _demo_people() -> Item:
    """Their password is printed in the documentation: in front of real data they are an open door."""
    count = User.objects.filter(email__endswith=f"@{DOMAIN}", is_active=True).count()
    real = bool(settings.PUBLIC_URL) or not settings.DEMO_WITHOUT_SECOND_FACTOR
    return _item(
        "demo-people", _("Konten der Demo"), not count, CRITICAL if real else RECOMMENDED, str(count),
        _("Ihr Passwort kennt jeder, der die Anleitung gelesen hat."), _("Verwaltung → Benutzer: Konten @demo.invalid löschen"),
        "accounts.md",
    )  # fmt: skip


def _alive() -> Iterator[Item]:
    for part in health.examine():
        if part.name in ("worker", "migrations"):
            title = _("Arbeitsprozess") if part.name == "worker" else _("Tabellen und Regeln")
            why = (
                _("Ohne ihn gehen keine Mails hinaus.")
                if part.name == "worker"
                else _("Das Programm passt zur Datenbank.")
            )
            remedy = "gisapp worker" if part.name == "worker" else "gisapp setup"
            found = str(Text(part.de, part.en))
            yield _item(part.name, title, part.ok, CRITICAL, found, why, remedy, "health.md")
    disk = checks.disk()
    yield _item(
        "disk", disk.title, disk.state == checks.OK, CRITICAL, disk.found, _("Eine volle Platte hält alles an."),
        disk.remedy, "health.md",
    )  # fmt: skip


def _backup() -> Iterator[Item]:
    made = parse_datetime(facts.get("last_backup") or "")
    fresh = made is not None and timezone.now() - made < BACKUP_FRESH
    yield _item(
        "backup", _("Sicherung"), fresh, CRITICAL if made is None else MISSING,
        date_format(timezone.localtime(made), "SHORT_DATETIME_FORMAT") if made else _("noch keine"),
        _("Täglich eine, an einem anderen Ort."), "gisapp backup FILE", "backup.md",
    )  # fmt: skip


def _watched() -> Iterator[Item]:
    wide = [one for one in settings.METRICS_ALLOWED if ip_network(one, strict=False).num_addresses > 2**24]
    yield _item(
        "metrics", _("Schutz der Metriken"), not wide, MISSING, ", ".join(settings.METRICS_ALLOWED) or "METRICS_TOKEN",
        _("Was hier läuft, geht Fremde nichts an."), "METRICS_ALLOWED / METRICS_TOKEN", "monitoring.md",
    )  # fmt: skip
    yield _item(
        "debug", _("Fehlerseiten der Entwicklung"), not settings.DEBUG, CRITICAL,
        _("an") if settings.DEBUG else _("aus"), _("Sie zeigen jedem Einstellungen und Quelltext."), "DEBUG=0",
        "settings.md",
    )  # fmt: skip


GROUPS: tuple[Callable[[], Iterator[Item]], ...] = (
    _address, _mail, _legal, _sites, _data, _people, _alive, _backup, _watched,
)  # fmt: skip


def items() -> list[Item]:
    """Every line, the worst first."""
    found = [one for group in GROUPS for one in group()]
    return sorted(found, key=lambda one: ORDER.index(one.state))
