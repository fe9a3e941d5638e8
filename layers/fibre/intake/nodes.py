"""Nodes: those on one spot become one, those that are there already are used, and trench ends get one."""

from django.utils.translation import gettext as _

from gisapp.filesets import Told
from layers.fibre.intake.context import Job
from layers.fibre.intake.putting import put

_KINDS = (
    (r"haus|hüp|huep|\mapl\M|gebäude|building|premises|house|home", "building"),
    (r"\mpop\M|technik|headend|zentrale", "pop"),
    (r"\mhvt\M|exchange|vermittlung", "exchange"),
    (r"\mnvt\M|\mkvz\M|\mmfg\M|verteiler|cabinet|schrank", "cabinet"),
    (r"handhole|handloch|kabelschacht klein", "handhole"),
    (r"schacht|manhole|chamber", "manhole"),
    (r"\mmast\M|pole", "pole"),
    (r"\mend(e|punkt)?\M", "end"),
)  # fmt: skip
_RANK = "array_position(ARRAY['pop','exchange','cabinet','manhole','handhole','building','pole','branch','end'], kind)"


def _kind() -> str:
    """SQL: one of our kinds for what the file calls it. A closure in the ground is no structure: its node is a branch."""
    whens = " ".join(f"WHEN kind ~* '{pattern}' THEN '{ours}'" for pattern, ours in _KINDS)
    known = "'pop','exchange','cabinet','manhole','handhole','branch','building','pole','end'"
    return f"CASE WHEN lower(kind) IN ({known}) THEN lower(kind) {whens} ELSE 'branch' END"


def read(job: Job) -> None:
    """Number the staged nodes, and find those that are known."""
    job.run("DROP TABLE IF EXISTS pg_temp.in_node")
    job.run(
        f"""CREATE TEMP TABLE in_node ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY file, row) AS n, row, source_id, geom, name, {_kind()} AS kind,
               coalesce(function, CASE WHEN lower(kind) <> {_kind()} THEN kind END) AS function, lifecycle, remark,
               NULL::uuid AS node, 'new' AS fate, 0::float8 AS moved, NULL::bigint AS rep FROM staged_nodes"""
    )
    job.run("CREATE INDEX ON in_node (source_id)")
    job.run("CREATE INDEX ON in_node (n)")
    job.run("CREATE INDEX ON in_node USING gist (geom)")
    job.run(
        "UPDATE in_node i SET node = n.id, fate = 'known' FROM fibre_node n "
        "WHERE n.network_id = %(network)s AND n.source = %(source)s AND n.source_id = i.source_id"
    )
    # What was joined to another node stays so as long as it lies there.
    job.run(
        "UPDATE in_node i SET node = n.id, fate = 'alias' FROM fibre_alias a JOIN fibre_node n ON n.id = a.object_id "
        "WHERE a.network_id = %(network)s AND a.kind = 'node' AND a.source = %(source)s AND a.source_id = i.source_id "
        "AND i.node IS NULL AND ST_DWithin(n.geom, i.geom, %(tolerance)s)"
    )
    job.run("ANALYZE in_node")


def join(job: Job) -> None:
    """New nodes on the spot of one that is there, or of one another, become that one; both ids are remembered."""
    job.run(
        """UPDATE in_node i SET node = f.id, fate = 'joined', moved = f.apart FROM (
        SELECT DISTINCT ON (s.n) s.n, n.id, ST_Distance(n.geom, s.geom) AS apart FROM fibre_node n JOIN in_node s
            ON ST_DWithin(s.geom, n.geom, %(tolerance)s) WHERE n.network_id IS NOT DISTINCT FROM %(network)s AND s.fate = 'new' ORDER BY s.n, apart, n.id) f WHERE f.n = i.n"""
    )
    job.run(
        f"""UPDATE in_node i SET rep = c.rep FROM (
        SELECT n, first_value(n) OVER (PARTITION BY spot ORDER BY {_RANK}, n) AS rep FROM (
            SELECT n, kind, ST_ClusterDBSCAN(geom, %(tolerance)s, 1) OVER () AS spot FROM in_node WHERE fate = 'new') s) c
        WHERE c.n = i.n"""
    )
    job.run("UPDATE in_node SET node = gen_random_uuid() WHERE fate = 'new' AND rep = n")
    job.run(
        "UPDATE in_node i SET node = r.node, fate = 'joined', moved = ST_Distance(i.geom, r.geom) FROM in_node r "
        "WHERE i.fate = 'new' AND i.rep <> i.n AND r.n = i.rep"
    )


