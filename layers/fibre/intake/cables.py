"""Cables: between their nodes, in the tube that the file names where it leads there."""

from typing import Any

from django.db import DatabaseError, transaction

from gisapp.filesets import Told
from layers.fibre.intake import nodes, products
from layers.fibre.intake.context import Job
from layers.fibre.intake.putting import put, reason, settle


def places(job: Job) -> None:
    """Table in_place: every word by which a node may be meant - its ids, else its name where only one has it."""
    job.run("DROP TABLE IF EXISTS pg_temp.in_place")
    job.run(
        """CREATE TEMP TABLE in_place ON COMMIT DROP AS
        SELECT DISTINCT ON (ref) ref, node FROM (
            SELECT 1 AS rank, i.source_id AS ref, i.node FROM in_node i JOIN fibre_node n ON n.id = i.node
            UNION ALL
            SELECT 2, source_id, id FROM fibre_node WHERE network_id = %(network)s AND source = %(source)s AND source_id IS NOT NULL
            UNION ALL
            SELECT 3, a.source_id, n.id FROM fibre_alias a JOIN fibre_node n ON n.id = a.object_id
             WHERE a.network_id = %(network)s AND a.kind = 'node' AND a.source = %(source)s
            UNION ALL
            SELECT 4, name, id FROM fibre_node WHERE network_id = %(network)s AND name IS NOT NULL
            UNION ALL
            SELECT 5, a.name, n.id FROM fibre_alias a JOIN fibre_node n ON n.id = a.object_id
                 WHERE a.network_id = %(network)s AND a.kind = 'node' AND a.name <> '') words
         WHERE ref IN (SELECT from_node FROM staged_cables UNION SELECT to_node FROM staged_cables UNION SELECT node FROM staged_splices)
        ORDER BY ref, rank, node"""
    )
    job.run("CREATE UNIQUE INDEX ON in_place (ref)")
    job.run("ANALYZE in_place")


def read(job: Job) -> None:
    """Number the staged cables, find their nodes, ducts and those that are known: table in_cable."""
    job.run("DROP TABLE IF EXISTS pg_temp.in_cable")
    job.run(
        """CREATE TEMP TABLE in_cable ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY s.file, s.row) AS n, s.row, s.source_id, s.name, coalesce(s.spec, '') AS text, s.fibres::int AS fibres,
               NULL::text AS spec, s.from_node, s.to_node, p.node AS a, q.node AS b, s.duct AS duct_ref, d.duct, d.fate AS duct_fate,
               s.tube::int AS tube, s.lifecycle, s.remark, coalesce(c.id, gen_random_uuid()) AS cable,
               CASE WHEN c.id IS NULL THEN 'new' ELSE 'known' END AS fate, NULL::uuid AS section, NULL::uuid AS tube_id
          FROM staged_cables s
          LEFT JOIN in_place p ON p.ref = s.from_node LEFT JOIN in_place q ON q.ref = s.to_node
          LEFT JOIN LATERAL (SELECT duct, fate FROM in_duct i WHERE i.source_id = s.duct OR i.name = s.duct ORDER BY i.source_id <> s.duct LIMIT 1) d ON true
          LEFT JOIN fibre_cable c ON c.network_id = %(network)s AND c.source = %(source)s AND c.source_id = s.source_id"""
    )
    job.run("CREATE INDEX ON in_cable (n)")
    job.run("CREATE INDEX ON in_cable (source_id)")
    job.run("CREATE INDEX ON in_cable (name)")
    for row, id_, ref in job.ask(
        "UPDATE in_cable SET fate = 'bad' WHERE a IS NULL OR b IS NULL RETURNING row, source_id, CASE WHEN a IS NULL THEN from_node ELSE to_node END"
    ):
        job.refuse("cables", row, id_, "import-unknown-node", ref)
    found = products.cables(
        job,
        [
            (text, fibres)
            for text, fibres in job.ask("SELECT DISTINCT text, fibres FROM in_cable WHERE fate <> 'bad' ORDER BY 1, 2")
        ],
    )
    for (text, fibres), key in found.items():
        job.run(
            "UPDATE in_cable SET spec = %(key)s WHERE text = %(text)s AND fibres IS NOT DISTINCT FROM %(fibres)s::int",
            key=key,
            text=text,
            fibres=fibres,
        )
    for row, id_, text in job.ask(
        "UPDATE in_cable SET fate = 'bad' WHERE spec IS NULL AND fate <> 'bad' RETURNING row, source_id, text"
    ):
        job.refuse("cables", row, id_, "import-product-unknown", text)


def refresh(job: Job) -> None:
    """What became of the cables' ducts, now that these are laid."""
    job.run(
        "UPDATE in_cable c SET duct = CASE WHEN d.fate <> 'bad' THEN d.duct END, duct_fate = d.fate FROM in_duct d WHERE d.duct = c.duct AND d.fate = 'bad'"
    )
    if not job.has("ducts"):
        job.run(
            "UPDATE in_cable c SET duct = d.id FROM fibre_duct d WHERE d.network_id = %(network)s AND c.duct IS NULL"
            " AND (d.name = c.duct_ref OR (d.source = %(source)s AND d.source_id = c.duct_ref))"
        )


_SECTIONS = """UPDATE in_cable c SET section = x.id, tube_id = t.id FROM fibre_tube t JOIN fibre_tubesection x ON x.tube_id = t.id
 WHERE t.duct_id = c.duct AND t.position = c.tube AND c.section IS NULL AND c.fate <> 'bad'
   AND ((x.from_node_id = c.a AND x.to_node_id = c.b) OR (x.from_node_id = c.b AND x.to_node_id = c.a))"""


