"""What the state of the installation adds: commands, its address for programs, the operators' page, refusals."""

from django.urls import path

from gisapp.errors import ErrorText
from gisapp.layer import App, Audience, Page, Text, register
from gisapp.status import api
from gisapp.status.commands import BANNER, MAINTENANCE

register(
    App(
        name="status",
        commands=[BANNER, MAINTENANCE],
        api_urls=[path("status", api.status, name="status")],
        pages=[Page("admin:setup", Text("Einrichtung", "Set-up"), see=Audience.OPERATOR)],
        error_texts=(
            ErrorText("maintenance", 503, "Wir arbeiten gerade an der Karte; sie ist bald wieder da.",
                      "We are working on the map; it will be back soon."),
            ErrorText("maintenance-read-only", 503, "Wegen einer Wartung kann gerade nichts gespeichert werden. Bitte später "
                      "noch einmal.",
                      "Because of maintenance nothing can be saved at the moment. Please try again later."),
            ErrorText("banner-bad-text", 400, "{field}: ein Banner hat 1 bis {limit} Zeichen.",
                      "{field}: a banner has 1 to {limit} characters."),
            ErrorText("banner-over", 400, "{until} ist schon vorbei oder liegt vor dem Beginn.",
                      "{until} is over already or lies before the beginning."),
        ),
    )
)  # fmt: skip
