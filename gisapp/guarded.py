"""Tables beside the layers that people reach in the database itself: who sees and changes their rows.

A layer's table gets its rights from the layer. Whatever hangs on it (a duct's walk, its tubes) is named here in one line,
through `App.guarded`; what is neither is closed to every log-in. `gisapp/accounts/policies.py` makes the policies.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gisapp.accounts.roles import Role
from gisapp.fields import Text


@dataclass(frozen=True)
class Guarded:
    """One table, by exactly one of these:

    `parent`: the foreign key to the row that it hangs on, or several; who sees one of those rows sees it, who may change one
    may change it.
    `owner`: the foreign key to the organisation that it belongs to; `within` its roles that see it, `edit` those that change
    it (empty: operators), `place` its geometry, for memberships that are limited to areas.
    `common`: everybody who has one of the roles of `within` anywhere sees it, operators change it (catalogues).

    `seen` and `edited` are SQL conditions on the row's columns that hold in place of these ("" : as above); `besides` is one
    that must hold for a written row as well. They are asked with the asker's own rights.
    """

    model: str
    title: Text
    parent: str | Sequence[str] = ""
    owner: str = ""
    within: Sequence[Role] = ()
    edit: Sequence[Role] = ()
    place: str = ""
    common: bool = False
    seen: str = ""
    edited: str = ""
    besides: str = ""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.parent, self.owner, self.common))) != 1:
            raise ValueError(f"{self.model}: by its parent, by its owner, or common to all")

    @property
    def parents(self) -> Sequence[str]:
        return [self.parent] if isinstance(self.parent, str) else self.parent
