"""The worker's part of the outbox."""

from gisapp.layer import Text
from gisapp.mail.delivery import deliver_due, purge
from gisapp.mail.transport import Unreachable
from gisapp.tasks import retention
from gisapp.tasks.declare import task
from gisapp.tasks.progress import Progress


# Now and then for what is to be tried again; and at once when a mail is asked for.
@task("mail.deliver", title=Text("Mails versenden", "Send mails"), cron="*/5 * * * *", stoppable=True)
def deliver(progress: Progress) -> None:
    try:
        deliver_due(lambda sent: progress.checkpoint(text=Text(f"{sent} versandt", f"{sent} sent")))
    except Unreachable:
        # The outbox keeps its own times; the state of the server is seen there and in the metrics.
        progress.note(Text("Der Mailserver nimmt gerade nichts an.", "The mail server takes nothing at the moment."))


retention.register("mail.bodies", Text("Texte versandter Mails", "Texts of mails that were sent"), purge)
