"""What backups add: their refusals."""

from gisapp.errors import ErrorText
from gisapp.layer import App, register

register(
    App(
        name="backup",
        error_texts=(
            ErrorText("backup-failed", 500, "Die Sicherung ist gescheitert: {reason}", "The backup has failed: {reason}"),
            ErrorText("backup-exists", 409, "{file} gibt es schon. Abhilfe: anderer Name oder --force.",
                      "{file} exists already. Mend it: another name or --force."),
            ErrorText("backup-unreadable", 409, "{file} ist nicht zu lesen: {reason}", "{file} cannot be read: {reason}"),
            ErrorText("backup-damaged", 409, "{file} ist beschädigt oder keine Sicherung ({reason}). Es wurde nichts verändert.",
                      "{file} is damaged or no backup ({reason}). Nothing was changed."),
            ErrorText("backup-encrypted", 409, "{file} ist verschlüsselt. Abhilfe: --key mit der Schlüsseldatei.",
                      "{file} is encrypted. Mend it: --key with the key file."),
            ErrorText("backup-wrong-key", 409, "Der Schlüssel passt nicht zu {file}.", "The key does not fit {file}."),
            ErrorText("backup-bad-key", 409, "{file} enthält keinen brauchbaren Schlüssel.", "{file} holds no usable key."),
            ErrorText("backup-too-new", 409, "Die Sicherung stammt von einer neueren Fassung ({version}). Abhilfe: erst das Programm erneuern.",
                      "The backup was made by a newer version ({version}). Mend it: renew the program first."),
            ErrorText("backup-no-program", 409, "{program} für PostgreSQL {major} fehlt. Abhilfe: apt-get install postgresql-client-{major}",
                      "{program} for PostgreSQL {major} is missing. Mend it: apt-get install postgresql-client-{major}"),
            ErrorText("backup-differs", 409, "Die Probe stimmt nicht mit der Sicherung überein: {reason}",
                      "The trial restore does not agree with the backup: {reason}"),
            ErrorText("restore-not-empty", 409, "Die Datenbank enthält Daten ({reason}). Abhilfe: --force ersetzt sie durch die Sicherung.",
                      "The database holds data ({reason}). Mend it: --force replaces them by the backup."),
            ErrorText("restore-in-use", 409, "Die Datenbank ist in Benutzung durch {reason}, und wir dürfen diese Verbindungen nicht beenden. Es wurde nichts verändert. Abhilfe: dort trennen, dann noch einmal.",
                      "The database is in use by {reason}, and we may not end these connections. Nothing was changed. Mend it: disconnect there, then try again."),
            ErrorText("restore-no-right", 409, "Der Benutzer der Datenbank darf keine Datenbank anlegen. Abhilfe: ALTER ROLE … CREATEDB, oder eine leere Datenbank angeben.",
                      "The database's user may not create databases. Mend it: ALTER ROLE … CREATEDB, or name an empty database."),
        ),
    )
)  # fmt: skip
