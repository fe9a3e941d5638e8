"""Segments: split where a node lies on them, joined to the same line that is there already, and written."""

import json

from gisapp.filesets import Told
from layers.fibre.intake import nodes, redraw
from layers.fibre.intake.context import Job
from layers.fibre.intake.putting import put

_WORDS = "construction, surface, location, depth_cm, depth_reference, width_cm, funding, lifecycle, remark"
_CONSTRUCTION = """CASE WHEN construction ~* 'pflug|plough|plow' THEN 'plough' WHEN construction ~* 'fräs|trenching|fraes' THEN 'trenching'
    WHEN construction ~* 'bohr|drill|hdd' THEN 'drilling' WHEN construction ~* 'rakete|rocket|mole' THEN 'rocket'
    WHEN construction ~* 'vorhanden|existing|bestand' THEN 'existing' WHEN construction ~* 'oberird|aerial|freileit' THEN 'aerial'
    WHEN construction ~* 'gebäude|indoor' THEN 'indoor' WHEN construction ~* 'graben|open|trench|tiefbau' THEN 'open_trench' END"""
_SURFACE = """CASE WHEN surface ~* 'unbefest|unsealed|grün|acker|erde' THEN 'unsealed'
    WHEN surface ~* 'befest|sealed|asphalt|pflaster|beton' THEN 'sealed' END"""


def read(job: Job) -> None:
    """Number the staged segments and find what is known of them: `fate` is new, known, or bad."""
    job.run("DROP TABLE IF EXISTS pg_temp.in_segment, pg_temp.in_part")
    job.run(
        f"""CREATE TEMP TABLE in_segment ON COMMIT DROP AS
        SELECT row_number() OVER (ORDER BY file, row) AS n, row, source_id, whole, ST_RemoveRepeatedPoints(geom, 0.001) AS geom, geom AS given, name,
               {_CONSTRUCTION} AS construction, {_SURFACE} AS surface, location, depth_cm::int AS depth_cm,
               CASE WHEN depth_cm IS NOT NULL THEN CASE WHEN depth_reference ~* 'sohle|bottom' THEN 'bottom' ELSE 'cover' END END AS depth_reference,
               width_cm::int AS width_cm, funding, lifecycle, remark, 'new' AS fate FROM staged_segments"""
    )
    job.run("CREATE INDEX ON in_segment (source_id)")
    job.run("CREATE INDEX ON in_segment (whole)")
    job.run("CREATE INDEX ON in_segment (n)")
    # The pieces that stand for a segment of the file: its own, what became of them, and lines that it was joined to.
    job.run(
        """CREATE TEMP TABLE in_part ON COMMIT DROP AS
        WITH RECURSIVE own AS (
            SELECT i.n, s.id FROM in_segment i JOIN fibre_segment s
                ON s.network_id = %(network)s AND s.source = %(source)s AND s.source_id = i.source_id
            UNION
            SELECT o.n, s.id FROM own o JOIN fibre_segment s ON s.parent_id = o.id
        ), others AS (
            SELECT i.n, s.id FROM in_segment i JOIN fibre_alias a
                ON a.network_id = %(network)s AND a.kind = 'segment' AND a.source = %(source)s AND a.source_id = i.source_id
              JOIN fibre_segment s ON s.id = a.object_id
            UNION
            SELECT o.n, s.id FROM others o JOIN fibre_segment s ON s.parent_id = o.id)
        SELECT n, id AS segment, false AS joined FROM own
        UNION ALL SELECT n, id, true FROM others t WHERE NOT EXISTS (SELECT FROM own o WHERE o.n = t.n AND o.id = t.id)"""
    )
    job.run("CREATE INDEX ON in_part (n)")
    job.run("UPDATE in_segment i SET fate = 'known' WHERE EXISTS (SELECT FROM in_part p WHERE p.n = i.n)")
    job.run("ANALYZE in_segment")


# A piece lies on a line of the file: its ends and its middle do. (Pieces are drawn to their nodes by up to the tolerance.)
_NEAR = "%(tolerance)s * 2 + 0.001"
_LIES_ON = f"""(ST_DWithin(ST_StartPoint(x.geom), i.given, {_NEAR}) AND ST_DWithin(ST_EndPoint(x.geom), i.given, {_NEAR})
    AND ST_DWithin(ST_LineInterpolatePoint(x.geom, 0.5), i.given, {_NEAR}))"""


