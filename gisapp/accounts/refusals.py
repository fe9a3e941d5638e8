"""Refusals in words, for people who change rows in the database itself (QGIS, psql).

Row-level security hides rows: an UPDATE of one that may be seen and not changed touches none and succeeds. A program like
QGIS takes that for done, and the work is lost without a word. So triggers look at each row that such a person writes,
and raise what a person understands. The installation's own roles pass them by at no cost.
"""

from collections.abc import Iterator

# Whose statements are looked at: everybody's but the owner's and the web server's. Whom the web server acts for
# (acting.py), it is not itself: what counts is the present role.
_OTHERS = "current_user NOT IN ({ours})"

_ROW = """
CREATE OR REPLACE FUNCTION "gisapp_reach_{name}"() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $reach$
DECLARE
    allowed boolean := true;
BEGIN
    IF NOT row_security_active(TG_RELID) THEN  -- an administrator of the server
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        SELECT {edited} INTO allowed FROM (SELECT OLD.*) AS "{name}";
    END IF;
    IF allowed AND TG_OP <> 'DELETE' THEN
        SELECT {edited} INTO allowed FROM (SELECT NEW.*) AS "{name}";
    END IF;
    IF allowed IS NOT TRUE THEN
        RAISE EXCEPTION 'Das gehört nicht zu dem, was Sie in der Ebene „{title}“ ändern dürfen (andere Organisation oder anderes Gebiet).'
            USING ERRCODE = '42501', DETAIL = 'code: out-of-reach',
                  HINT = 'Nichts wurde gespeichert. Nehmen Sie dieses Objekt von der Änderung aus und speichern Sie noch einmal.';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$reach$
"""

_STATEMENT = """
CREATE OR REPLACE FUNCTION "gisapp_found_{name}"() RETURNS trigger LANGUAGE plpgsql
    SET search_path = public, pg_catalog, pg_temp
AS $found$
BEGIN
    IF NOT EXISTS (SELECT FROM rows_touched) THEN
        RAISE EXCEPTION 'Dieses Objekt der Ebene „{title}“ gibt es nicht mehr: Jemand hat es inzwischen gelöscht, oder es gehört nicht '
                        'mehr zu dem, was Sie sehen dürfen.'
            USING ERRCODE = '02000', DETAIL = 'code: unknown-feature',
                  HINT = 'Nichts wurde gespeichert. Laden Sie die Ebene neu; Ihre Eingaben stehen noch im Bearbeitungsmodus.';
    END IF;
    RETURN NULL;
END
$found$
"""


def refusals(table: str, title: str, edited: str, owner: str, web: str | None) -> Iterator[str]:
    """The triggers of one table; `edited` is the condition on its columns under which the asker may write a row.

    The first one asks it of the row before and after. The second one notices a QGIS whose row is gone: it changes one row
    by its key, so that none changed means that somebody else was first. `owner` and `web` are the installation's roles.
    """
    words = title.replace("'", "''").replace("%", "%%")
    ours = ", ".join("'" + one.replace("'", "''") + "'" for one in (owner, web) if one)
    yield _ROW.format(name=table, edited=f"({edited})", title=words)
    yield _STATEMENT.format(name=table, title=words)
    for name in ("gisapp_reach", "gisapp_found_change", "gisapp_found_remove"):
        yield f'DROP TRIGGER IF EXISTS {name} ON "{table}"'
    yield (
        f'CREATE TRIGGER gisapp_reach BEFORE INSERT OR UPDATE OR DELETE ON "{table}" FOR EACH ROW '
        f'WHEN ({_OTHERS.format(ours=ours)}) EXECUTE FUNCTION "gisapp_reach_{table}"()'
    )
    for verb, what, transition in (("change", "UPDATE", "NEW"), ("remove", "DELETE", "OLD")):
        yield (
            f'CREATE TRIGGER gisapp_found_{verb} AFTER {what} ON "{table}" REFERENCING {transition} TABLE AS rows_touched '
            "FOR EACH STATEMENT WHEN (current_setting('application_name', true) ILIKE 'qgis%') "
            f'EXECUTE FUNCTION "gisapp_found_{table}"()'
        )
