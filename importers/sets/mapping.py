"""Which table of a set is what, and which column fills which field: a guess from names and columns, or a TOML file.

source = "altsystem"           # who the rows come from; they are recognised by (source, id)
crs = "EPSG:25832"             # only where the files do not say it, or say it wrongly
network = "nord"               # where it goes, unless the caller says another

[[nodes]]                      # a table for each role, or several
file = "knoten.gpkg"
layer = "knoten"               # only where the file has several
[nodes.fields]
id = "uuid"                    # without an id: a hash of the row
[nodes.constants]
lifecycle = "in_service"
[nodes.values.kind]
"Hausanschluss" = "building"   # "*" stands for every other value

[products]                     # what the files call a product = its key in the catalogue
"LTMC144(12x12)" = "144"
"""

import tomllib
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from gisapp.errors import BadInput
from gisapp.filesets import Role
from gisapp.layer import FileSet, Geometry
from importers.mapping import _key, _quoted, _strings, folded
from importers.sets.tables import Table

_PLAIN = ("source", "crs", "network")
_FREE = ("products",)


@dataclass
class Part:
    """A table and the role that it has: `fields` is field -> column."""

    role: str
    file: str
    layer: str = ""
    crs: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class SetMapping:
    """The whole of the mapping; `free` are sections that the app reads by itself."""

    source: str = ""
    crs: str = ""
    network: str = ""
    parts: list[Part] = field(default_factory=list)
    free: dict[str, dict[str, str]] = field(default_factory=dict)

    def to_toml(self) -> str:
        """The mapping as its file would say it."""
        lines = [f"{name} = {_quoted(value)}" for name in _PLAIN if (value := getattr(self, name))]
        for part in self.parts:
            lines += ["", f"[[{part.role}]]", f"file = {_quoted(part.file)}"]
            lines += [f"{name} = {_quoted(value)}" for name in ("layer", "crs") if (value := getattr(part, name))]
            sections: dict[str, AnyMapping[str, Any]] = {"fields": part.fields, "constants": part.constants}
            sections |= {f"values.{name}": one for name, one in part.values.items()}
            lines += _sections({f"{part.role}.{name}": one for name, one in sections.items()})
        return "\n".join([*lines, *_sections(self.free)]) + "\n"


def _sections(sections: AnyMapping[str, AnyMapping[str, Any]]) -> list[str]:
    lines = []
    for title, content in sections.items():
        if content:
            lines += [f"[{title}]", *(f"{_key(name)} = {_quoted(value)}" for name, value in content.items())]
    return lines


