"""The vectorised encoding equals PostgreSQL's binary COPY format, written out by hand."""

import struct
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from importers import binarycopy


def by_hand(columns: Sequence[Sequence[Any]], kinds: Sequence[str]) -> bytes:
    out = b""
    for row in zip(*columns, strict=True):
        out += struct.pack(">h", len(row))
        for value, kind in zip(row, kinds, strict=True):
            if value is None:
                out += struct.pack(">i", -1)
                continue
            data = {"i": lambda v: struct.pack(">q", v), "f": lambda v: struct.pack(">d", v),
                    "b": lambda v: struct.pack(">?", v),
                    "s": lambda v: v.encode(), "w": lambda v: v}[kind](value)  # fmt: skip
            out += struct.pack(">i", len(data)) + data
    return out


ARROW = {"i": pa.int64(), "f": pa.float64(), "b": pa.bool_(), "s": pa.string(), "w": pa.binary()}
VALUES = {
    "i": st.integers(-(2**63), 2**63 - 1), "f": st.floats(allow_nan=False), "b": st.booleans(),
    "s": st.text(st.characters(exclude_categories=["Cs"]), max_size=20), "w": st.binary(max_size=40),
}  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[Any]]]:
    kinds = draw(st.lists(st.sampled_from("ifbsw"), min_size=1, max_size=6))
    rows = draw(st.integers(1, 20))
    columns = [draw(st.lists(st.none() | VALUES[kind], min_size=rows, max_size=rows)) for kind in kinds]
    return kinds, columns


@given(tables(), st.integers(0, 3))
def test_01_any_table(table: tuple[list[str], list[list[Any]]], skip: int) -> None:
    kinds, columns = table
    arrays = [pa.array(column, ARROW[kind]) for column, kind in zip(columns, kinds, strict=True)]
    encoded = b"".join(bytes(one) for one in binarycopy.encode(arrays))
    assert encoded == by_hand(columns, kinds)
    sliced = b"".join(bytes(one) for one in binarycopy.encode([one.slice(skip) for one in arrays]))
    assert sliced == by_hand([column[skip:] for column in columns], kinds)
