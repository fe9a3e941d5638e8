"""Which column of the file fills which field: a small TOML file, or a guess from names and values.

source = "vg250"              # who the rows come from; rows are recognised by (source, id)
layer = "municipalities"      # the layer that the mapping is for
crs = "EPSG:4326"             # only where the file does not say it, or says it wrongly
[fields]
name = "GEN"
key = "AGS"
[id]
column = "AGS"                # without it: a hash of geometry and attributes
[constants]
kind = "school"
[values.kind]
"1024" = "school"             # "*" stands for every other value
[geometry]                    # CSV only
x = "longitude"
y = "latitude"
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.utils.translation import gettext as _

from gisapp.errors import BadInput
from gisapp.layer import Field, Target, Type
from importers.source import Source

_PLAIN = ("source", "layer", "crs", "file_layer", "encoding", "delimiter")
_KEYS = {*_PLAIN, "fields", "id", "constants", "values", "geometry"}


@dataclass
class Mapping:
    """The mapping file's content; `fields` is field -> column, `values` field -> {file's value: ours}."""

    source: str = ""
    layer: str = ""
    crs: str = ""
    file_layer: str = ""
    encoding: str = ""
    delimiter: str = ""
    id_column: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    geometry: dict[str, str] = field(default_factory=dict)

    def to_toml(self) -> str:
        """The mapping as its file would say it."""
        lines = [f"{name} = {_quoted(value)}" for name in _PLAIN if (value := getattr(self, name))]  # fmt: skip
        id_part = {"column": self.id_column} if self.id_column else {}
        parts: dict[str, AnyMapping[str, Any]] = {"fields": self.fields, "id": id_part, "constants": self.constants}
        parts |= {f"values.{name}": one for name, one in self.values.items()}
        parts["geometry"] = self.geometry
        for title, content in parts.items():
            if content:
                lines += ["", f"[{title}]", *(f"{_key(name)} = {_quoted(value)}" for name, value in content.items())]
        return "\n".join(lines) + "\n"


def _quoted(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda hit: f"\\u{ord(hit[0]):04x}", escaped) + '"'


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _strings(path: Path, section: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise BadInput("bad-mapping", path=path, reason=f'[{section}]: NAME = "..."')
    return dict(value)


def read(path: Path) -> Mapping:
    """The mapping in this TOML file; raises BadInput("bad-mapping")."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput("bad-mapping", path=path, reason=str(error)) from error
    unknown = set(content) - _KEYS
    if unknown:
        raise BadInput(
            "bad-mapping", path=path, reason=_("unbekannt: %(names)s") % {"names": ", ".join(sorted(unknown))}
        )
    texts = {}
    for name in _PLAIN:
        texts[name] = content.get(name, "")
        if not isinstance(texts[name], str):
            raise BadInput("bad-mapping", path=path, reason=f'{name} = "..."')
    values = content.get("values", {})
    if not isinstance(values, dict):
        raise BadInput("bad-mapping", path=path, reason="[values.FELD]")
    return Mapping(
        **texts,
        id_column=_strings(path, "id", content.get("id", {})).get("column", ""),
        fields=_strings(path, "fields", content.get("fields", {})),
        constants=dict(content.get("constants", {})),
        values={name: _strings(path, f"values.{name}", one) for name, one in values.items()},
        geometry=_strings(path, "geometry", content.get("geometry", {})),
    )


def check(mapping: Mapping, target: Target, source: Source, path: Path) -> None:
    """Every name in the mapping exists, and every required field is filled; raises BadInput naming what there is."""
    known = {one.name for one in target.fields}
    for name in [*mapping.fields, *mapping.constants, *mapping.values]:
        if name not in known:
            reason = _("Feld %(name)s; vorhanden: %(names)s") % {"name": name, "names": ", ".join(sorted(known))}
            raise BadInput("bad-mapping", path=path, reason=reason)
    columns = ", ".join(one.name for one in source.columns) or "-"
    for column in [*mapping.fields.values(), *([mapping.id_column] if mapping.id_column else [])]:
        if source.column(column) is None:
            raise BadInput("no-such-column", column=column, columns=columns)
    for name in target.required:
        if name not in mapping.fields and name not in mapping.constants and name not in target.defaults:
            raise BadInput("column-missing", field=name, columns=columns)


def folded(name: str) -> str:
    """A column's name without case, accents and signs: "Straßen-Name" and "strassenname" are one."""
    text = name.lower().replace("ß", "ss").replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    text = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in text if sign.isalnum())


_PATTERNS = {
    Type.INTEGER: r"^\s*[+-]?\d{1,18}([.,]0+)?\s*$",
    Type.NUMBER: r"^\s*[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?\s*$",
    Type.DATE: r"^\s*(\d{4}-\d{2}-\d{2}|\d{1,2}\.\d{1,2}\.\d{4})",
    Type.BOOLEAN: r"^\s*(?i:true|false|yes|no|ja|nein|t|f|j|n|y|0|1)\s*$",
}


def _values(sample: pa.RecordBatch | None, column: str) -> pa.Array | None:
    if sample is None or column not in sample.schema.names:
        return None
    values = sample.column(column).drop_null()
    return values if len(values) else None


def _fits(one: Field, kind: str, values: pa.Array | None) -> bool:
    """Could these values be the field's? Nine in ten texts must look like it."""
    pattern = _PATTERNS.get(one.type)
    if pattern is None or values is None:
        return True
    if kind != "text":
        return one.type is not Type.DATE
    filled = pc.filter(values, pc.not_equal(pc.utf8_trim_whitespace(values), ""))
    hits = pc.sum(pc.match_substring_regex(filled, pattern)).as_py() or 0
    return len(filled) == 0 or hits >= 0.9 * len(filled)


def _id_column(target: Target, by_name: dict[str, str], sample: pa.RecordBatch | None) -> str:
    """The first column with an id's name whose values are all there and all different."""
    for alias in target.id_aliases:
        column = by_name.get(folded(alias))
        if column is None or sample is None or column not in sample.schema.names:
            continue
        values = sample.column(column)
        if not values.null_count and pc.count_distinct(values).as_py() == len(values):
            return column
    return ""


def suggest(target: Target, source: Source, name: str) -> Mapping:
    """The best guess from the columns' names, the target's aliases and the first thousand values."""
    sample = source.sample()
    by_name: dict[str, str] = {}
    for column in source.columns:
        by_name.setdefault(folded(column.name), column.name)
    fields: dict[str, str] = {}
    for one in target.fields:
        for alias in (*target.aliases.get(one.name, ()), one.name):
            found = by_name.get(folded(alias))
            column_kind = source.column(found) if found else None
            if found is None or column_kind is None or found in fields.values():
                continue
            if _fits(one, column_kind.kind, _values(sample, found)):
                fields[one.name] = found
                break
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower().split(".")[0]).strip("-") or "datei"
    return Mapping(source=stem, layer=target.layer, fields=fields, id_column=_id_column(target, by_name, sample))
