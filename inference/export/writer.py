"""The two files of an exported model: aligned arrays, and the structure that finds them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from inference.serving.arrays import ALIGNMENT_BYTES, MAGIC
from inference.serving.evaluate import ARRAYS_FILE, STRUCTURE_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from inference.export.pipeline import Export

TYPECODES = {"int32": "i", "uint32": "I", "float64": "d", "uint8": "B"}


def _padding(length_bytes: int) -> bytes:
    return bytes(-length_bytes % ALIGNMENT_BYTES)


def write_export(export: Export, directory: Path) -> None:
    """Write `structure.json` and `arrays.bin` into `directory`, which is made if missing.

    The bytes depend on the export alone: arrays lie in order of name, little-endian,
    each aligned to 64 bytes.
    """
    directory.mkdir(parents=True, exist_ok=True)
    table: dict[str, tuple[str, int, int]] = {}
    blob = bytearray(MAGIC + _padding(len(MAGIC)))
    for name, array in sorted(export.arrays.items()):
        table[name] = (TYPECODES[array.dtype.name], len(blob), array.size)
        data = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        blob += data + _padding(len(data))
    (directory / ARRAYS_FILE).write_bytes(blob)
    structure = {
        "arrays": table,
        "steps": export.steps,
        "scores": export.scores,
        "link": export.link,
    }
    text = json.dumps(structure, sort_keys=True, allow_nan=False, separators=(",", ":"))
    (directory / STRUCTURE_FILE).write_text(text + "\n", encoding="ascii")
