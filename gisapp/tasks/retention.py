"""What is kept for how long: apps register what they forget, one job a night forgets it.

    register("mail.bodies", Text("Texte versandter Mails", "Texts of sent mails"), purge)

A rule deletes or empties what its time is over for and returns how many rows that were. It may be run at any time and
any number of times: after a restore it is, before anybody sees the old data.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gisapp.layer import Text

log = logging.getLogger("gisapp.tasks")


@dataclass(frozen=True)
class Rule:
    name: str
    title: Text
    forget: Callable[[], int]


RULES: dict[str, Rule] = {}


def register(name: str, title: Text, forget: Callable[[], int]) -> None:
    """Add a rule. Raises ValueError when the name is taken."""
    if name in RULES:
        raise ValueError(f"the retention rule {name} is registered already")
    RULES[name] = Rule(name, title, forget)


def run() -> dict[str, int]:
    """Run all rules; rows by the rule's name. One that fails does not keep the others from theirs, and is raised at last."""
    found, failed = {}, []
    for rule in RULES.values():
        try:
            found[rule.name] = rule.forget()
        except Exception as error:
            log.exception("a retention rule failed", extra={"code": rule.name})
            failed.append(error)
    if failed:
        raise failed[0]
    return found
