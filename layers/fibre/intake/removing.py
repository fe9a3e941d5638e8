"""`--sync`: what this source no longer has goes, where nothing hangs on it; what must stay is named."""

from layers.fibre.intake.context import Job
from layers.fibre.intake.putting import put

_MINE = "x.network_id = %(network)s AND x.source = %(source)s"
# In the order in which one hangs on the other. (role, table, what of it is gone)
_STEPS = (
    ("cables", "fibre_cable", "staged_cables"),
    ("ducts", "fibre_duct", "staged_ducts"),
    ("segments", "fibre_segment", "staged_segments"),
    ("nodes", "fibre_node", "staged_nodes"),
)  # fmt: skip


def _joints(job: Job) -> None:
    """Splices in enclosures of this source that the files no longer have, entries without splices, empty enclosures."""
    gone = [
        one for (one,) in job.ask(
            f"""SELECT j.id FROM fibre_joint j JOIN fibre_enclosure x ON x.id = j.enclosure_id WHERE {_MINE} AND NOT EXISTS (
            SELECT FROM in_splice s JOIN fibre_jointend a ON a.thing = s.section_a AND a.side = s.side_a
              JOIN fibre_jointend b ON b.thing = s.section_b AND b.side = s.side_b AND b.joint_id = a.joint_id
             WHERE a.joint_id = j.id AND s.fate <> 'bad') ORDER BY j.id"""
        )
    ]  # fmt: skip
    job.counts("splices").retired += put(
        gone,
        lambda keys: _delete(job, "fibre_joint", keys),
        lambda key, code, message: job.refuse("splices", 0, str(key), code, message),
    )
    entries = [
        one for (one,) in job.ask(
            f"""SELECT e.id FROM fibre_cableentry e JOIN fibre_enclosure x ON x.id = e.enclosure_id WHERE {_MINE} AND e.side IS NOT NULL
            AND NOT EXISTS (SELECT FROM fibre_fibresection f JOIN fibre_jointend j ON j.thing = f.id AND j.side = e.side
                             JOIN fibre_joint o ON o.id = j.joint_id WHERE f.cable_id = e.cable_id AND o.enclosure_id = e.enclosure_id)"""
        )
    ]  # fmt: skip
    put(
        entries,
        lambda keys: _delete(job, "fibre_cableentry", keys),
        lambda key, code, message: job.refuse("splices", 0, str(key), code, message),
    )
    boxes = dict(job.ask(
            f"SELECT x.id, x.source_id FROM fibre_enclosure x WHERE {_MINE} AND NOT EXISTS (SELECT FROM in_splice s WHERE s.enclosure = x.id)"
        ))  # fmt: skip
    job.counts("enclosures").retired += put(
        list(boxes), lambda keys: _delete(job, "fibre_enclosure", keys),
        lambda key, code, message: job.refuse("enclosures", 0, boxes[key], code, message),
    )  # fmt: skip


def _delete(job: Job, table: str, keys: list[object]) -> None:
    job.run(f"DELETE FROM {table} WHERE id = ANY (%(keys)s)", keys=keys)


def remove(job: Job) -> None:
    """Remove what is gone. Only kinds of which the files have a table are looked at."""
    if job.has("splices"):
        _joints(job)
    for role, table, staged in _STEPS:
        if not job.has(role):
            continue
        # The further pieces of a segment hang on its first one.
        parts = ""
        if role == "segments":
            parts = " OR (x.source_id IS NULL AND x.parent_id IS NOT NULL AND NOT EXISTS (SELECT FROM in_part p WHERE p.segment = x.id))"
        gone = dict(job.ask(
                f"SELECT x.id, coalesce(x.source_id, x.id::text) FROM {table} x WHERE {_MINE} AND ((x.source_id IS NOT NULL"
                f" AND NOT EXISTS (SELECT FROM {staged} s WHERE s.source_id = x.source_id)){parts})"
            ))  # fmt: skip
        job.counts(role).retired += put(
            list(gone), lambda keys, table=table: _delete(job, table, keys),  # type: ignore[misc]
            lambda key, code, message, role=role, gone=gone: job.refuse(role, 0, gone[key], code, message),  # type: ignore[misc]
        )  # fmt: skip
        if role == "segments":
            job.run(
                f"""DELETE FROM fibre_node n USING (SELECT x.id FROM fibre_node x WHERE {_MINE} AND x.source_id IS NULL AND x.kind = 'branch'
                AND x.name IS NULL AND NOT EXISTS (SELECT FROM fibre_segment s WHERE x.id IN (s.from_node_id, s.to_node_id))
                AND NOT EXISTS (SELECT FROM fibre_tubesection t WHERE x.id IN (t.from_node_id, t.to_node_id))
                AND NOT EXISTS (SELECT FROM fibre_enclosure e WHERE e.node_id = x.id) AND NOT EXISTS (SELECT FROM fibre_device e WHERE e.node_id = x.id)
                AND NOT EXISTS (SELECT FROM fibre_cable c WHERE x.id IN (c.from_node_id, c.to_node_id))) idle WHERE n.id = idle.id"""
            )
    job.run(
        "DELETE FROM fibre_alias a WHERE a.network_id = %(network)s AND a.source = %(source)s AND NOT EXISTS (SELECT FROM fibre_node n WHERE n.id = a.object_id)"
        " AND NOT EXISTS (SELECT FROM fibre_segment s WHERE s.id = a.object_id)"
    )
