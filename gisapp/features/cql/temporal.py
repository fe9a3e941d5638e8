"""The relations of Allen's interval algebra as comparisons of beginnings and ends (CQL2, table 10).

Numbers stand for the left period's beginning and end (0, 1) and the right one's (2, 3); an instant is a period whose
ends are the same.
"""

_L0, _L1, _R0, _R1 = range(4)

RELATIONS: dict[str, tuple[str, tuple[tuple[int, str, int], ...]]] = {
    "t_after": ("AND", ((_L0, ">", _R1),)),
    "t_before": ("AND", ((_L1, "<", _R0),)),
    "t_disjoint": ("OR", ((_L0, ">", _R1), (_L1, "<", _R0))),
    "t_intersects": ("AND", ((_L0, "<=", _R1), (_L1, ">=", _R0))),
    "t_equals": ("AND", ((_L0, "=", _R0), (_L1, "=", _R1))),
    "t_during": ("AND", ((_L0, ">", _R0), (_L1, "<", _R1))),
    "t_contains": ("AND", ((_L0, "<", _R0), (_L1, ">", _R1))),
    "t_starts": ("AND", ((_L0, "=", _R0), (_L1, "<", _R1))),
    "t_startedby": ("AND", ((_L0, "=", _R0), (_L1, ">", _R1))),
    "t_finishes": ("AND", ((_L0, ">", _R0), (_L1, "=", _R1))),
    "t_finishedby": ("AND", ((_L0, "<", _R0), (_L1, "=", _R1))),
    "t_meets": ("AND", ((_L1, "=", _R0),)),
    "t_metby": ("AND", ((_L0, "=", _R1),)),
    "t_overlaps": ("AND", ((_L0, "<", _R0), (_L1, ">", _R0), (_L1, "<", _R1))),
    "t_overlappedby": ("AND", ((_L0, ">", _R0), (_L0, "<", _R1), (_L1, ">", _R1))),
}
