"""Splices: a node that has some gets an enclosure, the cables enter it, and each splice goes to its tray and place."""

from collections import defaultdict

from gisapp.filesets import Told
from layers.fibre.intake import products
from layers.fibre.intake.context import Job
from layers.fibre.intake.putting import put
from layers.fibre.models import EnclosureSpec


def read(job: Job) -> None:
    """Number the staged splices with their cables and the ends that meet there: table in_splice.

    At the node that the file names as one end of a cable, that end is meant; else at the node where it is now.
    """
    job.run("DROP TABLE IF EXISTS pg_temp.in_splice, pg_temp.in_word")
    job.run(
        """CREATE TEMP TABLE in_word ON COMMIT DROP AS SELECT DISTINCT ON (ref) ref, cable, from_node, to_node, a, b FROM (
            SELECT 1 AS rank, source_id AS ref, cable, from_node, to_node, a, b FROM in_cable WHERE fate <> 'bad'
            UNION ALL SELECT 2, s.name, i.cable, i.from_node, i.to_node, i.a, i.b FROM in_cable i JOIN staged_cables s ON s.source_id = i.source_id
                WHERE i.fate <> 'bad' AND s.name IS NOT NULL
            UNION ALL SELECT 3, source_id, id, '', '', from_node_id, to_node_id FROM fibre_cable
                WHERE network_id = %(network)s AND source = %(source)s AND source_id IS NOT NULL
            UNION ALL SELECT 4, name, id, '', '', from_node_id, to_node_id FROM fibre_cable WHERE network_id = %(network)s AND name IS NOT NULL) words
        ORDER BY ref, rank"""
    )
    job.run("CREATE UNIQUE INDEX ON in_word (ref)")
    side = "CASE WHEN {c}.from_node = s.node AND {c}.to_node <> s.node THEN 'a' WHEN {c}.to_node = s.node AND {c}.from_node <> s.node THEN 'b' " \
           "WHEN {c}.a = p.node AND {c}.b <> p.node THEN 'a' WHEN {c}.b = p.node AND {c}.a <> p.node THEN 'b' END"  # fmt: skip
    job.run(
        f"""CREATE TEMP TABLE in_splice ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY s.file, s.row) AS n, s.row, s.source_id, s.node AS node_ref, p.node, s.tray::int AS tray, s.slot::int AS slot,
               s.loss_db::numeric AS loss_db, s.remark, u.cable AS cable_a, v.cable AS cable_b, s.cable_a AS ref_a, s.cable_b AS ref_b,
               {side.format(c="u")} AS side_a, {side.format(c="v")} AS side_b, s.fibre_a::int AS fibre_a, s.fibre_b::int AS fibre_b,
               NULL::uuid AS section_a, NULL::uuid AS section_b, NULL::uuid AS enclosure, gen_random_uuid() AS joint, 'new' AS fate
          FROM staged_splices s LEFT JOIN in_place p ON p.ref = s.node LEFT JOIN in_word u ON u.ref = s.cable_a LEFT JOIN in_word v ON v.ref = s.cable_b"""
    )
    job.run("CREATE INDEX ON in_splice (n)")
    # The piece of each fibre at that end of its cable.
    job.run(
        "UPDATE in_splice s SET section_a = f.id FROM fibre_fibresection f WHERE f.cable_id = s.cable_a AND f.number = s.fibre_a"
        " AND CASE s.side_a WHEN 'a' THEN f.cut_a_id IS NULL WHEN 'b' THEN f.cut_b_id IS NULL END"
    )
    job.run(
        "UPDATE in_splice s SET section_b = f.id FROM fibre_fibresection f WHERE f.cable_id = s.cable_b AND f.number = s.fibre_b"
        " AND CASE s.side_b WHEN 'a' THEN f.cut_a_id IS NULL WHEN 'b' THEN f.cut_b_id IS NULL END"
    )
    job.run("ANALYZE in_splice")
    _refuse(job)


