"""Into which network an import goes: the one that is named, else the only one that can be meant."""

from itertools import count
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from gisapp.accounts.models import Organisation
from gisapp.accounts.roles import grants_of, is_operator
from gisapp.errors import BadInput, Forbidden
from gisapp.filesets import Outcome, Staged, plain_key
from layers.fibre.access import LEADS
from layers.fibre.models import Cable, Network, Node, Segment


def _theirs(staged: Staged) -> set[int] | None:
    """The organisations into whose networks this person imports; None: all.

    An import draws anywhere and with the program's rights: it is for those who answer for a network, and for all of it. (A
    planner changes no network by any door; whose role is limited to areas would draw beyond them.)
    """
    if staged.person is None or is_operator(staged.person):
        return None
    return {one.organisation for one in grants_of(staged.person) if one.role in LEADS and not one.areas}


def choose(staged: Staged, outcome: Outcome) -> Network:
    """The network to write into; a new one where that name is new and it is clear whose it would be.

    Nobody named one: the only one that the person may draw in; of several, the only one in which this source has objects
    already. Raises BadInput("which-network") naming the choices, BadInput("which-organisation"), Forbidden.
    """
    theirs = _theirs(staged)
    if theirs is not None and not theirs:
        raise Forbidden("forbidden")
    if staged.into:
        found = Network.objects.filter(key=staged.into).first()
        if found is not None and theirs is not None and found.organisation_id not in theirs:
            raise Forbidden("forbidden")
        return found or _made(staged, outcome, staged.into, staged.into)
    every = Network.objects.order_by("key")
    mine = every if theirs is None else every.filter(organisation__in=theirs)
    there = list(mine[:2])
    if not there:
        return _made(staged, outcome, _free(plain_key(staged.source, "netz")), staged.source)
    if len(there) > 1:
        there = _with_objects_of(staged.source, mine)
    if len(there) != 1:
        raise BadInput("which-network", possible=", ".join(mine.values_list("key", flat=True)[:50]))
    outcome.notes.append(_("Netz: %(key)s (keines war genannt)") % {"key": there[0].key})
    return there[0]


def _with_objects_of(source: str, networks: "QuerySet[Network]") -> list[Network]:
    """Those in which an earlier delivery of this source lies."""
    keys: set[UUID] = set()
    for model in (Node, Segment, Cable):
        keys.update(
            model.objects.filter(source=source, network__in=networks).values_list("network", flat=True).distinct()
        )
    return list(networks.filter(pk__in=keys))


def _free(key: str) -> str:
    """The key, with a number behind it where somebody else's network has it."""
    taken = set(Network.objects.filter(key__startswith=key).values_list("key", flat=True))
    return next(one for number in count(1) if (one := key if number == 1 else f"{key}-{number}") not in taken)


def _made(staged: Staged, outcome: Outcome, key: str, name: str) -> Network:
    owner = _owner(staged)
    found = Network.objects.create(key=key, name=name, organisation=owner)
    outcome.notes.append(_("Neues Netz %(key)s der Organisation %(owner)s") % {"key": key, "owner": owner.name})
    return found


def _owner(staged: Staged) -> Organisation:
    """Whose a new network is: of the organisation that is named, else of the first union, else of the first there is."""
    every = Organisation.objects.order_by("key")
    theirs = _theirs(staged)
    if theirs is not None:
        every = every.filter(pk__in=theirs)
    if staged.owner:
        found = every.filter(key=staged.owner).first()
    else:
        found = every.filter(kind="zweckverband").first() or every.first()
    if found is None:
        raise BadInput("which-organisation", possible=", ".join(every.values_list("key", flat=True)[:50]) or "–")
    return found
