"""What lies in a segment, hangs at a node, and where a duct goes: for the pages, in a constant number of queries.

Each function answers only about what the person sees; of another organisation's duct that it is there and whose it is.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gisapp.accounts.roles import grants_of, is_operator
from gisapp.moment import past
from layers.fibre import queries, values
from layers.fibre.access import SEES
from layers.fibre.crosssection import drawn
from layers.fibre.models import Cable, CableEntry, Duct, DuctStep, Node, Segment, Splitter, Tube, TubeEnd, TubeSection
from layers.fibre.occupancy import Seen, cross_sections, ducts_taken, fibres_of, totals
from layers.fibre.swatches import Swatch, schemes
from layers.fibre.taken import Counts, FibreTaken, TubeTaken


@dataclass(frozen=True)
class Linked:
    """A thing by its name, with the layer and key of its page where the person sees it."""

    name: str
    layer: str = ""
    key: UUID | None = None
    more: str = ""


@dataclass(frozen=True)
class DuctRow:
    """A duct in a trench on an earlier day: its product and what its tubes look like."""

    duct: Linked
    spec: str
    lifecycle: str
    tubes: list[Swatch]


@dataclass(frozen=True)
class SectionRow:
    """A piece of a tube between two places, and what couples it at each."""

    begin: Linked
    end: Linked
    at_begin: str = ""
    at_end: str = ""


@dataclass(frozen=True)
class TubeRow:
    swatch: Swatch
    pipe: str
    sections: list[SectionRow]
    taken: TubeTaken | None


@dataclass(frozen=True)
class FibreRow:
    taken: FibreTaken
    fibre: Swatch
    bundle: Swatch


@dataclass(frozen=True)
class EndRow:
    """A tube's end at a node."""

    duct: Linked
    swatch: Swatch
    what: str


def _state(lifecycle: str) -> str:
    return str(values.LIFECYCLE[lifecycle])


def _metres(length: float) -> str:
    return f"{number_format(length, 1, force_grouping=True)} m"


def _duct(one: Duct) -> Linked:
    return Linked(one.name or _("Rohr %(key)s") % {"key": str(one.pk)[:8]}, "fibre_duct", one.pk)


def segment_name(one: Segment) -> str:
    return one.name or _("Trasse %(key)s") % {"key": str(one.pk)[:8]}


def _node(one: Node | None) -> Linked:
    """A node, or that there is one which the person does not see."""
    if one is None:
        return Linked(_("Netzknoten eines anderen Netzes"))
    kind = str(values.NODE_KINDS[one.kind])
    return Linked(one.name or f"{kind} {str(one.pk)[:8]}", "fibre_node", one.pk, kind if one.name else "")


def _nodes(user: Any, keys: Iterable[UUID]) -> dict[UUID, Node]:
    return queries.nodes(user).in_bulk(list(set(keys)))


def _swatches(tubes: Collection[Tube]) -> dict[UUID, Swatch]:
    """Of each tube (with its duct's product at hand)."""
    known = schemes({one.duct.spec.scheme_id for one in tubes if one.duct.spec.scheme_id})
    return {
        one.pk: Swatch.of(one.position, known.get(one.duct.spec.scheme_id or "", {}).get(one.position)) for one in tubes
    }


def seen_by(user: Any) -> Seen:
    """Of which ducts and cables the person learns what they are; memberships limited to areas see these areas' alone."""
    if is_operator(user):
        return Seen()
    grants = [one for one in grants_of(user) if one.role in SEES]
    every, whole = {one.organisation for one in grants}, {one.organisation for one in grants if not one.areas}
    if every == whole:
        return Seen(every)
    ducts, cables = (set(rows.values_list("pk", flat=True)) for rows in (queries.ducts(user), queries.cables(user)))
    return Seen(every, ducts, cables)