def _refuse(job: Job) -> None:
    """What cannot be a splice: unknown nodes, cables and fibres, cables that do not end there, an end that is spliced twice."""
    for row, id_, code, value in job.ask(
        """UPDATE in_splice s SET fate = 'bad' FROM (
        SELECT n, CASE WHEN node IS NULL THEN 'import-unknown-node' WHEN cable_a IS NULL OR cable_b IS NULL THEN 'import-unknown-cable'
            WHEN side_a IS NULL OR side_b IS NULL THEN 'import-splice-mid-span' WHEN section_a IS NULL OR section_b IS NULL THEN 'import-unknown-fibre' END AS code,
            CASE WHEN node IS NULL THEN node_ref WHEN cable_a IS NULL THEN ref_a WHEN cable_b IS NULL THEN ref_b
                WHEN side_a IS NULL THEN ref_a WHEN side_b IS NULL THEN ref_b WHEN section_a IS NULL THEN ref_a || ':' || fibre_a ELSE ref_b || ':' || fibre_b END AS value
          FROM in_splice) w WHERE w.n = s.n AND w.code IS NOT NULL RETURNING s.row, s.source_id, w.code, w.value"""
    ):
        job.refuse("splices", row, id_, code, value)
    for row, id_, value in job.ask(
        """UPDATE in_splice s SET fate = 'bad' FROM (
        SELECT n, max(ref) AS ref FROM (SELECT n, ref, row_number() OVER (PARTITION BY section, side ORDER BY n) AS nth FROM (
            SELECT n, section_a AS section, side_a AS side, ref_a || ':' || fibre_a AS ref FROM in_splice WHERE fate = 'new'
            UNION ALL SELECT n, section_b, side_b, ref_b || ':' || fibre_b FROM in_splice WHERE fate = 'new') e) f WHERE nth > 1 GROUP BY n) t
        WHERE t.n = s.n RETURNING s.row, s.source_id, t.ref"""
    ):
        job.refuse("splices", row, id_, "import-end-twice", value)
    for row, id_, value in job.ask(
        """UPDATE in_splice s SET slot = NULL FROM (SELECT n, row_number() OVER (PARTITION BY node_ref, tray, slot ORDER BY n) AS nth
          FROM in_splice WHERE fate = 'new' AND slot IS NOT NULL) t WHERE t.n = s.n AND t.nth > 1
        RETURNING s.row, s.source_id, s.node_ref || ' ' || coalesce(s.tray, 0)"""
    ):
        job.keep("splices", row, id_, "import-slot-taken", value)


def enclosures(job: Job, told: Told) -> None:
    """An enclosure for each node of the file that has splices, large enough for the highest tray and place in use."""
    job.run("DROP TABLE IF EXISTS pg_temp.in_enclosure")
    job.run(
        """CREATE TEMP TABLE in_enclosure ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY s.node_ref) AS n, min(s.row) AS row, s.node_ref AS source_id, s.node,
               coalesce(max(i.name), max(f.name), s.node_ref) AS name, coalesce(max(i.kind), max(f.kind)) AS kind,
               greatest(max(s.tray), CASE WHEN bool_or(s.tray IS NULL) THEN 1 END)::int AS trays, max(s.slot) AS places,
               max(t.most)::int AS most, e.id AS there, coalesce(e.id, gen_random_uuid()) AS enclosure, NULL::text AS spec,
               CASE WHEN e.id IS NULL THEN 'new' ELSE 'known' END AS fate
          FROM in_splice s JOIN fibre_node f ON f.id = s.node LEFT JOIN in_node i ON i.source_id = s.node_ref
          LEFT JOIN (SELECT node_ref, max(c) AS most FROM (SELECT node_ref, tray, count(*) AS c FROM in_splice WHERE fate = 'new' GROUP BY 1, 2) x GROUP BY 1) t
                 ON t.node_ref = s.node_ref
          LEFT JOIN fibre_enclosure e ON e.network_id = %(network)s AND e.source = %(source)s AND e.source_id = s.node_ref
         WHERE s.fate = 'new' GROUP BY s.node_ref, s.node, e.id"""
    )
    known = [
        (key, kind, trays, places)
        for key, kind, trays, places in EnclosureSpec.objects.values_list("key", "kind", "trays", "tray_capacity")
    ]
    chosen: dict[str, list[int]] = defaultdict(list)
    for n, kind, trays, places, most in job.ask("SELECT n, kind, trays, places, most FROM in_enclosure"):
        chosen[products.enclosure(job, kind, trays or 1, max(places or 0, most or 0), known)].append(n)
    for key, numbers in chosen.items():
        job.run("UPDATE in_enclosure SET spec = %(key)s WHERE n = ANY (%(numbers)s)", key=key, numbers=numbers)
    _own_names(job)
    facts = {
        n: (row, id_)
        for n, row, id_ in job.ask("SELECT n, row, source_id FROM in_enclosure WHERE fate = 'new' ORDER BY n")
    }

    def insert(keys: list[int]) -> None:
        job.run(
            "INSERT INTO fibre_enclosure (id, network_id, organisation_id, name, node_id, spec_id, lifecycle, source, source_id) SELECT enclosure,"
            " %(network)s, %(organisation)s, name, node, spec, 'in_service', %(source)s, source_id FROM in_enclosure WHERE n = ANY (%(keys)s)", keys=keys,
        )  # fmt: skip

    def refused(n: int, code: str, message: str) -> None:
        job.refuse("enclosures", *facts[n], code, message)
        job.run("UPDATE in_enclosure SET fate = 'bad' WHERE n = %(n)s", n=n)

    counts = job.counts("enclosures")
    counts.created += put(list(facts), insert, refused, told, 1_000, ("fibre_enclosure", "fibre_tray"))
    _grow(job)
    job.run(
        "UPDATE in_splice s SET enclosure = e.enclosure FROM in_enclosure e WHERE e.source_id = s.node_ref AND e.fate <> 'bad'"
    )


