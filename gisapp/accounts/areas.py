"""The areas of responsibility, filled from what the apps of the registry offer."""

from django.db import connection

from gisapp.database import compiled
from gisapp.layer import all_apps

_FILL = """
INSERT INTO accounts_area AS a (key, kind, name, geom)
SELECT %s || ':' || s.key, %s, s.name, s.geom FROM ({rows}) AS s(key, name, geom)
ON CONFLICT (key) DO UPDATE SET name = excluded.name, geom = excluded.geom
 WHERE (a.name, a.geom::bytea) IS DISTINCT FROM (excluded.name, excluded.geom::bytea)
"""
_DROP = """
DELETE FROM accounts_area a WHERE a.kind = %s AND a.key NOT IN (SELECT %s || ':' || s.key FROM ({rows}) AS s(key, name, geom))
   AND NOT EXISTS (SELECT FROM accounts_organisation_areas o WHERE o.area_id = a.id)
   AND NOT EXISTS (SELECT FROM accounts_membership_areas m WHERE m.area_id = a.id)
"""


def refresh(source: str = "") -> int:
    """Bring the areas to what the apps have; the number of areas that changed. (An import says its source.)

    An area that is gone stays while someone is responsible for it: rights do not vanish with an import.
    """
    changed = 0
    with connection.cursor() as cursor:
        for app in all_apps():
            for kind, offer in app.areas_of.items():
                rows, params = compiled(offer().order_by().values_list("key", "name", "geom"))
                for statement in (_FILL, _DROP):
                    cursor.execute(statement.format(rows=rows), [kind, kind, *params])
                    changed += cursor.rowcount
    return changed
