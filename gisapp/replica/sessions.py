"""Sessions at the primary, always: one that was ended is over at once, and reading a page may write one."""

from django.contrib.sessions.backends.db import SessionStore as Stored

from gisapp.replica.routing import there


class SessionStore(Stored):
    """Django's sessions in the database."""

    load = there(Stored.load)
    exists = there(Stored.exists)
    save = there(Stored.save)
    delete = there(Stored.delete)