def _own_names(job: Job) -> None:
    rows = job.ask(
        """UPDATE in_enclosure i SET name = i.name || ' (' || left(i.source_id, 12) || ')' FROM (
        SELECT n, row_number() OVER (PARTITION BY name ORDER BY n) > 1 OR EXISTS (
            SELECT FROM fibre_enclosure o WHERE o.network_id = %(network)s AND o.name = s.name) AS taken FROM in_enclosure s WHERE fate = 'new') f
        WHERE f.n = i.n AND f.taken RETURNING i.row, i.source_id, i.name"""
    )
    for row, id_, name in rows:
        job.keep("enclosures", row, id_, "import-name-taken", name)


def _grow(job: Job) -> None:
    """Known enclosures that are too small now are replaced by the product that is chosen now, with all that is in them."""
    counts = job.counts("enclosures")
    small = job.ask(
        "SELECT i.n, i.row, i.source_id, i.enclosure, i.spec FROM in_enclosure i JOIN fibre_enclosure e ON e.id = i.enclosure JOIN fibre_enclosurespec p ON"
        " p.key = e.spec_id WHERE i.fate = 'known' AND (p.trays < i.trays OR p.tray_capacity < greatest(coalesce(i.places, 0), i.most)) ORDER BY i.n"
    )
    facts = {n: rest for n, *rest in small}

    def grow(keys: list[int]) -> None:
        for n in keys:
            job.run("SELECT fibre_replace_enclosure(%(enclosure)s, %(spec)s)", enclosure=facts[n][2], spec=facts[n][3])

    done = put(
        list(facts), grow, lambda n, code, message: job.refuse("enclosures", facts[n][0], facts[n][1], code, message)
    )
    counts.updated += done
    counts.unchanged += job.ask("SELECT count(*) FROM in_enclosure WHERE fate = 'known'")[0][0] - len(facts)


def enter(job: Job, told: Told) -> None:
    """The cables whose fibres are spliced in an enclosure enter it with that end."""
    job.run("DROP TABLE IF EXISTS pg_temp.in_entry")
    job.run(
        """CREATE TEMP TABLE in_entry ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY cable, side) AS n, cable, side, enclosure, row, source_id FROM (
            SELECT DISTINCT ON (cable, side) cable, side, enclosure, row, source_id FROM (
                SELECT cable_a AS cable, side_a AS side, enclosure, row, source_id FROM in_splice WHERE fate = 'new' AND enclosure IS NOT NULL
                UNION ALL SELECT cable_b, side_b, enclosure, row, source_id FROM in_splice WHERE fate = 'new' AND enclosure IS NOT NULL) e
            ORDER BY cable, side, row) x
         WHERE NOT EXISTS (SELECT FROM fibre_cableentry c WHERE c.cable_id = x.cable AND c.side = x.side)"""
    )
    facts = {n: (row, id_) for n, row, id_ in job.ask("SELECT n, row, source_id FROM in_entry ORDER BY n")}

    def insert(keys: list[int]) -> None:
        job.run(
            "INSERT INTO fibre_cableentry (enclosure_id, cable_id, state, side) SELECT enclosure, cable, 'end', side FROM in_entry WHERE n = ANY (%(keys)s)",
            keys=keys,
        )

    put(
        list(facts),
        insert,
        lambda n, code, message: job.refuse("splices", *facts[n], code, message),
        told,
        1_000,
        ("fibre_cableentry",),
    )
    # A fibre can be spliced only where its cable ends; the other splices of such a cable are refused by the rule itself.


