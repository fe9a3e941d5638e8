"""Ducts: the order of their segments is found, and they are laid."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from gisapp.filesets import Told
from layers.fibre.intake import nodes, products
from layers.fibre.intake.context import Job
from layers.fibre.intake.putting import put, settle

Part = tuple[UUID, UUID, UUID]
"""A segment and its two nodes."""


def simple_path(parts: Sequence[Part], start: UUID | None = None) -> list[UUID] | str:
    """The segments in the order of a walk over all of them, each node passed once; else what hinders it.

    `start`: the node to begin at, where it is one of the two ends. A ring begins where its first segment does.
    """
    if not parts:
        return "duct-walk-empty"
    at: dict[UUID, list[Part]] = defaultdict(list)
    for one in parts:
        at[one[1]].append(one)
        at[one[2]].append(one)
    if any(len(found) > 2 for found in at.values()):
        return "duct-walk-repeats"
    loose = [node for node, found in at.items() if len(found) == 1]
    if len(loose) not in (0, 2):
        return "duct-walk-broken"
    here = (start if start in loose else loose[0]) if loose else (start if start in at else parts[0][1])
    assert here is not None
    walk: list[UUID] = []
    used: set[UUID] = set()
    while True:
        onward = next((one for one in at[here] if one[0] not in used), None)
        if onward is None:
            break
        used.add(onward[0])
        walk.append(onward[0])
        here = onward[2] if onward[1] == here else onward[1]
    return walk if len(walk) == len(parts) else "duct-walk-broken"


def read(job: Job, told: Told) -> None:
    """Number the staged ducts, find their products and those that are known: table in_duct."""
    job.run("DROP TABLE IF EXISTS pg_temp.in_duct, pg_temp.in_step")
    job.run(
        "CREATE TEMP TABLE in_duct ON COMMIT DROP AS SELECT row_number() OVER (ORDER BY s.file, s.row) AS n, s.row, s.source_id, s.name, s.spec AS text,"
        " NULL::text AS spec, s.lifecycle, s.remark, coalesce(d.id, gen_random_uuid()) AS duct, CASE WHEN d.id IS NULL THEN 'new' ELSE 'known' END AS fate"
        " FROM staged_ducts s LEFT JOIN fibre_duct d ON d.network_id = %(network)s AND d.source = %(source)s AND d.source_id = s.source_id"
    )
    job.run("CREATE INDEX ON in_duct (n)")
    job.run("CREATE INDEX ON in_duct (source_id)")
    job.run("CREATE TEMP TABLE in_step (n bigint, ordinal int, segment uuid) ON COMMIT DROP")
    found = products.ducts(
        job, [text for (text,) in job.ask("SELECT DISTINCT text FROM in_duct WHERE text IS NOT NULL ORDER BY 1")]
    )
    for text, key in found.items():
        job.run("UPDATE in_duct SET spec = %(key)s WHERE text = %(text)s", key=key, text=text)
    for row, id_, text in job.ask("UPDATE in_duct SET fate = 'bad' WHERE spec IS NULL RETURNING row, source_id, text"):
        job.refuse("ducts", row, id_, "import-product-unknown", text)


def _links(job: Job) -> dict[int, list[Part]]:
    """For each duct the segments that it lies in: all pieces of each segment that the file names."""
    found: dict[int, dict[UUID, Part]] = defaultdict(dict)
    for n, segment, a, b in job.ask(
        """SELECT d.n, x.id, x.from_node_id, x.to_node_id FROM staged_links l JOIN in_duct d ON d.source_id = l.duct
          JOIN in_segment i ON i.whole = l.segment JOIN in_part p ON p.n = i.n JOIN fibre_segment x ON x.id = p.segment
         WHERE d.fate IN ('new', 'known') ORDER BY d.n, l.row, x.id"""
    ):
        found[n].setdefault(segment, (segment, a, b))
    return {n: list(parts.values()) for n, parts in found.items()}


def _missing(job: Job) -> set[int]:
    """Ducts of which a segment did not come in; each link that leads nowhere is named."""
    for row, id_, duct, segment in job.ask(
        "SELECT l.row, l.source_id, l.duct, l.segment FROM staged_links l LEFT JOIN in_duct d ON d.source_id = l.duct WHERE d.n IS NULL ORDER BY l.row"
    ):
        job.refuse("links", row, id_, "import-unknown-duct", f"{duct} / {segment}")
    missing = set()
    for row, id_, n, segment in job.ask(
        "SELECT l.row, l.source_id, d.n, l.segment FROM staged_links l JOIN in_duct d ON d.source_id = l.duct"
        " WHERE NOT coalesce((SELECT bool_and(EXISTS (SELECT FROM in_part p WHERE p.n = i.n)) FROM in_segment i WHERE i.whole = l.segment), false)"
        " ORDER BY l.row"
    ):
        missing.add(n)
        job.refuse("links", row, id_, "import-unknown-segment", str(segment))
    return missing


def order(job: Job, told: Told) -> None:
    """Find each duct's walk: table in_step. A duct whose segments are no simple path is refused."""
    if not job.has("links"):
        return
    missing, links = _missing(job), _links(job)
    starts: dict[int, UUID] = {}
    if job.has("cables"):
        starts = dict(
            job.ask(
                "SELECT d.n, c.a FROM in_duct d JOIN in_cable c ON c.duct = d.duct WHERE c.a IS NOT NULL ORDER BY c.n DESC"
            )
        )
    steps: list[tuple[int, int, UUID]] = []
    for n, row, id_, name in job.ask(
        "SELECT n, row, source_id, name FROM in_duct WHERE fate IN ('new', 'known') ORDER BY n"
    ):
        walk = "import-unknown-segment" if n in missing else simple_path(links.get(n, []), starts.get(n))
        if isinstance(walk, str):
            job.refuse("ducts", row, id_, walk, name or "")
            job.run("UPDATE in_duct SET fate = 'bad' WHERE n = %(n)s", n=n)
        else:
            steps += [(n, number, segment) for number, segment in enumerate(walk, start=1)]
    job.copy("in_step", ("n", "ordinal", "segment"), steps)
    job.run("CREATE INDEX ON in_step (n)")
    job.run("ANALYZE in_step")
    counts = job.counts("links")
    counts.unchanged = counts.read - counts.rejected