def own_names(job: Job, table: str, of: str) -> None:
    """A name is one object's in its network: the second of that name gets its id behind it. `table` has name, fate, n."""
    rows = job.ask(
        f"""UPDATE {table} i SET name = i.name || ' (' || left(i.source_id, 12) || ')' FROM (
        SELECT n, row_number() OVER (PARTITION BY name ORDER BY n) AS nth,
               EXISTS (SELECT FROM {of} o WHERE o.network_id = %(network)s AND o.name = s.name) AS taken
          FROM {table} s WHERE name IS NOT NULL AND fate = 'new') f
        WHERE f.n = i.n AND (f.nth > 1 OR f.taken) RETURNING i.row, i.source_id, i.name"""
    )
    for row, id_, name in rows:
        job.keep(table.removeprefix("in_") + "s", row, id_, "import-name-taken", name)


def ends(job: Job) -> None:
    """Each end of a new segment: the nearest node within the tolerance, else a branch, one for all ends on one spot."""
    job.run("DROP TABLE IF EXISTS pg_temp.in_end")
    job.run(
        """CREATE TEMP TABLE in_end ON COMMIT DROP AS
        SELECT row_number() OVER () AS n, n AS segment, side, geom, NULL::uuid AS node, 0::float8 AS moved, NULL::bigint AS rep,
               lifecycle, NULL::geometry AS place
          FROM (SELECT n, 'a' AS side, ST_StartPoint(geom) AS geom, lifecycle FROM in_segment WHERE fate = 'new'
                UNION ALL SELECT n, 'b', ST_EndPoint(geom), lifecycle FROM in_segment WHERE fate = 'new') e"""
    )
    job.run("CREATE INDEX ON in_end (n)")
    job.run("CREATE INDEX ON in_end USING gist (geom)")
    job.run("ANALYZE in_end")
    job.run("ANALYZE in_node")
    job.run("DROP TABLE IF EXISTS pg_temp.in_near")
    job.run(
        """CREATE TEMP TABLE in_near ON COMMIT DROP AS
        SELECT e.n, n.id AS node, n.geom, ST_Distance(n.geom, e.geom) AS apart FROM fibre_node n JOIN in_end e
            ON ST_DWithin(e.geom, n.geom, %(tolerance)s) WHERE n.network_id IS NOT DISTINCT FROM %(network)s
        UNION ALL
        SELECT e.n, i.node, i.geom, ST_Distance(i.geom, e.geom) FROM in_node i JOIN in_end e
            ON ST_DWithin(e.geom, i.geom, %(tolerance)s) WHERE i.fate = 'new'"""
    )
    job.run(
        """UPDATE in_end e SET node = f.node, moved = f.apart, place = f.geom
        FROM (SELECT DISTINCT ON (n) n, node, geom, apart FROM in_near ORDER BY n, apart, node) f WHERE f.n = e.n"""
    )
    job.run(
        """UPDATE in_end e SET rep = c.rep FROM (
        SELECT n, first_value(n) OVER (PARTITION BY spot ORDER BY n) AS rep FROM (
            SELECT n, ST_ClusterDBSCAN(geom, %(tolerance)s, 1) OVER () AS spot FROM in_end WHERE node IS NULL) s) c WHERE c.n = e.n"""
    )
    job.run("ANALYZE in_end")
    job.run("UPDATE in_end SET node = gen_random_uuid(), place = geom WHERE rep = n")
    job.run(
        "UPDATE in_end e SET node = r.node, place = r.geom, moved = ST_Distance(e.geom, r.geom) FROM in_end r WHERE e.node IS NULL AND r.n = e.rep"
    )


_INSERT = """INSERT INTO fibre_node (id, network_id, organisation_id, name, kind, function, geom, lifecycle, remark, source, source_id)
SELECT i.node, %(network)s, %(organisation)s, CASE WHEN i.kind IN ('branch', 'end') THEN i.name ELSE coalesce(i.name, i.source_id) END,
       i.kind, coalesce(i.function, ''), i.geom, coalesce(i.lifecycle, 'in_service'), coalesce(i.remark, ''), %(source)s, i.source_id
  FROM in_node i WHERE i.n = ANY (%(keys)s)"""