def lay_in(user: Any, segment: UUID) -> list[DuctRow]:
    """The visible ducts of a segment on the day that is looked at, by name. (What is taken is known of today alone.)"""
    ducts = queries.ducts(user).filter(pk__in=DuctStep.objects.filter(segment=segment).values("duct"))
    rows = list(ducts.select_related("spec").order_by("name", "pk"))
    tubes: dict[UUID, list[Swatch]] = defaultdict(list)
    found = list(Tube.objects.filter(duct__in=rows).select_related("duct__spec").order_by("duct", "position"))
    swatches = _swatches(found)
    for one in found:
        tubes[one.duct_id].append(swatches[one.pk])
    return [DuctRow(_duct(one), one.spec.name, _state(one.lifecycle), tubes[one.pk]) for one in rows]


def of_segment(user: Any, key: UUID) -> Mapping[str, Any]:
    """The cross-section, as a picture and as rows."""
    segment = queries.segments(user).get(pk=key)
    nodes = _nodes(user, (segment.from_node_id, segment.to_node_id))
    ends = {"begin": _node(nodes.get(segment.from_node_id)), "end": _node(nodes.get(segment.to_node_id))}
    if past() is not None:
        return {**ends, "lay": lay_in(user, key)}
    section = cross_sections([key], seen_by(user))[key]
    return {**ends, "section": section, "picture": drawn(section)}


def _coupled(sections: Collection[TubeSection], user: Any) -> dict[tuple[UUID, str], str]:
    """What sits on each coupled end: the fitting, and the other tube where it is the person's to see."""
    mine = list(TubeEnd.objects.filter(section__in=sections).select_related("joint__fitting"))
    others = TubeEnd.objects.filter(joint__in={one.joint_id for one in mine}).select_related(
        "section__tube__duct__spec"
    )
    ends = list(others)
    ducts = queries.ducts(user).in_bulk({one.section.tube.duct_id for one in ends})
    swatches = _swatches([one.section.tube for one in ends])
    found = {}
    for one in mine:
        words = one.joint.fitting.name
        for other in ends:
            if other.joint_id == one.joint_id and (other.section_id, other.side) != (one.section_id, one.side):
                tube = other.section.tube
                swatch = swatches[tube.pk]
                named = _("anderes Netz")
                if tube.duct_id in ducts:
                    named = f"{_duct(ducts[tube.duct_id]).name}, {swatch.position} {swatch.words}"
                words = f"{words} → {named}"
        found[one.section_id, one.side] = words
    return found


def of_duct(user: Any, key: UUID) -> Mapping[str, Any]:
    """The walk, and each tube with its sections in the order of the walk."""
    steps = list(DuctStep.objects.filter(duct=key).select_related("segment").order_by("ordinal"))
    seen = set(queries.segments(user).filter(pk__in=[one.segment_id for one in steps]).values_list("pk", flat=True))
    walk = [
        Linked(segment_name(one.segment), "fibre_segment", one.segment_id, _metres(one.segment.length_m))
        if one.segment_id in seen else Linked(_("Trasse eines anderen Netzes"))
        for one in steps
    ]  # fmt: skip
    places: list[UUID] = []
    for one in steps:
        ends = (one.segment.from_node_id, one.segment.to_node_id)
        places.append(ends[0] if one.forward else ends[1])
    tubes = list(Tube.objects.filter(duct=key).select_related("duct__spec", "pipe").order_by("position"))
    order = {place: number for number, place in enumerate(places)}
    sections = list(TubeSection.objects.filter(tube__duct=key))
    sections.sort(key=lambda one: order.get(one.from_node_id, len(order)))
    nodes = _nodes(user, (place for one in sections for place in (one.from_node_id, one.to_node_id)))
    coupled, swatches = _coupled(sections, user), _swatches(tubes)
    parts: dict[UUID, list[SectionRow]] = defaultdict(list)
    for piece in sections:
        parts[piece.tube_id].append(
            SectionRow(
                _node(nodes.get(piece.from_node_id)),
                _node(nodes.get(piece.to_node_id)),
                coupled.get((piece.pk, "a"), ""),
                coupled.get((piece.pk, "b"), ""),
            )
        )
    taken = {one.position: one for one in ducts_taken([key], seen_by(user))[key].tubes} if past() is None else {}
    rows = [TubeRow(swatches[one.pk], one.pipe.name, parts[one.pk], taken.get(one.position)) for one in tubes]
    return {"walk": walk, "tubes": rows, "counts": Counts.counted(one.state for one in taken.values())}