_TABLES = ("fibre_duct", "fibre_ductstep", "fibre_tube", "fibre_tubesection")
_INSERT = """INSERT INTO fibre_duct (id, network_id, organisation_id, name, spec_id, lifecycle, remark, source, source_id)
SELECT duct, %(network)s, %(organisation)s, name, spec, coalesce(lifecycle, 'in_service'), coalesce(remark, ''), %(source)s, source_id
  FROM in_duct WHERE n = ANY (%(keys)s) ORDER BY n"""
_LAY = """INSERT INTO fibre_ductstep (duct_id, ordinal, segment_id)
SELECT d.duct, s.ordinal, s.segment FROM in_step s JOIN in_duct d ON d.n = s.n WHERE s.n = ANY (%(keys)s) ORDER BY s.n, s.ordinal"""


def write(job: Job, told: Told) -> None:
    """Lay the new ducts, and bring the known ones to what the file says now."""
    nodes.own_names(job, "in_duct", "fibre_duct")
    facts: dict[int, tuple[int, str]] = {
        n: (row, id_) for n, row, id_ in job.ask("SELECT n, row, source_id FROM in_duct WHERE fate IN ('new', 'known')")
    }

    def lay(keys: list[int]) -> None:
        job.run(_INSERT, keys=keys)
        job.run(_LAY, keys=keys)

    def change(keys: list[int]) -> None:
        job.run(
            "UPDATE fibre_duct d SET name = coalesce(i.name, d.name), spec_id = i.spec, lifecycle = coalesce(i.lifecycle, d.lifecycle),"
            " remark = coalesce(i.remark, d.remark) FROM in_duct i WHERE i.duct = d.id AND i.n = ANY (%(keys)s)", keys=keys,
        )  # fmt: skip
        moved = [n for (n,) in job.ask(_MOVED, keys=keys)]
        job.run(
            "DELETE FROM fibre_ductstep s USING in_duct i WHERE i.duct = s.duct_id AND i.n = ANY (%(keys)s)", keys=moved
        )
        job.run(_LAY, keys=moved)

    def refused(n: int, code: str, message: str) -> None:
        job.refuse("ducts", *facts[n], code, message)
        job.run("UPDATE in_duct SET fate = 'bad' WHERE n = %(n)s", n=n)

    counts = job.counts("ducts")
    counts.created += put(
        _of(job, "SELECT n FROM in_duct WHERE fate = 'new' ORDER BY n"), lay, refused, told, chunk=1_000, tables=_TABLES
    )
    changed = _of(job, f"{_CHANGED} UNION {_MOVED}", keys=list(facts))
    known = _of(job, "SELECT n FROM in_duct WHERE fate = 'known'")
    counts.updated += put(changed, change, refused, told, chunk=1_000)
    counts.unchanged += len(known) - len(changed)
    settle()


def _of(job: Job, statement: str, **more: Any) -> list[int]:
    return [n for (n,) in job.ask(statement, **more)]


_CHANGED = """SELECT i.n FROM in_duct i JOIN fibre_duct d ON d.id = i.duct WHERE i.fate = 'known' AND (
    (i.name IS NOT NULL AND d.name IS DISTINCT FROM i.name AND d.name NOT LIKE i.name || ' (%%)') OR d.spec_id <> i.spec
    OR (i.lifecycle IS NOT NULL AND d.lifecycle <> i.lifecycle) OR (i.remark IS NOT NULL AND d.remark <> i.remark))"""
# Where the duct lies in other segments than the file says now. (The same ones in the same order, whichever way round.)
_MOVED = """SELECT i.n FROM in_duct i WHERE i.fate = 'known' AND i.n = ANY (%(keys)s) AND EXISTS (SELECT FROM in_step s WHERE s.n = i.n)
   AND (SELECT array_agg(s.segment ORDER BY s.segment) FROM in_step s WHERE s.n = i.n)
       IS DISTINCT FROM (SELECT array_agg(s.segment_id ORDER BY s.segment_id) FROM fibre_ductstep s WHERE s.duct_id = i.duct)"""
