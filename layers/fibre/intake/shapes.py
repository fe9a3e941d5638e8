"""What an import does, for the map of its report."""

import json

from layers.fibre.intake.context import Job

MOST = 30_000
_SQL = """SELECT what, ST_AsGeoJSON(ST_Transform(geom, 4326), 6), label FROM (
    SELECT CASE WHEN s.fate = 'bad' THEN 'refused' WHEN s.fate IN ('new', 'changed') THEN s.fate ELSE 'there' END AS what, s.given AS geom, coalesce(s.name, s.source_id) AS label
      FROM in_segment s WHERE s.row IS NOT NULL
    UNION ALL
    SELECT CASE WHEN n.fate = 'bad' THEN 'refused' WHEN n.fate IN ('new', 'changed', 'joined') THEN n.fate ELSE 'there' END, n.geom, coalesce(n.name, n.source_id)
      FROM in_node n) shapes LIMIT %(most)s"""


def draw(job: Job) -> None:
    """Nodes and segments by what became of them: new, there (known), changed, joined, refused."""
    job.outcome.shapes += [(what, json.loads(text), label) for what, text, label in job.ask(_SQL, most=MOST)]