def _ends_at(user: Any, node: UUID) -> list[EndRow]:
    """The tubes that begin, end, are cut or coupled at a node."""
    ending = Q(from_node=node) | Q(to_node=node)
    found = TubeSection.objects.filter(ending, tube__duct__in=queries.ducts(user)).select_related("tube__duct__spec")
    sections = list(found.order_by("tube__duct__name", "tube__duct", "tube__position"))
    coupled = _coupled(sections, user)
    swatches = _swatches([one.tube for one in sections])
    rows = []
    for one in sections:
        for side, place in (("a", one.from_node_id), ("b", one.to_node_id)):
            if place == node:
                what = coupled.get((one.pk, side)) or (
                    _("beginnt hier offen") if side == "a" else _("endet hier offen")
                )
                rows.append(EndRow(_duct(one.tube.duct), swatches[one.tube_id], what))
    return rows


def of_node(user: Any, key: UUID) -> Mapping[str, Any]:
    hanging = queries.segments(user).filter(Q(from_node=key) | Q(to_node=key)).order_by("name", "pk")
    segments = [
        Linked(segment_name(one), "fibre_segment", one.pk, f"{_state(one.lifecycle)}, {_metres(one.length_m)}")
        for one in hanging
    ]
    boxes = queries.enclosures(user).filter(node=key).select_related("spec").order_by("name")
    cables = (
        queries.cables(user).filter(Q(from_node=key) | Q(to_node=key)).select_related("spec").order_by("name", "pk")
    )
    seen = seen_by(user)
    return {
        "segments": segments,
        "ends": _ends_at(user, key),
        "boxes": [Linked(str(one), "fibre_enclosure", one.pk, one.spec.name) for one in boxes],
        "cables": [Linked(_cable_name(one), "fibre_cable", one.pk, one.spec.name) for one in cables],
        # A sum over what somebody sees in part would be no sum of anything.
        "taken": totals("node", key, seen.sight) if seen.ducts is None and past() is None else None,
    }


def _cable_name(one: Cable) -> str:
    return one.name or _("Kabel %(key)s") % {"key": str(one.pk)[:8]}


_DOES = {
    "end": gettext_lazy("endet"), "looped": gettext_lazy("ungeschnitten in Schlaufe"), "opened": gettext_lazy("geöffnet"),
}  # fmt: skip


def of_cable(user: Any, key: UUID) -> Mapping[str, Any]:
    """From where to where, the enclosures that it enters, and each fibre with its colours and what it is used for."""
    cable = queries.cables(user).get(pk=key)
    nodes = _nodes(user, (cable.from_node_id, cable.to_node_id))
    entries = CableEntry.objects.filter(cable=key, enclosure__in=queries.enclosures(user)).select_related("enclosure")
    fibres = fibres_of([key], seen_by(user))[key] if past() is None else []
    return {
        "begin": _node(nodes.get(cable.from_node_id)),
        "end": _node(nodes.get(cable.to_node_id)),
        "entries": [
            Linked(str(one.enclosure), "fibre_enclosure", one.enclosure_id, str(_DOES[one.state]))
            for one in entries.order_by("enclosure__name")
        ],
        "counts": Counts.counted(one.state for one in fibres),
        "fibres": [
            FibreRow(one, Swatch.of_shade(one.position, one.shade), Swatch.of_shade(one.bundle, one.bundle_shade))
            for one in fibres
        ],
    }


def of_enclosure(user: Any, key: UUID) -> Mapping[str, Any]:
    """Where it stands, what enters it, and how full it is."""
    box = queries.enclosures(user).get(pk=key)
    entries = CableEntry.objects.filter(enclosure=key, cable__in=queries.cables(user)).select_related("cable")
    return {
        "node": _node(_nodes(user, [box.node_id]).get(box.node_id)),
        "node_key": box.node_id,
        "cables": [
            Linked(_cable_name(one.cable), "fibre_cable", one.cable_id, str(_DOES[one.state]))
            for one in entries.order_by("cable__name")
        ],
        "splitters": list(Splitter.objects.filter(enclosure=key).select_related("spec").order_by("name")),
        "taken": totals("enclosure", key, seen_by(user).sight) if past() is None else None,
    }
