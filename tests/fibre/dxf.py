"""DXF drawings written by hand, group by group: what a CAD program draws and GDAL's own writer never would."""

from collections.abc import Sequence

from tests.factories import X0, Y0

Group = tuple[int, object]
Entity = list[Group]


def _entity(kind: str, layer: str, handle: str, *groups: Group) -> Entity:
    return [(0, kind), (5, handle), (100, "AcDbEntity"), (8, layer), *groups]


def _place(x: float, y: float, first: int = 10) -> list[Group]:
    return [(first, X0 + x), (first + 10, Y0 + y), (first + 20, 0.0)]


def line(layer: str, handle: str, a: tuple[float, float], b: tuple[float, float], *, sheet: bool = False) -> Entity:
    """`sheet`: it stands on the plan's sheet, not in the model."""
    found = _entity("LINE", layer, handle, (100, "AcDbLine"), *_place(*a), *_place(*b, first=11))
    return [*found[:4], (67, 1), *found[4:]] if sheet else found


def bulge(layer: str, handle: str, a: tuple[float, float], b: tuple[float, float], value: float) -> Entity:
    """A polyline of one arc: `value` is the tangent of a quarter of its angle."""
    corners: list[Group] = [(10, X0 + a[0]), (20, Y0 + a[1]), (42, value), (10, X0 + b[0]), (20, Y0 + b[1])]
    return _entity("LWPOLYLINE", layer, handle, (100, "AcDbPolyline"), (90, 2), (70, 0), *corners)


def closed(layer: str, handle: str, corners: Sequence[tuple[float, float]]) -> Entity:
    places: list[Group] = [group for x, y in corners for group in ((10, X0 + x), (20, Y0 + y))]
    return _entity("LWPOLYLINE", layer, handle, (100, "AcDbPolyline"), (90, len(corners)), (70, 1), *places)


def circle(layer: str, handle: str, at: tuple[float, float], radius: float) -> Entity:
    return _entity("CIRCLE", layer, handle, (100, "AcDbCircle"), *_place(*at), (40, radius))


def arc(layer: str, handle: str, at: tuple[float, float], radius: float, begin: float, end: float) -> Entity:
    """Anticlockwise from one angle to the other (degrees)."""
    groups: list[Group] = [(100, "AcDbCircle"), *_place(*at), (40, radius), (100, "AcDbArc"), (50, begin), (51, end)]
    return _entity("ARC", layer, handle, *groups)


def spline(layer: str, handle: str, corners: Sequence[tuple[float, float]]) -> Entity:
    """A cubic B-spline from the first of its control points to the last."""
    count = len(corners)
    knots = [0] * 4 + list(range(1, count - 3)) + [count - 3] * 4
    groups: list[Group] = [(100, "AcDbSpline"), (70, 8), (71, 3), (72, len(knots)), (73, count), (74, 0)]
    groups += [(40, float(one)) for one in knots]
    for corner in corners:
        groups += _place(*corner)
    return _entity("SPLINE", layer, handle, *groups)


def text(layer: str, handle: str, at: tuple[float, float], words: str) -> Entity:
    return _entity("TEXT", layer, handle, (100, "AcDbText"), *_place(*at), (40, 1.0), (1, words))


def point(layer: str, handle: str, at: tuple[float, float]) -> Entity:
    return _entity("POINT", layer, handle, (100, "AcDbPoint"), *_place(*at))


def insert(layer: str, handle: str, block: str, at: tuple[float, float], **attributes: str) -> Entity:
    """A block at a place, with what is written into it."""
    found = _entity(
        "INSERT",
        layer,
        handle,
        (100, "AcDbBlockReference"),
        *([(66, 1)] if attributes else []),
        (2, block),
        *_place(*at),
    )
    for number, (tag, value) in enumerate(attributes.items()):
        found += _entity("ATTRIB", layer, f"{handle}{number}F", (100, "AcDbText"), *_place(*at), (40, 1.0), (1, value), (100, "AcDbAttribute"), (2, tag), (70, 0))  # fmt: skip
    return [*found, *([(0, "SEQEND"), (8, layer)] if attributes else [])]


_STROKE: Entity = [(0, "LINE"), (8, "0"), (10, 0.0), (20, 0.0), (30, 0.0), (11, 3.0), (21, 0.0), (31, 0.0)]


def drawing(entities: Sequence[Entity], blocks: Sequence[str], version: str) -> bytes:
    """The whole file: AC1015 (2000) in the Windows code page, AC1027 (2013) in UTF-8."""
    groups: list[Group] = [(0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, version), (9, "$DWGCODEPAGE"), (3, "ANSI_1252"), (0, "ENDSEC")]  # fmt: skip
    groups += [(0, "SECTION"), (2, "BLOCKS")]
    for name in blocks:
        groups += [(0, "BLOCK"), (8, "0"), (2, name), (70, 0), (10, 0.0), (20, 0.0), (30, 0.0), (3, name), (1, ""), *_STROKE, (0, "ENDBLK"), (8, "0")]  # fmt: skip
    groups += [(0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES"), *(group for one in entities for group in one), (0, "ENDSEC"), (0, "EOF")]  # fmt: skip
    return "".join(f"{code:>3}\r\n{value}\r\n" for code, value in groups).encode(
        "cp1252" if version < "AC1021" else "utf-8"
    )