def leave_others(job: Job) -> None:
    """Of lines that were joined to another's pieces, only what they still run along stands for them; else they are new.

    Where the other line is redrawn by the same delivery, the two still are one if they are in the file.
    """
    job.run("DROP TABLE IF EXISTS pg_temp.in_left; CREATE TEMP TABLE in_left (LIKE in_part) ON COMMIT DROP")
    job.run(
        f"""WITH gone AS (
        DELETE FROM in_part p USING in_segment i, fibre_segment x WHERE i.n = p.n AND p.joined AND x.id = p.segment AND NOT {_LIES_ON}
        AND NOT EXISTS (SELECT FROM in_part q JOIN in_segment o ON o.n = q.n WHERE q.segment = p.segment AND NOT q.joined
                           AND ST_HausdorffDistance(o.geom, i.geom) <= {_NEAR})
        RETURNING p.*) INSERT INTO in_left SELECT * FROM gone"""
    )
    job.run(
        "UPDATE in_segment i SET fate = 'new' WHERE fate = 'known' AND NOT EXISTS (SELECT FROM in_part p WHERE p.n = i.n)"
    )
    job.run(
        "DELETE FROM fibre_alias a USING in_segment i WHERE a.network_id = %(network)s AND a.kind = 'segment' AND a.source = %(source)s"
        " AND a.source_id = i.source_id AND i.fate = 'new'"
    )


def refuse_bad(job: Job) -> None:
    """Lines that no segment can be: they are no longer than the tolerance, close, or cross themselves."""
    for row, id_, code in job.ask(
        """UPDATE in_segment SET fate = 'bad' WHERE fate = 'new' AND (NOT ST_IsSimple(geom)
           OR ST_DWithin(ST_StartPoint(geom), ST_EndPoint(geom), %(tolerance)s))
        RETURNING row, source_id, CASE WHEN ST_Length(geom) <= %(tolerance)s THEN 'import-segment-short'
            WHEN ST_DWithin(ST_StartPoint(geom), ST_EndPoint(geom), %(tolerance)s) THEN 'segment-closed' ELSE 'segment-not-simple' END"""
    ):
        job.refuse("segments", row, id_, code)


def snap(job: Job) -> None:
    """Draw the ends to their nodes, and say where that moved them."""
    job.run(
        """UPDATE in_segment s SET geom = ST_SetPoint(ST_SetPoint(s.geom, 0, a.place), ST_NPoints(s.geom) - 1, b.place)
        FROM in_end a, in_end b WHERE s.fate = 'new' AND a.segment = s.n AND a.side = 'a' AND b.segment = s.n AND b.side = 'b'"""
    )
    for row, id_, moved in job.ask(
        "SELECT s.row, s.source_id, max(e.moved) FROM in_end e JOIN in_segment s ON s.n = e.segment WHERE e.moved > 0.001 GROUP BY s.n, 1, 2 ORDER BY 1"
    ):
        job.keep("segments", row, id_, "import-end-snapped", f"{moved * 100:.1f} cm")


