"""What background work adds to the site: its page and its refusals."""

from gisapp.errors import ErrorText
from gisapp.layer import App, register
from gisapp.tasks.urls import urlpatterns

register(
    App(
        name="tasks",
        urls=urlpatterns,
        error_texts=(
            ErrorText("unknown-job", 404, "Den Auftrag {id} gibt es nicht (mehr).", "There is no job {id} (any more)."),
            ErrorText("job-not-stoppable", 409, "Dieser Auftrag lässt sich nicht anhalten ({state}).",
                      "This job cannot be stopped ({state})."),
            ErrorText("job-not-retried", 409, "Dieser Auftrag lässt sich nicht wiederholen ({state}).",
                      "This job cannot be retried ({state})."),
            ErrorText("job-waits-already", 409, "Ein gleicher Auftrag wartet schon.", "The same job is waiting already."),
            ErrorText("worker-died", 500, "Der Arbeitsprozess ist dabei mehrmals gestorben (Speicher?).",
                      "The worker died of it several times (memory?)."),
        ),
    )
)  # fmt: skip
