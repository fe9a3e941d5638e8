"""Arrow columns -> PostgreSQL's binary COPY format, whole columns at a time (no Python object per row).

A row is: int16 number of fields, then for each field int32 length (-1: NULL) and its bytes, all big-endian. What is
of fixed width becomes a numpy matrix; Arrow then joins these and the variable columns row by row in C++.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_BIG = 256 * 1024 * 1024

Matrix = npt.NDArray[np.uint8]


def _matrix(values: npt.NDArray[np.generic], big_endian: str) -> Matrix:
    """The values as rows of big-endian bytes."""
    swapped = np.ascontiguousarray(values.astype(big_endian))
    return swapped.view(np.uint8).reshape(len(values), -1)


def _as_binary(matrix: Matrix) -> pa.Array:
    rows, width = matrix.shape
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    data = np.ascontiguousarray(matrix)
    return pa.Array.from_buffers(pa.binary(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _valid(array: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)


def _fixed(array: pa.Array) -> Matrix:
    """int64, float64 or bool as bytes; NULLs as anything."""
    if pa.types.is_boolean(array.type):
        return _matrix(pc.fill_null(array, False).to_numpy(zero_copy_only=False), ">u1")
    filled = pc.fill_null(array, 0) if array.null_count else array
    return _matrix(filled.to_numpy(zero_copy_only=False), ">i8" if pa.types.is_integer(array.type) else ">f8")


def _lengths(array: pa.Array) -> tuple[pa.Array, Matrix]:
    """A variable column without NULLs, and its lengths (-1 where it was NULL)."""
    plain = array.cast(pa.binary()) if not pa.types.is_binary(array.type) else array
    filled = pc.fill_null(plain, b"") if plain.null_count else plain
    lengths = pc.binary_length(filled).to_numpy(zero_copy_only=False).astype(">i4")
    if plain.null_count:
        lengths[~_valid(plain)] = -1
    return filled, _matrix(lengths, ">i4")


def _with_nulls(array: pa.Array) -> tuple[pa.Array, Matrix]:
    """A fixed-width column that has NULLs, as a variable one."""
    matrix, valid = _fixed(array), _valid(array)
    width = matrix.shape[1]
    offsets = np.zeros(len(valid) + 1, dtype=np.int32)
    np.cumsum(valid * width, out=offsets[1:])
    data = pa.py_buffer(np.ascontiguousarray(matrix[valid]))
    packed = pa.Array.from_buffers(pa.binary(), len(valid), [None, pa.py_buffer(offsets), data])
    return packed, _matrix(np.where(valid, width, -1), ">i4")


def encode(columns: Sequence[pa.Array]) -> list[memoryview]:
    """The rows of these columns (int64, float64, bool, string, binary) as COPY data without header and trailer."""
    rows = len(columns[0])
    if rows == 0:
        return []
    if rows > 1 and sum(one.nbytes for one in columns) > _BIG:
        half = rows // 2
        return encode([one.slice(0, half) for one in columns]) + encode([one.slice(half) for one in columns])
    head = np.broadcast_to(_matrix(np.array([len(columns)]), ">i2"), (rows, 2))
    pending: list[Matrix] = [head]
    parts: list[pa.Array] = []
    for column in columns:
        variable = pa.types.is_string(column.type) or pa.types.is_binary(column.type)
        if not variable and not column.null_count:
            matrix = _fixed(column)
            width = _matrix(np.array([matrix.shape[1]]), ">i4")
            pending += [np.broadcast_to(width, (rows, 4)), matrix]
            continue
        data, lengths = _lengths(column) if variable else _with_nulls(column)
        parts += [_as_binary(np.hstack([*pending, lengths])), data]
        pending = []
    if pending:
        parts.append(_as_binary(np.hstack(pending)))
    joined = pc.binary_join_element_wise(*parts, b"") if len(parts) > 1 else parts[0]
    offsets = np.frombuffer(joined.buffers()[1], dtype=np.int32)
    first, last = int(offsets[joined.offset]), int(offsets[joined.offset + rows])
    return [memoryview(joined.buffers()[2])[first:last]]