_SAME = """SELECT s.n FROM in_splice s JOIN fibre_jointend x ON x.thing = s.section_a AND x.side = s.side_a
  JOIN fibre_jointend y ON y.thing = s.section_b AND y.side = s.side_b AND y.joint_id = x.joint_id
  JOIN fibre_joint j ON j.id = x.joint_id LEFT JOIN fibre_tray t ON t.id = j.tray_id
 WHERE s.fate = 'new' AND j.enclosure_id = s.enclosure AND (s.tray IS NULL OR t.number = s.tray) AND j.slot IS NOT DISTINCT FROM s.slot
   AND (s.loss_db IS NULL OR j.loss_db = s.loss_db) AND (s.remark IS NULL OR j.remark = s.remark)"""
# What stands in the way of what the file says now, in enclosures that this source filled.
# (Each part by its own index: as one condition with OR it took minutes beside a network that is there already.)
_OLD = """SELECT j.id FROM (
    SELECT e.joint_id FROM in_splice s JOIN fibre_jointend e ON e.thing = s.section_a AND e.side = s.side_a WHERE s.n = ANY (%(keys)s)
    UNION SELECT e.joint_id FROM in_splice s JOIN fibre_jointend e ON e.thing = s.section_b AND e.side = s.side_b WHERE s.n = ANY (%(keys)s)
    UNION SELECT o.id FROM in_splice s JOIN fibre_tray t ON t.enclosure_id = s.enclosure AND t.number = s.tray
      JOIN fibre_joint o ON o.tray_id = t.id AND o.slot = s.slot WHERE s.n = ANY (%(keys)s)) x
  JOIN fibre_joint j ON j.id = x.joint_id JOIN fibre_enclosure e ON e.id = j.enclosure_id WHERE e.network_id = %(network)s AND e.source = %(source)s"""


def write(job: Job, told: Told) -> None:
    """Join the ends. A splice that is there as the file has it stays; one that contradicts it gives way."""
    job.run(f"UPDATE in_splice s SET fate = 'known' WHERE s.n IN ({_SAME})")
    facts = {
        n: (row, id_)
        for n, row, id_ in job.ask(
            "SELECT n, row, source_id FROM in_splice WHERE fate = 'new' AND enclosure IS NOT NULL ORDER BY n"
        )
    }
    stale = (
        {joint for (joint,) in job.ask(_OLD, keys=list(facts))}
        if facts and job.ask("SELECT EXISTS (SELECT FROM fibre_joint)")[0][0]
        else set()
    )

    def join(keys: list[int]) -> None:
        if stale:
            job.run(
                "DELETE FROM fibre_joint WHERE id = ANY (%(old)s)", old=[one for (one,) in job.ask(_OLD, keys=keys)]
            )
        job.run(
            "INSERT INTO fibre_joint (id, enclosure_id, tray_id, slot, kind, loss_db, remark) SELECT s.joint, s.enclosure, t.id,"
            " CASE WHEN t.id IS NOT NULL THEN s.slot END, 'splice', s.loss_db, coalesce(s.remark, '') FROM in_splice s"
            " LEFT JOIN fibre_tray t ON t.enclosure_id = s.enclosure AND t.number = s.tray WHERE s.n = ANY (%(keys)s)", keys=keys,
        )  # fmt: skip
        job.run(
            "INSERT INTO fibre_jointend (joint_id, section_id, side) SELECT joint, section_a, side_a FROM in_splice WHERE n = ANY (%(keys)s)"
            " UNION ALL SELECT joint, section_b, side_b FROM in_splice WHERE n = ANY (%(keys)s)", keys=keys,
        )  # fmt: skip

    counts = job.counts("splices")
    done = put(
        list(facts),
        join,
        lambda n, code, message: job.refuse("splices", *facts[n], code, message),
        told,
        tables=("fibre_joint", "fibre_jointend"),
    )
    counts.updated += min(len(stale), done)
    counts.created += done - min(len(stale), done)
    counts.unchanged += job.ask("SELECT count(*) FROM in_splice WHERE fate = 'known'")[0][0]