def find_tubes(job: Job) -> None:
    """The tube section from one end of each cable to the other. A tube that runs on is cut where the cable leaves it."""
    job.run(
        "UPDATE in_cable c SET tube = 1 WHERE tube IS NULL AND duct IS NOT NULL AND (SELECT count(*) FROM fibre_tube t WHERE t.duct_id = c.duct) = 1"
    )
    job.run(_SECTIONS)
    rest = job.ask(
        "SELECT c.row, c.source_id, c.a, c.b, t.id, c.duct_ref FROM in_cable c LEFT JOIN fibre_tube t ON t.duct_id = c.duct AND t.position = c.tube"
        " WHERE c.section IS NULL AND c.duct_ref IS NOT NULL AND c.fate <> 'bad' ORDER BY c.n"
    )
    for row, id_, a, b, tube, ref in rest:
        if tube is None:
            job.keep("cables", row, id_, "import-cable-unplaced", f"{ref}")
        elif (problem := _cut(job, tube, a, b)) is not None:
            job.keep("cables", row, id_, "import-cable-off-duct", f"{ref}: {problem}")
        else:
            job.keep("cables", row, id_, "import-tube-cut", f"{ref}")
    job.run(_SECTIONS)


def _cut(job: Job, tube: Any, a: Any, b: Any) -> str | None:
    """Cut the tube at those of the two nodes that it passes; what hinders it."""
    try:
        with transaction.atomic():
            for node in (a, b):
                if not job.ask(
                    "SELECT 1 FROM fibre_tubesection WHERE tube_id = %(tube)s AND %(node)s IN (from_node_id, to_node_id)",
                    tube=tube,
                    node=node,
                ):
                    job.ask("SELECT fibre_cut_tube(%(tube)s, %(node)s)", tube=tube, node=node)
            settle()
    except DatabaseError as error:
        return reason(error)[1] or reason(error)[0]
    return None


_INSERT = """INSERT INTO fibre_cable (id, network_id, organisation_id, name, spec_id, from_node_id, to_node_id, lifecycle, remark, source, source_id)
SELECT cable, %(network)s, %(organisation)s, name, spec, a, b, coalesce(lifecycle, 'in_service'), coalesce(remark, ''), %(source)s, source_id
  FROM in_cable WHERE n = ANY (%(keys)s) ORDER BY n"""
_PLACE = """INSERT INTO fibre_cablestep (cable_id, ordinal, section_id)
SELECT cable, 1, section FROM in_cable WHERE n = ANY (%(keys)s) AND section IS NOT NULL ORDER BY n"""
_CHANGED = """SELECT i.n, i.row, i.source_id FROM in_cable i JOIN fibre_cable c ON c.id = i.cable WHERE i.fate = 'known' AND (
    (i.name IS NOT NULL AND c.name IS DISTINCT FROM i.name AND c.name NOT LIKE i.name || ' (%%)') OR c.spec_id <> i.spec
    OR (c.from_node_id, c.to_node_id) <> (i.a, i.b) OR (i.lifecycle IS NOT NULL AND c.lifecycle <> i.lifecycle)
    OR (i.remark IS NOT NULL AND c.remark <> i.remark)
    OR (i.section IS NOT NULL AND NOT EXISTS (SELECT FROM fibre_cablestep s WHERE s.cable_id = c.id AND s.section_id = i.section)))"""


def write(job: Job, told: Told) -> None:
    """Insert the new cables with their places, and bring the known ones to what the file says now."""
    nodes.own_names(job, "in_cable", "fibre_cable")
    facts = {
        n: (row, id_) for n, row, id_ in job.ask("SELECT n, row, source_id FROM in_cable WHERE fate = 'new' ORDER BY n")
    }

    def insert(keys: list[int]) -> None:
        job.run(_INSERT, keys=keys)
        job.run(_PLACE, keys=keys)

    def without_place(n: int, code: str, message: str) -> None:
        placed = job.ask("UPDATE in_cable SET section = NULL WHERE n = %(n)s AND section IS NOT NULL RETURNING n", n=n)
        if placed:
            job.keep("cables", *facts[n], "import-cable-unplaced", message)
            counts.created += put([n], insert, refused)
        else:
            refused(n, code, message)

    def refused(n: int, code: str, message: str) -> None:
        job.refuse("cables", *facts[n], code, message)
        job.run("UPDATE in_cable SET fate = 'bad' WHERE n = %(n)s", n=n)

    counts = job.counts("cables")
    counts.created += put(
        list(facts), insert, without_place, told, 1_000, ("fibre_cable", "fibre_cablestep", "fibre_fibresection")
    )
    changed = {n: (row, id_) for n, row, id_ in job.ask(_CHANGED)}
    known = job.ask("SELECT count(*) FROM in_cable WHERE fate = 'known'")[0][0]

    def change(keys: list[int]) -> None:
        job.run(
            "DELETE FROM fibre_cablestep s USING in_cable i WHERE s.cable_id = i.cable AND i.n = ANY (%(keys)s) AND i.section IS NOT NULL",
            keys=keys,
        )
        job.run(
            "UPDATE fibre_cable c SET name = coalesce(i.name, c.name), spec_id = i.spec, from_node_id = i.a, to_node_id = i.b,"
            " lifecycle = coalesce(i.lifecycle, c.lifecycle), remark = coalesce(i.remark, c.remark) FROM in_cable i"
            " WHERE i.cable = c.id AND i.n = ANY (%(keys)s)", keys=keys,
        )  # fmt: skip
        job.run(_PLACE, keys=keys)

    counts.updated += put(
        list(changed),
        change,
        lambda n, code, message: job.refuse("cables", *changed[n], code, message),
        told,
        chunk=1_000,
    )
    counts.unchanged += known - len(changed)
