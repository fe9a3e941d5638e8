"""What tenants add: the command, their addresses, their refusals, the demo's two."""

from gisapp.errors import ErrorText
from gisapp.layer import App, DemoPart, Text, register
from gisapp.tenants import demo
from gisapp.tenants.commands import TENANT
from gisapp.tenants.urls import urlpatterns

register(
    App(
        name="tenants",
        commands=[TENANT],
        urls=urlpatterns,
        demo=[DemoPart(85, Text("Zwei Mandanten", "Two tenants"), demo.build)],
        error_texts=(
            ErrorText("tenant-unknown", 404, "Den Mandanten {key} gibt es nicht; es gibt: {possible}",
                      "There is no tenant {key}; there are: {possible}"),
            ErrorText("tenant-bad-key", 400, "{value} ist kein Kürzel: a-z, 0-9 und - in der Mitte, höchstens 40 Zeichen.",
                      "{value} is no key: a-z, 0-9 and - in between, at most 40 characters."),
            ErrorText("tenant-bad-title", 400, "{field}: ein Name hat 1 bis {limit} lesbare Zeichen in einer Zeile.",
                      "{field}: a name has 1 to {limit} readable characters in one line."),
            ErrorText("tenant-bad-host", 400, "{value} ist kein Rechnername. Erwartet wird nur der Name, ohne http://, Port, "
                      "Pfad und Platzhalter: karte.amt.example",
                      "{value} is no host name. The name alone is expected, without http://, port, path and wildcard: "
                      "map.amt.example"),
            ErrorText("host-taken", 409, "Der Rechnername gehört schon zu einem anderen Mandanten: {message}",
                      "The host belongs to another tenant already: {message}"),
            ErrorText("tenant-no-language", 400, "Diese Sprachen gibt es nicht: {value}; möglich sind: {possible}",
                      "There are no such languages: {value}; possible are: {possible}"),
            ErrorText("tenant-no-colour", 400, "{field}: {value} ist keine Farbe; erwartet wird #RRGGBB.",
                      "{field}: {value} is no colour; #RRGGBB is expected."),
            ErrorText("tenant-unreadable", 400, "{field}: {value} ist auf hellem Grund ({ground}) nicht zu lesen: Kontrast "
                      "{contrast} statt 4,5 (WCAG 2.2, 1.4.3). Lesbar wäre {better}.",
                      "{field}: {value} cannot be read on light ground ({ground}): contrast {contrast} instead of 4.5 "
                      "(WCAG 2.2, 1.4.3). {better} could be read."),
            ErrorText("tenant-no-service", 400, "Diese Dienste gibt es nicht: {value}; möglich sind: {possible}",
                      "There are no such services: {value}; possible are: {possible}"),
            ErrorText("tenant-without-boundary", 409, "{name} ist noch für nichts zuständig. Abhilfe: --boundary DATEI",
                      "{name} is not responsible for anything yet. Mend it: --boundary FILE"),
            ErrorText("boundary-rejected", 400, "Die Grenze in {path} ist nicht zu gebrauchen, Objekt {reason}",
                      "The boundary in {path} cannot be used, feature {reason}"),
            ErrorText("logo-unreadable", 400, "Das Logo {path} ist nicht zu lesen: {reason}",
                      "The logo {path} cannot be read: {reason}"),
            ErrorText("logo-too-large", 400, "Das Logo ist zu groß: {size}, höchstens {limit}.",
                      "The logo is too large: {size}, at most {limit}."),
            ErrorText("logo-svg", 400, "Ein SVG kann Skripte enthalten und wird nicht genommen; bitte als PNG speichern.",
                      "An SVG can hold scripts and is not taken; please save it as PNG."),
            ErrorText("logo-unknown", 400, "Das ist kein PNG, JPEG oder WebP.", "This is no PNG, JPEG or WebP."),
            ErrorText("logo-broken", 400, "Die Bilddatei ist beschädigt.", "The picture file is damaged."),
        ),
    )
)  # fmt: skip
