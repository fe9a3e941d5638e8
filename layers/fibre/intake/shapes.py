"""What an import does, for the map of its report."""

import json

from layers.fibre.intake.context import Job

MOST = 40_000
_SQL = """SELECT what, ST_AsGeoJSON(ST_Transform(geom, 4326), 6), label FROM (
    SELECT CASE WHEN s.fate = 'bad' THEN 'refused' WHEN s.fate IN ('new', 'changed', 'joined') THEN s.fate ELSE 'there' END AS what, s.given AS geom, coalesce(s.name, s.source_id) AS label
      FROM in_segment s WHERE s.row IS NOT NULL
    UNION ALL
    SELECT 'refused', x.geom, coalesce(d.name, d.source_id) FROM in_duct d JOIN staged_links l ON l.duct = d.source_id
      JOIN in_segment i ON i.whole = l.segment JOIN in_part p ON p.n = i.n JOIN fibre_segment x ON x.id = p.segment WHERE d.fate = 'bad'
    UNION ALL
    SELECT CASE WHEN n.fate = 'bad' THEN 'refused' WHEN n.fate IN ('new', 'changed', 'joined') THEN n.fate ELSE 'there' END, n.geom, coalesce(n.name, n.source_id)
      FROM in_node n ) shapes ORDER BY what <> 'refused', what <> 'changed' LIMIT %(most)s"""


def draw(job: Job) -> None:
    """Nodes, segments and refused ducts by what became of them: new, there (known), changed, joined, refused."""
    job.outcome.shapes += [(what, json.loads(text), label) for what, text, label in job.ask(_SQL, most=MOST)]
