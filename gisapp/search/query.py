"""Search over everything that is searchable.

A layer answers with its own `search` function (addresses do), else by trigrams over its search fields. Answers carry a
score that compares between layers: how well the asked words and the found text cover each other, whatever the spelling.
"""

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, F, FloatField, Func, TextField, Value

from gisapp.database import compiled, fetch_rows
from gisapp.layer import Layer, SearchHit, visible_layers

SHORTEST, LONGEST = 2, 120
# Below this share of common trigrams two words are not the same word misspelt.
THRESHOLD = 0.45
# To the planner comparing trigrams costs no more than comparing numbers; it then walks a table of 20,000 rows (40 ms) where
# the trigram index answers in one. So only that index (always a bitmap) is left to it, for the time of one search.
_SETTINGS = f"SELECT set_config('pg_trgm.word_similarity_threshold', '{THRESHOLD}', true)" + "".join(
    f", set_config('enable_{way}', 'off', true)" for way in ("seqscan", "indexscan", "mergejoin")
)


class Folded(Func):
    """gisapp_norm over the layer's search fields, for layers without a stored column."""

    function = "gisapp_norm"
    output_field = TextField()


class Expression(Func):
    """A fixed SQL expression over its arguments."""

    def __init__(self, *arguments: Any, sql: str, output: Any) -> None:
        super().__init__(*arguments, output_field=output)
        self._sql = sql

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        compiled = [compiler.compile(one) for one in self.source_expressions]
        sql = self._sql.format(*(text for text, _ in compiled))
        order = [int(place) for place in re.findall(r"\{(\d)\}", self._sql)]
        return sql, [value for place in order for value in compiled[place][1]]


# LIKE, because the trigram index answers it; a folded text has no wildcards in it.
_MATCH = "({0} <%% {1} OR {1} LIKE {0} || '%%')"
SCORE = (
    "(0.55 * word_similarity({0}, {1}) + 0.25 * similarity({0}, {1})"
    " + 0.2 * (CASE WHEN {1} = {0} THEN 1 WHEN starts_with({1}, {0}) THEN 0.8"
    " WHEN position(' ' || {0} in {1}) > 0 THEN 0.4 ELSE 0 END))"
)


def clean(text: str) -> str:
    """What was typed, without control characters and not longer than an address is."""
    return re.sub(r"[\x00-\x1f\x7f\s]+", " ", text).strip()[:LONGEST]


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """gisapp_norm(text)."""
    return str(fetch_rows("SELECT gisapp_norm(%s)", [text])[0][0])


def _column(layer: Layer) -> Any:
    if layer.search_column:
        return F(layer.search_column)
    parts = [F(one.path) for one in layer.search_fields]
    return Folded(Func(*parts, template="concat_ws(' ', %(expressions)s)", output_field=TextField()))


def search_layer(layer: Layer, text: str, user: Any, limit: int) -> list[SearchHit]:
    """The best answers of one layer by its search fields. `text` is folded."""
    column, asked = _column(layer), Value(text, output_field=TextField())
    middle = "ST_Transform(ST_PointOnSurface({0}), 4326)"
    box = "ARRAY[ST_XMin({0}), ST_YMin({0}), ST_XMax({0}), ST_YMax({0})]::text".replace(
        "{0}", "Box2D(ST_Transform({0}, 4326))"
    )
    rows = (
        layer.features(user)
        .annotate(gisapp_score=Expression(asked, column, sql=SCORE, output=FloatField()))
        .filter(Expression(asked, column, sql=_MATCH, output=BooleanField()))
        .annotate(
            gisapp_lon=Expression(F(layer.geometry_column), sql=f"ST_X({middle})", output=FloatField()),
            gisapp_lat=Expression(F(layer.geometry_column), sql=f"ST_Y({middle})", output=FloatField()),
            gisapp_box=Expression(F(layer.geometry_column), sql=box, output=TextField()),
        )
        .order_by("-gisapp_score", "pk")
    )
    others = [one for one in layer.columns if one != layer.label]
    names = [layer.field(one).path for one in (layer.label, *others)]
    listed = rows.values_list("pk", "gisapp_score", "gisapp_lon", "gisapp_lat", "gisapp_box", *names)
    sql, params = compiled(listed)
    found = fetch_rows(f"{sql} LIMIT %s", [*params, limit])
    return [_hit(layer, row) for row in found if row[2] is not None]


def _hit(layer: Layer, row: Sequence[Any]) -> SearchHit:
    key, score, lon, lat, box, label, *others = row
    west, south, east, north = (round(float(one), 6) for one in box.strip("{}").split(","))
    columns = [layer.field(one) for one in layer.columns if one != layer.label]
    words = [column.values.get(str(one), one) for column, one in zip(columns, others, strict=True)]
    subtitle = ", ".join(str(one) for one in words if one not in (None, "", label))
    return SearchHit(
        layer=layer.name,
        id=str(key),
        title=str(label or key),
        subtitle=subtitle or str(layer.title),
        score=float(score) * layer.search_weight,
        lon=round(lon, 6),
        lat=round(lat, 6),
        bbox=(west, south, east, north) if (west, south) != (east, north) else None,
    )


def search(
    text: str,
    user: Any,
    *,
    limit: int = 10,
    layers: Sequence[Layer] | None = None,
    near: tuple[float, float] | None = None,
) -> list[SearchHit]:
    """The best answers of all layers (or of these), the best first; namesakes near a point (lon, lat) come before others.

    Text shorter than two characters finds nothing.
    """
    asked = clean(text)
    if len(asked) < SHORTEST:
        return []
    # Among namesakes the near one may stand far down in its layer.
    looked_at = limit if near is None else max(limit, 50)
    looked_in = layers if layers is not None else visible_layers(user)
    hits: list[SearchHit] = []
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_SETTINGS)
        folded = fold(asked)
        for one in looked_in:
            if one.search is not None:
                hits += one.search(asked, user, looked_at)
            elif one.search_fields and folded:
                hits += search_layer(one, folded, user, looked_at)
    # A layer's own search may know of things in others (streets and addresses): only what was asked for comes out.
    names = {one.name for one in looked_in}
    hits = [hit for hit in hits if hit.layer in names]
    hits.sort(key=lambda hit: (-hit.score - _closeness(hit, near), hit.title, hit.subtitle, hit.id))
    return hits[:limit]


def _closeness(hit: SearchHit, near: tuple[float, float] | None) -> float:
    """Up to 0.1 for what is here: enough to choose among namesakes, too little to beat a better name."""
    if near is None:
        return 0
    width = math.cos(math.radians(near[1]))
    kilometres = 111.2 * math.hypot((hit.lon - near[0]) * width, hit.lat - near[1])
    return 0.1 / (1 + kilometres / 5)
