"""Flat arrays, read by mapping the file into memory.

One file holds every array of a model, each aligned to 64 bytes; the structure file says
where each one lies and what it holds. Nothing is read until an element is touched, so a
forest of a million nodes opens as fast as a stump.
"""

from __future__ import annotations

import sys
from mmap import ACCESS_READ, mmap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAGIC = b"understudy arrays 1\n"
ALIGNMENT_BYTES = 64
ITEM_BYTES = {"i": 4, "I": 4, "d": 8, "B": 1}


class ArraysError(Exception):
    """The array file is not what the structure file says it is."""


def open_arrays(path: str, table: dict[str, list[str | int]]) -> dict[str, memoryview]:
    """Map `path` and return a typed view of each array.

    Args:
        path: the array file.
        table: name -> `[typecode, offset in bytes, number of items]`; typecodes are
            those of the `array` module, little-endian.

    Raises:
        ArraysError: the file is short, of another format, or the machine is big-endian.
        OSError: the file cannot be read.
    """
    if sys.byteorder != "little":
        raise ArraysError(f"arrays are little-endian, this machine is {sys.byteorder}-endian")
    with open(path, "rb") as file:  # noqa: PTH123 (importing pathlib costs more than the answer)
        view = memoryview(mmap(file.fileno(), 0, access=ACCESS_READ))
    if view[: len(MAGIC)].tobytes() != MAGIC:
        raise ArraysError(f"{path} does not begin with {MAGIC!r}")
    return {name: _typed(view, path, name, entry) for name, entry in table.items()}


def _typed(view: memoryview, path: str, name: str, entry: list[str | int]) -> memoryview:
    code: Any = entry[0]
    offset, count = int(entry[1]), int(entry[2])
    end = offset + count * ITEM_BYTES[code]
    if end > len(view):
        raise ArraysError(f"{path} holds {len(view)} bytes; array {name!r} ends at byte {end}")
    return view[offset:end].cast(code)
