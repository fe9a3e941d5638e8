"""The import of a network: what is read becomes rows, through the same tables and rules as everything else."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from psycopg import sql

from gisapp.errors import BadInput
from gisapp.fields import Text
from gisapp.filesets import FileSet, Outcome, Staged
from layers.fibre.intake import cables, ducts, nodes, removing, segments, shapes, splices
from layers.fibre.intake.context import Job
from layers.fibre.intake.putting import ask, run, settle
from layers.fibre.intake.roles import ROLES
from layers.fibre.intake.target import choose

SMALLEST_M, LARGEST_M = 0.05, 5.0
"""The network's rules take two places nearer than the first for one; beyond the second nobody's house stays his own."""


def _absent(staged: Staged) -> None:
    """Tables without rows for the roles that the files do not have, so that every step finds its table."""
    for role in ROLES:
        if role.name not in staged.tables:
            run(f"DROP TABLE IF EXISTS pg_temp.staged_{role.name}")
            columns = sql.SQL(", ").join(
                sql.SQL("{} text").format(sql.Identifier(one.name)) for one in role.fields if one.name != "id"
            )
            statement = sql.SQL(
                "CREATE TEMP TABLE {} (row bigint, file text, source_id text, whole text, geom geometry(Geometry, 25832), {}) ON COMMIT DROP"
            )
            run(statement.format(sql.Identifier(f"staged_{role.name}"), columns))  # type: ignore[arg-type]


def _job(staged: Staged, outcome: Outcome) -> Job:
    if not SMALLEST_M <= staged.tolerance_m <= LARGEST_M:
        raise BadInput("bad-value", name="--tolerance", value=staged.tolerance_m)
    network = choose(staged, outcome)
    values: dict[str, Any] = {
        "network": network.pk, "organisation": network.organisation_id, "source": staged.source, "tolerance": staged.tolerance_m,
    }  # fmt: skip
    ask("SELECT fibre_hold(%(network)s)", values)  # type: ignore[arg-type]
    return Job(staged, outcome, UUID(str(network.pk)), int(network.organisation_id), values)


def load(staged: Staged, outcome: Outcome) -> None:
    """Bring the staged network into ours. Raises BadInput, Forbidden; refused rows are in the outcome."""
    job, told = _job(staged, outcome), staged.told
    _absent(staged)
    outcome.titles["enclosures"] = str(_("Gehäuse"))
    told.step(_("Knoten und Trassen verbinden"))
    nodes.read(job)
    segments.read(job)
    _there(job)
    nodes.update(job, told)
    segments.leave_others(job)
    nodes.join(job)
    segments.refuse_bad(job)
    nodes.ends(job)
    told.step(_("Netzknoten schreiben"))
    nodes.write(job, told)
    segments.snap(job)
    segments.cut(job)
    segments.join(job)
    segments.own_names(job)
    told.step(_("Trassen schreiben"))
    segments.write(job, told)
    segments.update(job, told)
    segments.tell_loose_ends(job)
    _load_ducts_and_cables(job)
    if staged.sync:
        told.step(_("entfernen, was die Quelle nicht mehr hat"))
        removing.remove(job)
    settle()
    _own_files(job)
    if staged.draw:
        shapes.draw(job)


def _load_ducts_and_cables(job: Job) -> None:
    told = job.staged.told
    cables.places(job)
    ducts.read(job, told)
    cables.read(job)
    told.step(_("Rohrwege ordnen"))
    ducts.order(job, told)
    told.step(_("Rohre schreiben"))
    ducts.write(job, told)
    told.step(_("Kabel schreiben"))
    cables.refresh(job)
    cables.find_tubes(job)
    cables.write(job, told)
    if job.has("splices"):
        told.step(_("Spleiße schreiben"))
        splices.read(job)
        splices.enclosures(job, told)
        splices.enter(job, told)
        splices.write(job, told)


def _there(job: Job) -> None:
    """What files that come alone refer to: segments and ducts of the same source that are there already, or of that name."""
    if not job.has("segments"):
        job.run(
            """INSERT INTO in_segment (n, source_id, whole, given, geom, fate)
            SELECT row_number() OVER (ORDER BY l.segment), l.segment, l.segment, s.geom, s.geom, 'there' FROM (SELECT DISTINCT segment FROM staged_links) l
              JOIN LATERAL (SELECT geom FROM fibre_segment s WHERE s.network_id = %(network)s AND s.source = %(source)s AND s.source_id = l.segment
                            UNION ALL SELECT geom FROM fibre_segment s WHERE s.network_id = %(network)s AND s.name = l.segment LIMIT 1) s ON true"""
        )
        job.run("ANALYZE in_segment")
        job.run(
            """INSERT INTO in_part WITH RECURSIVE own AS (
                SELECT i.n, s.id FROM in_segment i JOIN fibre_segment s
                    ON s.network_id = %(network)s AND s.source = %(source)s AND regexp_replace(s.source_id, '#[0-9]+$', '') = i.source_id
                UNION SELECT i.n, s.id FROM in_segment i JOIN fibre_segment s ON s.network_id = %(network)s AND s.source = %(source)s AND s.source_id = i.source_id
                UNION SELECT i.n, s.id FROM in_segment i JOIN fibre_segment s ON s.network_id = %(network)s AND s.name = i.source_id
                UNION SELECT i.n, a.object_id FROM in_segment i JOIN fibre_alias a
                    ON a.network_id = %(network)s AND a.kind = 'segment' AND a.source = %(source)s AND a.source_id = i.source_id
                UNION SELECT o.n, s.id FROM own o JOIN fibre_segment s ON s.parent_id = o.id)
            SELECT o.n, o.id, false FROM own o JOIN fibre_segment x ON x.id = o.id"""
        )
        job.run("ANALYZE in_part")


def _own_files(job: Job) -> None:
    """Words of what was taken for granted."""
    if not job.has("links") and job.counts("ducts").created:
        job.outcome.notes.append(_("Ohne Tabelle der Trassen je Rohr bleiben die Rohre ohne Weg."))
    if any(job.counts(one).created for one in ("nodes", "segments", "ducts", "cables")):
        job.outcome.notes.append(_("Wo die Dateien keinen Stand nennen, gilt: in Betrieb."))
    job.outcome.notes.append(_("Toleranz: %(cm)s cm") % {"cm": f"{job.staged.tolerance_m * 100:.0f}"})


FIBRE = FileSet("fibre", Text("Glasfasernetz", "Fibre network"), ROLES, load)