def cut(job: Job) -> None:
    """The pieces of each new segment between the nodes that lie on it: table in_piece."""
    job.run("CREATE INDEX ON in_segment USING gist (geom)")
    job.run("ANALYZE in_segment")
    job.run("CREATE INDEX ON in_end (segment)")
    job.run("DROP TABLE IF EXISTS pg_temp.in_piece")
    job.run(
        """CREATE TEMP TABLE in_piece ON COMMIT DROP AS
        WITH ends AS (
            SELECT s.n, s.geom, a.node AS a, b.node AS b FROM in_segment s JOIN in_end a ON a.segment = s.n AND a.side = 'a'
              JOIN in_end b ON b.segment = s.n AND b.side = 'b' WHERE s.fate = 'new'
        ), cuts AS (
            SELECT n, a AS node, 0::float8 AS at_ FROM ends UNION ALL SELECT n, b, 1 FROM ends
            UNION ALL
            SELECT e.n, o.id, ST_LineLocatePoint(e.geom, o.geom) FROM ends e JOIN fibre_node o ON o.network_id IS NOT DISTINCT FROM %(network)s
               AND ST_DWithin(o.geom, e.geom, %(tolerance)s) WHERE o.id NOT IN (e.a, e.b)
        ), ordered AS (
            SELECT n, node, at_, lead(node) OVER w AS next_node, lead(at_) OVER w AS next_at FROM cuts WINDOW w AS (PARTITION BY n ORDER BY at_, node)
        )
        SELECT row_number() OVER (ORDER BY o.n, o.at_) AS p, o.n, row_number() OVER (PARTITION BY o.n ORDER BY o.at_) AS nth,
               o.node AS a, o.next_node AS b,
               ST_SetPoint(ST_SetPoint(l.line, 0, x.geom), ST_NPoints(l.line) - 1, y.geom) AS geom,
               gen_random_uuid() AS segment, NULL::bigint AS same, false AS joined
          FROM ordered o JOIN ends e ON e.n = o.n JOIN fibre_node x ON x.id = o.node JOIN fibre_node y ON y.id = o.next_node,
               LATERAL (SELECT ST_RemoveRepeatedPoints(ST_LineSubstring(e.geom, o.at_, o.next_at), 0.0005) AS line) l
         WHERE o.next_at > o.at_ AND ST_NPoints(l.line) > 1"""
    )
    job.run("CREATE INDEX ON in_piece (n)")
    job.run("CREATE INDEX ON in_piece (p)")
    job.run("CREATE INDEX ON in_piece (a)")
    job.run("CREATE INDEX ON in_piece (b)")
    job.run("ANALYZE in_piece")
    for row, id_, count in job.ask(
        "SELECT s.row, s.source_id, count(*) FROM in_piece p JOIN in_segment s ON s.n = p.n GROUP BY s.n, 1, 2 HAVING count(*) > 1 ORDER BY 1"
    ):
        job.keep("segments", row, id_, "import-segment-split", str(count))


def join(job: Job) -> None:
    """A piece that runs like another one between the same nodes, in either direction, is that one."""
    job.run(
        """UPDATE in_piece p SET same = f.same FROM (
        SELECT q.p, min(o.p) AS same FROM in_piece q JOIN in_piece o
            ON o.p < q.p AND ((o.a = q.a AND o.b = q.b) OR (o.a = q.b AND o.b = q.a))
         WHERE ST_HausdorffDistance(q.geom, o.geom) <= %(tolerance)s GROUP BY q.p) f WHERE f.p = p.p"""
    )
    job.run(
        """UPDATE in_piece p SET segment = f.id, joined = true FROM (
        SELECT DISTINCT ON (q.p) q.p, s.id FROM in_piece q JOIN fibre_segment s
            ON s.network_id = %(network)s AND ((s.from_node_id = q.a AND s.to_node_id = q.b) OR (s.from_node_id = q.b AND s.to_node_id = q.a))
         WHERE ST_HausdorffDistance(q.geom, s.geom) <= %(tolerance)s ORDER BY q.p, s.id) f WHERE f.p = p.p"""
    )
    job.run(
        "UPDATE in_piece p SET segment = o.segment, joined = true FROM in_piece o WHERE o.p = p.same AND NOT p.joined"
    )
    for row, id_, count, total, onto in job.ask(
        """SELECT s.row, s.source_id, count(*), (SELECT count(*) FROM in_piece w WHERE w.n = s.n),
               min(coalesce(i.source_id, o.source_id, o.name, left(p.segment::text, 8)))
          FROM in_piece p JOIN in_segment s ON s.n = p.n LEFT JOIN in_piece q ON q.p = p.same LEFT JOIN in_segment i ON i.n = q.n
          LEFT JOIN fibre_segment o ON o.id = p.segment WHERE p.joined GROUP BY s.n, 1, 2 ORDER BY 1"""
    ):
        job.keep("segments", row, id_, "import-segment-joined", f"{count}/{total} = {onto}")


def own_names(job: Job) -> None:
    """A name is one segment's in its network."""
    nodes.own_names(job, "in_segment", "fibre_segment")