def read(path: Path, wanted: FileSet) -> SetMapping:
    """The mapping in this TOML file; raises BadInput("bad-mapping")."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput("bad-mapping", path=path, reason=str(error)) from error
    names = [one.name for one in wanted.roles]
    unknown = set(content) - {*_PLAIN, *_FREE, *names}
    if unknown:
        raise BadInput(
            "bad-mapping", path=path, reason=_("unbekannt: %(names)s") % {"names": ", ".join(sorted(unknown))}
        )
    source, crs, network = (str(content.get(name, "")) for name in _PLAIN)
    found = SetMapping(source, crs, network)
    found.free = {name: _strings(path, name, content[name]) for name in _FREE if name in content}
    for name in names:
        listed = content.get(name, [])
        if not isinstance(listed, list):
            raise BadInput("bad-mapping", path=path, reason=f"[[{name}]]")
        found.parts += [_part(path, name, one) for one in listed]
    return found


def _part(path: Path, role: str, content: Any) -> Part:
    known = {"file", "layer", "crs", "fields", "constants", "values"}
    if not isinstance(content, dict) or not isinstance(content.get("file"), str) or set(content) - known:
        raise BadInput("bad-mapping", path=path, reason=f"[[{role}]]")
    values = content.get("values", {})
    if not isinstance(values, dict):
        raise BadInput("bad-mapping", path=path, reason=f"[{role}.values.FELD]")
    return Part(
        role, content["file"], str(content.get("layer", "")), str(content.get("crs", "")),
        _strings(path, f"{role}.fields", content.get("fields", {})),
        _strings(path, f"{role}.constants", content.get("constants", {})),
        {name: _strings(path, f"{role}.values.{name}", one) for name, one in values.items()},
    )  # fmt: skip


def _fields(role: Role, table: Table) -> dict[str, str]:
    by_name: dict[str, str] = {}
    for head in table.columns:
        by_name.setdefault(folded(head), head)
    found: dict[str, str] = {}
    for one in role.fields:
        for alias in (*role.aliases.get(one.name, ()), one.name):
            column = by_name.get(folded(alias))
            if column is not None and column not in found.values():
                found[one.name] = column
                break
    return found


_KINDS = {Geometry.POINT: ("Point", "MultiPoint"), Geometry.LINE: ("LineString", "MultiLineString")}


def _suits(role: Role, table: Table) -> bool:
    """May a table of this geometry have the role? "WKT" and "Geometry" say nothing yet."""
    if role.geometry is None or not table.geometry:
        return role.geometry is None or not role.geometry_required
    kind = (
        table.geometry.removesuffix(" Z")
        .removesuffix(" M")
        .removesuffix(" ZM")
        .removeprefix("2.5D ")
        .removeprefix("3D ")
    )
    return kind in (*_KINDS.get(role.geometry, ()), "WKT", "Geometry", "Unknown", "GeometryCollection")


def _named(role: Role, table: Table) -> bool:
    stem = folded((table.layer or table.file).split(".")[0])
    return any(word in stem for word in role.names)


def _called(role: Role, table: Table) -> bool:
    """Is that word, or its plural, the whole name? Then it is this or nothing: "cables" are no trenches because they are lines."""
    stem = folded((table.layer or table.file).split(".")[0])
    return any(stem.removeprefix(word) in ("", "s", "e", "n", "en") for word in role.names if stem.startswith(word))


def _says(wanted: FileSet, table: Table) -> bool:
    return any(_named(role, table) and _suits(role, table) for role in wanted.roles if role.geometry is not None)


def suggest(wanted: FileSet, tables: Sequence[Table], source: str) -> tuple[SetMapping, list[Table], list[Table]]:
    """The best guess: each table gets the role that its name and columns speak for.

    Returns the mapping, the tables that nobody recognised, and those that are known and left alone. Of a drawing, points
    are read where their layer's name says what they are, and lines too if that is so of any of its layers.
    """
    found, strange, left = SetMapping(source), [], []
    telling = {one.file for one in tables if one.drawn and _says(wanted, one)}
    for table in tables:
        if table.drawn and (table.file in telling or table.geometry == "Point") and not _says(wanted, table):
            strange.append(table)
            continue
        scored: list[tuple[int, int, Role, dict[str, str]]] = []
        meant = [one for one in wanted.roles if _called(one, table)]
        for number, role in enumerate(wanted.roles):
            if meant and role not in meant:
                continue
            fields = _fields(role, table)
            if _suits(role, table) and all(one in fields for one in role.required):
                scored.append(
                    ((100 if _named(role, table) else 0) + len(fields) + 5 * len(role.required), -number, role, fields)
                )
        best = max(scored, default=None, key=lambda one: one[:2])
        if best is None:
            strange.append(table)
        elif best[2].ignored is not None:
            left.append(table)
        else:
            found.parts.append(Part(best[2].name, table.file, table.layer, fields=best[3]))
    order = [one.name for one in wanted.roles]
    found.parts.sort(key=lambda one: order.index(one.role))
    return found, strange, left


def check(mapping: SetMapping, wanted: FileSet, tables: Sequence[Table], path: Path) -> list[tuple[Part, Table]]:
    """Each part with its table, or - where it names no layer of a drawing - its tables; raises BadInput naming what there is."""
    pairs = []
    for part in mapping.parts:
        role = wanted.role(part.role)
        assert role is not None
        meant = [one for one in tables if one.file == part.file and part.layer in ("", one.layer)]
        if not part.layer:
            meant = [one for one in meant if one.drawn and _suits(role, one)] or meant[:1]
        if not meant:
            raise BadInput("bad-mapping", path=path, reason=_("keine Tabelle %(name)s; vorhanden: %(names)s")
                           % {"name": f"{part.file} {part.layer}".strip(), "names": ", ".join(one.name for one in tables)})  # fmt: skip
        _check_fields(part, role, list(dict.fromkeys(name for one in meant for name in one.columns)), path)
        pairs += [(part, one) for one in meant]
    return pairs


def _check_fields(part: Part, role: Role, columns: Sequence[str], path: Path) -> None:
    known = [one.name for one in role.fields]
    for name in [*part.fields, *part.constants, *part.values]:
        if name not in known:
            reason = _("Feld %(name)s; vorhanden: %(names)s") % {"name": name, "names": ", ".join(known)}
            raise BadInput("bad-mapping", path=path, reason=reason)
    for column in part.fields.values():
        if column not in columns:
            raise BadInput("no-such-column", column=column, columns=", ".join(columns))
    for name in role.required:
        if name not in part.fields and name not in part.constants:
            raise BadInput("column-missing", field=f"{role.name}.{name}", columns=", ".join(columns))
