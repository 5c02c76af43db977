"""Changes of a stack's state since its file was last written whole: a line each, appended.

A step so writes down what it changes, and not the whole state again, three times a resource.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".journal"


class Journal:
    """The changes beside one state file. Whoever appends or clears sees to it that one does."""

    def __init__(self, state_file: Path) -> None:
        self._path = state_file.with_name(state_file.name + SUFFIX)
        self._whole = False
        """Whether what is in the file is known to end with a whole line."""

    def entries(self) -> list[dict[str, Any]]:
        """What was appended since the last `clear`, oldest first.

        A last line without an end was being written when its writer ended: it never counted.
        """
        try:
            lines = self._path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines if line.endswith(b"\n")]

    def append(self, entry: bytes) -> None:
        """Write one JSON object down; it is in the file when this returns."""
        if not self._whole:
            self._cut_off_what_never_counted()
        # For its owner alone: secrets lie in it in the clear.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(entry + b"\n")

    def _cut_off_what_never_counted(self) -> None:
        if self._path.exists():
            written = self._path.read_bytes()
            os.truncate(self._path, written.rfind(b"\n") + 1)
        self._whole = True

    def clear(self) -> None:
        """Forget everything: the state file holds it."""
        self._path.unlink(missing_ok=True)
