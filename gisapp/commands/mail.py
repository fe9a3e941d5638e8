"""`gisapp mail`: the outbox, a trial mail, and the dead letters once more."""

import argparse
import json

from gisapp.commands.command import Command


def _arguments(parser: argparse.ArgumentParser) -> None:
    from django.utils.translation import gettext as _

    what = parser.add_mutually_exclusive_group()
    what.add_argument("--test", metavar="ADRESSE", help=_("eine Probemail in den Postausgang legen"))
    what.add_argument("--retry-dead", action="store_true", help=_("unzustellbare Mails noch einmal versuchen"))
    parser.add_argument("--language", choices=("de", "en"), default="de")
    parser.add_argument("--json", action="store_true")


def _run(arguments: argparse.Namespace) -> int:
    import uuid

    from django.db.models import Count

    from gisapp.mail import delivery, outbox
    from gisapp.mail.models import Outgoing, State

    done: dict[str, object] = {}
    if arguments.test:
        outbox.send("test", arguments.test, arguments.language, {}, f"test:{uuid.uuid4()}")
        done["queued"] = 1
    if arguments.retry_dead:
        done["retried"] = delivery.retry_dead()
    found = dict(Outgoing.objects.values_list("state").annotate(count=Count("id")))
    done |= {state.value: found.get(state.value, 0) for state in State}
    print(json.dumps(done) if arguments.json else "  ".join(f"{name}: {count}" for name, count in done.items()))
    return 0


MAIL = Command("mail", "Postausgang ansehen, Probemail, Unzustellbares noch einmal", _run, _arguments)