_BRANCHES = """INSERT INTO fibre_node (id, network_id, organisation_id, kind, geom, lifecycle, source)
SELECT node, %(network)s, %(organisation)s, 'branch', geom, coalesce(lifecycle, 'in_service'), %(source)s FROM in_end WHERE n = ANY (%(keys)s)"""


def write(job: Job, told: Told) -> None:
    """Insert the new nodes and the branches, and remember the ids of those that were joined."""
    own_names(job, "in_node", "fibre_node")
    counts = job.counts("nodes")
    new = job.ask("SELECT n, row, source_id FROM in_node WHERE fate = 'new' ORDER BY n")
    facts = {n: (row, id_) for n, row, id_ in new}

    def refused(n: int, code: str, message: str) -> None:
        job.refuse("nodes", *facts[n], code, message)
        job.run("UPDATE in_node SET fate = 'bad' WHERE n = %(n)s OR rep = %(n)s", n=n)

    counts.created += put(
        list(facts), lambda keys: _note(job.run(_INSERT, keys=keys)), refused, told, tables=("fibre_node",)
    )
    branches = [n for (n,) in job.ask("SELECT n FROM in_end WHERE rep = n ORDER BY n")] if job.has("segments") else []
    made = put(branches, lambda keys: _note(job.run(_BRANCHES, keys=keys)), lambda n, code, message: job.refuse(
        "segments", 0, f"{n}", code, message), told, tables=("fibre_node",))  # fmt: skip
    if made:
        job.outcome.notes.append(_("Trassenenden ohne Knoten: dort entstanden %(count)s Abzweige") % {"count": made})
    for row, id_, moved, onto in job.ask(
        "SELECT i.row, i.source_id, i.moved, coalesce(n.name, n.id::text) FROM in_node i JOIN fibre_node n ON n.id = i.node WHERE i.fate = 'joined'"
        " ORDER BY i.n"
    ):
        job.keep("nodes", row, id_, "import-node-joined", f"{onto} ({moved * 100:.1f} cm)")
    counts.joined += job.run(
        "INSERT INTO fibre_alias (network_id, kind, source, source_id, object_id, name) "
        "SELECT %(network)s, 'node', %(source)s, source_id, node, coalesce(name, '') FROM in_node WHERE fate = 'joined' ON CONFLICT DO NOTHING"
    )


def _note(_count: int) -> None:
    return None


_CHANGED = """SELECT i.n, i.row, i.source_id FROM in_node i JOIN fibre_node n ON n.id = i.node WHERE i.fate = 'known' AND (
    (i.name IS NOT NULL AND n.name IS DISTINCT FROM i.name AND n.name NOT LIKE i.name || ' (%%)') OR n.kind <> i.kind
    OR (i.function IS NOT NULL AND n.function <> i.function) OR (i.lifecycle IS NOT NULL AND n.lifecycle <> i.lifecycle)
    OR (i.remark IS NOT NULL AND n.remark <> i.remark) OR NOT ST_DWithin(n.geom, i.geom, 0.001)) ORDER BY i.n"""
_UPDATE = """UPDATE fibre_node n SET name = CASE WHEN n.name LIKE i.name || ' (%%)' THEN n.name ELSE coalesce(i.name, n.name) END, kind = i.kind,
    function = coalesce(i.function, n.function), lifecycle = coalesce(i.lifecycle, n.lifecycle), remark = coalesce(i.remark, n.remark),
    geom = CASE WHEN ST_DWithin(n.geom, i.geom, 0.001) THEN n.geom ELSE i.geom END
  FROM in_node i WHERE n.id = i.node AND i.n = ANY (%(keys)s)"""


def update(job: Job, told: Told) -> None:
    """Bring known nodes to what the file says now."""
    counts = job.counts("nodes")
    changed = {n: (row, id_) for n, row, id_ in job.ask(_CHANGED)}
    counts.updated += put(
        list(changed), lambda keys: _note(job.run(_UPDATE, keys=keys)),
        lambda n, code, message: job.refuse("nodes", *changed[n], code, message), told,
    )  # fmt: skip
    counts.unchanged += job.ask("SELECT count(*) FROM in_node WHERE fate IN ('known', 'alias')")[0][0] - len(changed)
    job.run("UPDATE in_node SET fate = 'changed' WHERE n = ANY (%(keys)s)", keys=list(changed))
