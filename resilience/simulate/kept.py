"""Chunks that were counted, kept in a file, so that a long run goes on where it was interrupted.

One line a chunk, appended when it is done. A line that was cut off in mid-write is not read, and
its chunk is played again. The file belongs to one run: the same program, stack, seed and classes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from resilience.simulate.play import CHUNK, Done, Found
from resilience.simulate.tally import Row
from resilience.simulator import Violation

if TYPE_CHECKING:
    from pathlib import Path

    from resilience.simulate.play import Plan

_FILE: Final = "chunks"


class KeptError(Exception):
    """A folder that keeps another run, or cannot be used."""


class Kept:
    """The chunks of one run that are done, by the number of their first scenario.

    Args:
        folder: Where they are kept.
        key: What the run is (`key_of`).

    Raises:
        KeptError: the folder keeps another run, or cannot be used.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._path = folder / _FILE
        self._places: dict[int, tuple[int, int]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                self._path.write_text(key + "\n", encoding="ascii")
            self._read(key, folder)
        except OSError as error:
            raise KeptError(f"{folder} cannot be used to keep a run: {error}") from error

    def _read(self, key: str, folder: Path) -> None:
        end = 0
        with self._path.open("rb") as file:
            first = file.readline()
            if first.decode("ascii", "replace").strip() != key:
                raise KeptError(
                    f"{folder} keeps another run (other program, stack, seed, classes or "
                    "duration): go on with that one's command, or name another folder"
                )
            end = file.tell()
            for line in file:
                done = _decoded(line)
                if done is None:
                    break
                self._places[done.first] = (end, len(line))
                end += len(line)
        with self._path.open("r+b") as file:
            file.truncate(end)

    def __contains__(self, first: int) -> bool:
        """Tell whether a chunk is done."""
        return first in self._places

    def __len__(self) -> int:
        """Count the chunks that are done."""
        return len(self._places)

    def get(self, first: int) -> Done:
        """Give what a chunk that is done gave. Raises `KeyError`."""
        start, length = self._places[first]
        with self._path.open("rb") as file:
            file.seek(start)
            done = _decoded(file.read(length))
        if done is None:
            raise KeptError(f"{self._path} was changed while it was in use: begin again")
        return done

    def put(self, done: Done) -> None:
        """Keep what a chunk gave."""
        line = _encoded(done)
        with self._path.open("ab") as file:
            self._places[done.first] = (file.tell(), len(line))
            file.write(line)


def key_of(commit: str | None, topology_digest: str, plan: Plan) -> str:
    """Name a run by everything that decides its scenarios and what comes of them."""
    facts = [commit, topology_digest, plan.seed, plan.classes, plan.duration_s, CHUNK]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _encoded(done: Done) -> bytes:
    text = json.dumps(asdict(done), separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode())) + b"\n"


def _decoded(line: bytes) -> Done | None:
    """Read a line; None if it was cut off."""
    if not line.endswith(b"\n"):
        return None
    try:
        facts: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(line)))
    except (ValueError, zlib.error):
        return None
    return Done(
        first=facts["first"],
        rows=tuple(map(_row, facts["rows"])),
        broken=facts["broken"],
        found=tuple(
            Found(index=each["index"], violation=Violation(**each["violation"]))
            for each in facts["found"]
        ),
    )


def _row(facts: dict[str, Any]) -> Row:
    return replace(Row(**facts), parts_s=tuple(facts["parts_s"]))
