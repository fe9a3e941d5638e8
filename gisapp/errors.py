"""What can be refused, once for every door.

GisError                 something a person asked for cannot be done; carries a stable code
 ├─ BadInput             what came in is wrong (a value, a file, a box)
 ├─ NotFound             there is no such thing, or none that the asker may see
 ├─ Forbidden            it exists, and the asker may not
 └─ Conflict             it cannot be done in the present state

The catalogue maps a code to an HTTP status and to German and English text. Layers add their codes through
`gisapp.layer.App.error_texts`. A rule in the database raises SQLSTATE "KG001" with the code in its DETAIL ("code: ...");
`from_exception` turns that, the usual constraint violations and a database that is away into the same errors.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from django.db import DatabaseError
from django.db.models import ProtectedError, RestrictedError
from django.utils.translation import get_language
from psycopg_pool import PoolTimeout

RULE_SQLSTATE = "KG001"


@dataclass(frozen=True)
class ErrorText:
    """One entry of the catalogue. `de` and `en` may name values of the error as {name}. `rules` are the constraints of the
    database that say no more than their own name, and mean this."""

    code: str
    status: int
    de: str
    en: str
    rules: tuple[str, ...] = ()

    def text(self, language: str, values: Mapping[str, object]) -> str:
        template = self.en if language.startswith("en") else self.de
        return template.format_map(_Values(values))


class _Values(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "?"


CATALOGUE: dict[str, ErrorText] = {}
_BY_RULE: dict[str, str] = {}


def add(*entries: ErrorText) -> None:
    """Put entries into the catalogue. Raises ValueError when a code is taken by another text."""
    for entry in entries:
        if CATALOGUE.get(entry.code, entry) != entry:
            raise ValueError(f"the error code {entry.code} is already in the catalogue")
        CATALOGUE[entry.code] = entry
        _BY_RULE.update(dict.fromkeys(entry.rules, entry.code))


class GisError(Exception):
    """Refused. `values` fill the text; `field` and `place` say where."""

    default_code = "internal"

    def __init__(self, code: str | None = None, *, field: str = "", place: str = "", **values: object) -> None:
        self.code = code or self.default_code
        self.field, self.place = field, place
        self.values = {"field": field, "place": place, **values}
        super().__init__(self.code)

    @property
    def entry(self) -> ErrorText:
        return CATALOGUE[self.code]

    @property
    def status(self) -> int:
        return self.entry.status

    def text(self, language: str | None = None) -> str:
        """The sentence for a person, in German unless English is asked for or active."""
        return self.entry.text(language or get_language() or "de", self.values)

    def __str__(self) -> str:
        return f"{self.text()} [{self.code}]"


class BadInput(GisError):
    default_code = "bad-input"


class NotFound(GisError):
    default_code = "not-found"


class Forbidden(GisError):
    default_code = "forbidden"


class Conflict(GisError):
    default_code = "conflict"


_BY_SQLSTATE = {
    "23505": ("duplicate", Conflict),
    "23503": ("still-used", Conflict),
    "23514": ("rule-violated", Conflict),
    "23502": ("value-missing", BadInput),
    "23P01": ("overlaps", Conflict),
    "40001": ("try-again", Conflict),
    "40P01": ("try-again", Conflict),
    "57014": ("too-slow", GisError),
}


def from_database(error: DatabaseError | psycopg.Error) -> GisError | None:
    """The domain error behind a database error, or None when it is none (then it is a fault of ours)."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if not isinstance(cause, psycopg.Error):
        return None
    diagnosis = cause.diag
    if cause.sqlstate == RULE_SQLSTATE:
        match = re.match(r"code: ([a-z0-9-]+)", diagnosis.message_detail or "")
        code = match[1] if match and match[1] in CATALOGUE else "rule-violated"
        return Conflict(code, message=diagnosis.message_primary or "", hint=diagnosis.message_hint or "")
    # An OperationalError without a better name: no connection, a server that stops, starts or takes no more.
    away = ("unavailable", GisError) if isinstance(cause, psycopg.OperationalError) else None
    found = _BY_SQLSTATE.get(cause.sqlstate or "", away)
    if found is None:
        return None
    code, kind = found
    if code == "unavailable":
        # A pool without a connection to give has waited long enough; any other connection may be a dead one of many.
        return kind(code, lost=not isinstance(cause, PoolTimeout))
    rule = diagnosis.constraint_name or diagnosis.column_name or ""
    return kind(_BY_RULE.get(rule, code), field=diagnosis.column_name or "", rule=rule, message="")


