"""What the outbox adds: its refusals."""

from gisapp.errors import ErrorText
from gisapp.layer import App, register

register(
    App(
        name="mail",
        error_texts=(
            ErrorText("bad-mail-address", 400, "Das ist keine E-Mail-Adresse.", "This is no e-mail address."),
            ErrorText("mail-refused", 502, "Der Mailserver lehnt diese Mail ab.", "The mail server refuses this mail."),
            ErrorText("mail-deferred", 503, "Der Mailserver nimmt diese Mail gerade nicht an.",
                      "The mail server does not take this mail at the moment."),
            ErrorText("mail-server-away", 503, "Der Mailserver ist nicht erreichbar.", "The mail server cannot be reached."),
            ErrorText("mail-given-up", 504, "Der Mailserver hat diese Mail zu lange nicht angenommen.",
                      "The mail server has not taken this mail for too long."),
            ErrorText("mail-held", 409, "Die Mail stammt aus einer eingespielten Sicherung und wurde nicht noch einmal versandt.",
                      "The mail comes from a restored backup and was not sent again."),
        ),
    )
)  # fmt: skip