_INSERT = f"""INSERT INTO fibre_segment (id, network_id, organisation_id, name, from_node_id, to_node_id, geom, parent_id, source, source_id,
    {_WORDS})
SELECT p.segment, %(network)s, %(organisation)s, CASE WHEN f.first THEN s.name END, p.a, p.b, p.geom, CASE WHEN NOT f.first THEN f.parent END,
    %(source)s, CASE WHEN f.first THEN s.source_id END, coalesce(s.construction, 'unknown'), coalesce(s.surface, 'unknown'), coalesce(s.location, ''),
    s.depth_cm, s.depth_reference, s.width_cm, coalesce(s.funding, ''), coalesce(s.lifecycle, 'in_service'), coalesce(s.remark, '')
  FROM in_piece p JOIN in_segment s ON s.n = p.n, LATERAL (
    SELECT q.segment AS parent, q.p = p.p AS first FROM in_piece q WHERE q.n = p.n AND NOT q.joined ORDER BY q.nth LIMIT 1) f
 WHERE p.n = ANY (%(keys)s) AND NOT p.joined ORDER BY p.p"""


def write(job: Job, told: Told) -> None:
    """Insert the pieces, all of a segment or none."""
    facts = {
        n: (row, id_)
        for n, row, id_ in job.ask("SELECT n, row, source_id FROM in_segment WHERE fate = 'new' ORDER BY n")
    }

    def insert(keys: list[int]) -> None:
        job.run(_INSERT, keys=keys)

    def refused(n: int, code: str, message: str) -> None:
        job.refuse("segments", *facts[n], code, message)
        job.run("UPDATE in_segment SET fate = 'bad' WHERE n = %(n)s", n=n)

    counts = job.counts("segments")
    counts.created += put(list(facts), insert, refused, told, tables=("fibre_segment", "fibre_node"))
    counts.joined += len({n for (n,) in job.ask("SELECT n FROM in_piece WHERE joined")})
    job.run(
        "INSERT INTO fibre_alias (network_id, kind, source, source_id, object_id, name) SELECT DISTINCT %(network)s::uuid, 'segment', %(source)s,"
        " s.source_id, p.segment, coalesce(s.name, '') FROM in_piece p JOIN in_segment s ON s.n = p.n WHERE p.joined AND s.fate = 'new'"
        " ON CONFLICT DO NOTHING"
    )
    job.run(
        "INSERT INTO in_part SELECT p.n, p.segment, p.joined FROM in_piece p JOIN in_segment s ON s.n = p.n WHERE s.fate = 'new'"
    )
    whole = job.run(
        "UPDATE in_segment s SET fate = 'joined' WHERE fate = 'new' AND NOT EXISTS (SELECT FROM in_piece p WHERE p.n = s.n AND NOT p.joined)"
    )
    counts.created -= whole


_HANGING = """CREATE TEMP TABLE in_hanging ON COMMIT DROP AS
SELECT node, (array_agg(a))[1] AS a, (array_agg(b))[1] AS b FROM (
    SELECT from_node_id AS node, from_node_id AS a, to_node_id AS b FROM fibre_segment WHERE network_id = %(network)s
    UNION ALL SELECT to_node_id, from_node_id, to_node_id FROM fibre_segment WHERE network_id = %(network)s) e
 GROUP BY node HAVING count(*) = 1"""
# By its place a neighbour is found quickly, by its network not: that condition must not choose the index.
_LOOSE = """SELECT s.row, s.source_id, max(f.apart), ST_AsGeoJSON(ST_Transform((array_agg(e.place ORDER BY f.apart DESC))[1], 4326), 6)
  FROM in_end e JOIN in_segment s ON s.n = e.segment AND s.fate = 'new' JOIN in_hanging h ON h.node = e.node
  JOIN LATERAL (
    SELECT min(ST_Distance(x.geom, e.place)) AS apart FROM fibre_segment x
     WHERE ST_DWithin(x.geom, e.place, %(reach)s) AND x.network_id IS NOT DISTINCT FROM %(network)s
       AND x.from_node_id NOT IN (h.a, h.b) AND x.to_node_id NOT IN (h.a, h.b)) f ON f.apart IS NOT NULL
 WHERE e.rep = e.n GROUP BY s.n, 1, 2 ORDER BY 1"""