def from_exception(error: Exception) -> GisError | None:
    """The domain error behind any exception of a view or a command, or None when it is a fault of ours."""
    if isinstance(error, GisError):
        return error
    if isinstance(error, ProtectedError | RestrictedError):  # Django looks before the database would refuse
        held = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
        return Conflict("still-used", rule=", ".join(sorted({one._meta.db_table for one in held})))
    return from_database(error) if isinstance(error, DatabaseError | psycopg.Error) else None


add(
    ErrorText("internal", 500, "Hier ist etwas schiefgegangen. Der Betrieb ist informiert.",
              "Something went wrong here. The operators have been told."),
    ErrorText("bad-input", 400, "Die Anfrage ist nicht verständlich: {reason}", "The request is not understood: {reason}"),
    ErrorText("malformed", 400, "Die Anfrage ist fehlerhaft aufgebaut.", "The request is malformed."),
    ErrorText("not-found", 404, "{what} gibt es nicht.", "There is no {what}."),
    ErrorText("unknown-address", 404, "Diese Adresse gibt es nicht.", "There is nothing at this address."),
    ErrorText("forbidden", 403, "Dafür fehlt Ihnen das Recht.", "You do not have the right to do this."),
    ErrorText("out-of-reach", 403, "Das gehört nicht zu dem, was Sie in der Ebene {layer} ändern dürfen.",
              "This is not among what you may change in the layer {layer}."),
    ErrorText("beyond-reach", 403, "Das gehört nicht zu dem, was Sie ändern dürfen (andere Organisation oder anderes Gebiet).",
              "This is not among what you may change (another organisation or another area)."),
    ErrorText("acting-impossible", 409,
              "Der Webserver darf in der Datenbank nicht für Personen handeln: Ihm fehlt die Rolle {role}. Ein Administrator des Servers gibt sie ihm.",
              "The web server may not act for people in the database: it lacks the role {role}. An administrator of the server grants it."),
    ErrorText("which-organisation", 400, "Für welche Organisation? Möglich sind: {possible}",
              "For which organisation? Possible are: {possible}"),
    ErrorText("no-right-to-create-roles", 409, "Der Datenbankbenutzer darf keine Rollen anlegen. Abhilfe: als Datenbankverwalter "
              "CREATE ROLE {group} NOLOGIN; CREATE ROLE {role} LOGIN IN ROLE {group} ausführen, dann noch einmal.",
              "The database user may not create roles. Remedy: run CREATE ROLE {group} NOLOGIN; CREATE ROLE {role} LOGIN "
              "IN ROLE {group} as the database's administrator, then try again."),
    ErrorText("token-invalid", 401, "Dieser Zugangsschlüssel gilt nicht (mehr).", "This access key is not valid (any more)."),
    ErrorText("token-scope", 403, "Dieser Zugangsschlüssel darf nur: {scope}", "This access key may only: {scope}"),
    ErrorText("token-not-here", 403, "Diese Seiten sind für Menschen; Zugangsschlüssel öffnen sie nicht.",
              "These pages are for people; access keys do not open them."),
    ErrorText("second-factor-owed", 403, "Ihre Rolle verlangt einen zweiten Faktor. Bitte unter „Mein Konto“ einrichten oder "
              "zeigen (/konto/sicherheit/).",
              "Your role demands a second factor. Please set it up or show it in “My account” (/konto/sicherheit/)."),
    ErrorText("data-key-missing", 503, "Ihr zweiter Faktor lässt sich gerade nicht prüfen: Auf dem Server fehlt der Schlüssel dazu. Bitte "
              "melden Sie sich mit einem Passkey an oder wenden Sie sich an den Betrieb.",
              "Your second factor cannot be checked at the moment: the server lacks the key to it. Please log in with a passkey, "
              "or turn to the operators."),
    ErrorText("login-provider-away", 503, "Der Anmeldedienst ist gerade nicht erreichbar; bitte später noch einmal oder mit Passwort.",
              "The log-in service cannot be reached at the moment; please try later or use your password."),
    ErrorText("login-provider-failed", 401, "Die Anmeldung beim Anmeldedienst ist nicht gelungen; bitte noch einmal beginnen.",
              "The log-in at the log-in service did not succeed; please begin anew."),
    ErrorText("login-address-unproven", 403, "Der Anmeldedienst bestätigt Ihre E-Mail-Adresse nicht; darum kann sie hier nicht gelten.",
              "The log-in service does not confirm your e-mail address; so it cannot count here."),
    ErrorText("login-unknown-person", 403, "Zu Ihrer E-Mail-Adresse gibt es hier kein Konto; die Leitung Ihrer Organisation richtet "
              "eines ein.",
              "There is no account for your e-mail address; your organisation's administrators can make one."),
    ErrorText("fetch-address-refused", 502, "{host} liegt in einem inneren Netz; der Server fragt dort nicht. Ist es gewollt: in "
              "FETCH_ALLOWED eintragen.",
              "{host} is in an internal network; the server does not ask there. If it is meant: put it into FETCH_ALLOWED."),
    ErrorText("fetch-scheme-refused", 502, "{host} wird nur verschlüsselt (https) gefragt. Ist es gewollt: http://{host} in FETCH_ALLOWED "
              "eintragen.",
              "{host} is asked over https alone. If it is meant: put http://{host} into FETCH_ALLOWED."),
    ErrorText("fetch-failed", 502, "{host} antwortet nicht wie erwartet ({reason}).", "{host} does not answer as expected ({reason})."),
    ErrorText("fetch-too-slow", 504, "{host} hat nicht binnen {seconds} Sekunden geantwortet.",
              "{host} did not answer within {seconds} seconds."),
    ErrorText("fetch-too-large", 502, "Die Antwort von {host} ist größer als {most} Byte.", "The answer of {host} is larger than {most} bytes."),
    ErrorText("fetch-too-many-redirects", 502, "{host} leitet öfter als {most}-mal weiter.", "{host} redirects more than {most} times."),
    ErrorText("mail-failed", 503, "Die E-Mail konnte nicht verschickt werden; bitte später noch einmal.",
              "The mail could not be sent; please try again later."),
    ErrorText("contractor-needs-end", 409, "Auftragnehmer brauchen einen letzten Tag.", "Contractors need a last day."),
    ErrorText("period-reversed", 409, "Der letzte Tag liegt vor dem ersten.", "The last day is before the first."),
    ErrorText("last-admin", 409, "Das ist die letzte Leitung von {organisation}; bestimmen Sie zuerst eine andere.",
              "This is the last administrator of {organisation}; name another one first."),
    ErrorText("last-operator", 409, "Das ist das letzte Konto des Betriebs; richten Sie zuerst ein anderes ein.",
              "This is the last operator's account; make another one first."),
    ErrorText("beyond-your-areas", 403, "Ihre eigene Rolle ist auf Gebiete beschränkt; mehr können Sie nicht vergeben.",
              "Your own role is limited to areas; you cannot give more."),
    ErrorText("key-stays", 409, "Der Schlüssel eines Objekts bleibt, wie er ist.", "The key of a feature stays as it is."),
    ErrorText("no-history", 404, "Die Ebene {layer} hat keine Geschichte.", "The layer {layer} has no history."),
    ErrorText("unknown-change", 404, "Diese Änderung gibt es nicht: {change}", "There is no such change: {change}"),
    ErrorText("changed-since", 409, "Danach wurde noch etwas geändert ({count}): {which}. Zuerst das Spätere zurücknehmen.",
              "Something was changed afterwards ({count}): {which}. Take back the later change first."),
    ErrorText("not-logged-in", 401, "Bitte melden Sie sich an.", "Please log in."),
    ErrorText("form-expired", 403, "Das Formular ist abgelaufen; bitte die Seite neu laden.",
              "The form has expired; please load the page again."),
    ErrorText("not-acceptable", 406, "Diese Adresse spricht keine der gewünschten Formen.",
              "This address speaks none of the forms that were asked for."),
    ErrorText("unsupported-media-type", 415, "Diese Adresse versteht nur JSON und GeoJSON.",
              "This address understands JSON and GeoJSON alone."),
    ErrorText("method-not-allowed", 405, "Das geht mit dieser Adresse nicht.", "This address does not do that."),
    ErrorText("too-many-requests", 429, "Zu viele Anfragen; bitte in {wait} Sekunden noch einmal.",
              "Too many requests; please try again in {wait} seconds."),
    ErrorText("conflict", 409, "Das passt nicht zum jetzigen Stand: {reason}",
              "This does not fit the present state: {reason}"),
    ErrorText("duplicate", 409, "Das gibt es schon ({rule}).", "This exists already ({rule})."),
    ErrorText("still-used", 409, "Das wird noch gebraucht oder fehlt noch ({rule}).",
              "This is still in use, or is missing ({rule})."),
    ErrorText("rule-violated", 409, "Eine Regel des Datenbestands verbietet das: {message} {rule}",
              "A rule of the data forbids this: {message} {rule}"),
    ErrorText("value-missing", 400, "Ein Pflichtwert fehlt: {rule}", "A required value is missing: {rule}"),
    ErrorText("overlaps", 409, "Das überschneidet sich mit etwas Bestehendem ({rule}).",
              "This overlaps something that exists ({rule})."),
    ErrorText("try-again", 409, "Jemand anderes war gleichzeitig am Werk; bitte noch einmal.",
              "Somebody else was at work at the same time; please try again."),
    ErrorText("too-slow", 503, "Die Antwort hätte zu lange gedauert; bitte einen kleineren Ausschnitt wählen.",
              "The answer would have taken too long; please choose a smaller area."),
    ErrorText("no-feature", 400, "Erwartet wird ein GeoJSON-Objekt mit geometry und properties.",
              "A GeoJSON feature with geometry and properties is expected."),
    ErrorText("geometry-wrong", 400, "Erwartet wird eine GeoJSON-Geometrie der Art {kind}.",
              "A GeoJSON geometry of the type {kind} is expected."),
    ErrorText("geometry-too-far", 400, "Die Geometrie liegt außerhalb dessen, was EPSG:25832 beschreibt; Länge und Breite vertauscht?",
              "The geometry lies beyond what EPSG:25832 describes; are longitude and latitude swapped?"),
    ErrorText("unknown-layer", 404, "Die Ebene {name} gibt es nicht.", "There is no layer {name}."),
    ErrorText("unknown-feature", 404, "In der Ebene {layer} gibt es kein Objekt {id}.",
              "The layer {layer} has no feature {id}."),
    ErrorText("unknown-field", 400, "Die Ebene {layer} hat kein Feld {field}.", "The layer {layer} has no field {field}."),
    ErrorText("changed-meanwhile", 412, "Das Objekt ist inzwischen ein anderes (geändert: {which}). Bitte neu laden und die Änderung wiederholen.",
              "The feature has changed meanwhile (changed: {which}). Please load it anew and repeat the change."),
    ErrorText("if-match-required", 428, "Diese Änderung braucht den Kopf If-Match mit dem ETag des Objekts, das geändert wird.",
              "This change needs the header If-Match with the ETag of the feature that is changed."),
    ErrorText("idempotency-mismatch", 422, "Mit diesem Idempotency-Key kam schon eine andere Anfrage.",
              "Another request came with this Idempotency-Key before."),
    ErrorText("idempotency-in-flight", 409, "Die erste Anfrage mit diesem Idempotency-Key ist noch in Arbeit; bitte gleich noch einmal.",
              "The first request with this Idempotency-Key is still at work; please try again shortly."),
    ErrorText("filter-syntax", 400, "Der Filter ist an der Stelle {place} nicht zu verstehen: dort steht {found}, erwartet wird {expected}.",
              "The filter cannot be understood at {place}: {found} stands there, {expected} is expected."),
    ErrorText("filter-types", 400, "Im Filter passt an der Stelle {place} die Art nicht: {found} statt {expected}.",
              "In the filter the type does not fit at {place}: {found} instead of {expected}."),
    ErrorText("filter-geometry", 400, "Im Filter steht an der Stelle {place} keine brauchbare Geometrie: {reason}",
              "In the filter there is no usable geometry at {place}: {reason}"),
    ErrorText("filter-too-large", 400, "Der Filter ist zu groß ({what}); höchstens {limit}.",
              "The filter is too large ({what}); at most {limit}."),
    ErrorText("bad-box", 400, "Der Ausschnitt {value} ist keiner: erwartet werden vier Zahlen West,Süd,Ost,Nord.",
              "{value} is not a box: four numbers west,south,east,north are expected."),
    ErrorText("bad-crs", 400, "Das Koordinatensystem {value} wird hier nicht gesprochen.",
              "The coordinate system {value} is not spoken here."),
    ErrorText("bad-number", 400, "{name} ist keine erlaubte Zahl: {value}", "{name} is not a permitted number: {value}"),
    ErrorText("bad-value", 400, "{name} hat einen unerlaubten Wert: {value}", "{name} has a value that is not allowed: {value}"),
    ErrorText("repeated-parameter", 400, "Der Parameter {name} steht mehr als einmal da.",
              "The parameter {name} is given more than once."),
    ErrorText("unknown-parameter", 400, "Den Parameter {name} gibt es hier nicht.", "There is no parameter {name} here."),
    ErrorText("bad-tile", 404, "Diese Kachel gibt es nicht.", "There is no such tile."),
    ErrorText("unknown-format", 400, "Das Format {value} wird nicht angeboten; möglich sind {possible}.",
              "The format {value} is not on offer; possible are {possible}."),
    ErrorText("export-empty", 400, "Dort gibt es nichts zu schreiben.", "There is nothing to write there."),
    ErrorText("export-too-large", 400, "Das wird zu groß: {what}, höchstens {limit}. Einen kleineren Ausschnitt (--bbox), weniger Ebenen oder Zoomstufen wählen.",
              "This becomes too large: {what}, at most {limit}. Choose a smaller box (--bbox), fewer layers or zooms."),
    ErrorText("not-set-up", 503, "{what} fehlt. Abhilfe: {remedy}", "{what} is missing. Mend it: {remedy}"),
    ErrorText("unavailable", 503, "Die Datenbank ist gerade nicht erreichbar; bitte gleich noch einmal.",
              "The database cannot be reached at the moment; please try again shortly."),
)  # fmt: skip
