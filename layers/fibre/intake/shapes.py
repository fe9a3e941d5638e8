"""What an import does, for the map of its report."""

import json

from layers.fibre.intake.context import Job

MOST = 30_000
_SQL = """SELECT what, ST_AsGeoJSON(ST_Transform(geom, 4326), 6), label FROM (
    SELECT CASE s.fate WHEN 'bad' THEN 'refused' WHEN 'new' THEN 'new' ELSE 'there' END AS what, s.given AS geom, coalesce(s.name, s.source_id) AS label
      FROM in_segment s WHERE s.row IS NOT NULL
    UNION ALL
    SELECT CASE n.fate WHEN 'bad' THEN 'refused' WHEN 'new' THEN 'new' WHEN 'joined' THEN 'joined' ELSE 'there' END, n.geom, coalesce(n.name, n.source_id)
      FROM in_node n) shapes LIMIT %(most)s"""


def draw(job: Job) -> None:
    """Nodes and segments by what became of them: new, there (known), changed, joined, refused."""
    job.outcome.shapes += [(what, json.loads(text), label) for what, text, label in job.ask(_SQL, most=MOST)]