def tell_loose_ends(job: Job) -> None:
    """Ends that nearly meet another segment: whoever reads it sees whether the tolerance was too small."""
    reach = min(5.0, max(1.0, 10 * float(job.values["tolerance"])))
    job.run("DROP TABLE IF EXISTS pg_temp.in_hanging")
    job.run(_HANGING)
    job.run("CREATE UNIQUE INDEX ON in_hanging (node)")
    for table in ("in_hanging", "in_end", "in_segment"):
        job.run(f"ANALYZE {table}")
    for row, id_, apart, place in job.ask(_LOOSE, reach=reach):
        job.keep("segments", row, id_, "import-end-loose", f"{apart * 100:.1f} cm")
        if job.staged.draw:
            job.outcome.shapes.append(("loose", json.loads(place), f"{id_} {apart * 100:.1f} cm"))


_CHANGED = f"""SELECT DISTINCT i.n, i.row, i.source_id FROM in_segment i JOIN in_part p ON p.n = i.n JOIN fibre_segment x ON x.id = p.segment
 WHERE i.fate = 'known' AND NOT p.joined AND x.source = %(source)s
   AND ({" OR ".join(f"(i.{one} IS NOT NULL AND x.{one} IS DISTINCT FROM i.{one})" for one in _WORDS.split(", "))}
        OR (x.source_id = i.source_id AND i.name IS NOT NULL AND x.name IS DISTINCT FROM i.name AND coalesce(x.name, '') NOT LIKE i.name || ' (%%)')) ORDER BY 1"""
_UPDATE = f"""UPDATE fibre_segment x SET {", ".join(f"{one} = coalesce(i.{one}, x.{one})" for one in _WORDS.split(", "))},
    name = CASE WHEN x.source_id = i.source_id AND coalesce(x.name, '') NOT LIKE coalesce(i.name, '') || ' (%%)' THEN coalesce(i.name, x.name) ELSE x.name END
  FROM in_segment i JOIN in_part p ON p.n = i.n WHERE x.id = p.segment AND i.n = ANY (%(keys)s) AND NOT p.joined AND x.source = %(source)s"""


def _add_cut_off(job: Job) -> None:
    """What new nodes and new lines have cut off from known pieces stands for the same segment of the file."""
    job.run(
        """INSERT INTO in_part WITH RECURSIVE cut_off AS (
            SELECT p.n, s.id, p.joined FROM in_part p JOIN in_segment i ON i.n = p.n AND i.fate IN ('known', 'changed')
              JOIN fibre_segment s ON s.parent_id = p.segment
            UNION SELECT c.n, s.id, c.joined FROM cut_off c JOIN fibre_segment s ON s.parent_id = c.id)
        SELECT DISTINCT ON (c.n, c.id) c.n, c.id, c.joined FROM cut_off c WHERE NOT EXISTS (SELECT FROM in_part p WHERE p.n = c.n AND p.segment = c.id)
         ORDER BY c.n, c.id, c.joined"""
    )


def update(job: Job, told: Told) -> None:
    """Known segments: bring them to what the file says now, and draw them as it does."""
    counts = job.counts("segments")
    _add_cut_off(job)
    redrawn, refused = redraw.find(job)
    changed = {n: (row, id_) for n, row, id_ in job.ask(_CHANGED)} | redrawn

    def write_again(keys: list[int]) -> None:
        job.run(_UPDATE, keys=keys)
        redraw.write(job, keys)

    def refuse(n: int, code: str, message: str) -> None:
        refused.add(n)
        job.refuse("segments", *changed[n], code, message)

    counts.updated += put(list(changed), write_again, refuse, told)
    # What could not follow its line lies where it lay, with all that lies in it.
    job.run("INSERT INTO in_part SELECT * FROM in_left WHERE n = ANY (%(keys)s)", keys=list(refused))
    _add_cut_off(job)
    known = job.ask("SELECT count(*) FROM in_segment WHERE fate = 'known'")[0][0]
    job.run("UPDATE in_segment SET fate = 'changed' WHERE n = ANY (%(keys)s)", keys=list(changed))
    counts.unchanged += known - len(changed.keys() | refused)
