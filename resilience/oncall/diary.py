"""Who changed what and why: one `journal.json` for each changing command, begun before it acts.

A command that is killed leaves an entry without an end, so that nobody reads it as done.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from resilience.journal import default_out, write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Outcome = Literal["begun", "done", "not done", "refused", "broken"]


class Line(BaseModel):
    """Something that was seen or done, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    what: str


class Entry(BaseModel):
    """One changing command. `ended_at` is None while it runs, and for ever if it was killed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    kind: str
    stack: str
    account: str
    target: str
    by: str
    reason: str
    forced: bool = False
    began_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome = "begun"
    lines: tuple[Line, ...] = ()
    figures: dict[str, Any] = {}


class Diary:
    """Keeps one entry on disk, whole after every line."""

    def __init__(self, entry: Entry, folder: Path | None) -> None:
        self.entry = entry
        self.path = (folder or default_out(entry.kind)) / "journal.json"
        self._write()

    def line(self, what: str) -> None:
        """Add a line."""
        lines = (*self.entry.lines, Line(at=datetime.now(UTC), what=what))
        self.entry = self.entry.model_copy(update={"lines": lines})
        self._write()

    def end(self, outcome: Outcome, figures: Mapping[str, Any] | None = None) -> None:
        """Say how it ended."""
        self.entry = self.entry.model_copy(
            update={
                "ended_at": datetime.now(UTC),
                "outcome": outcome,
                "figures": dict(figures or {}),
            }
        )
        self._write()

    def _write(self) -> None:
        write_atomically(self.path, self.entry.model_dump_json(indent=1) + "\n")


def read_entry(path: Path) -> Entry:
    """Read an entry. Raises `OSError` or `ValueError` if it is none."""
    return Entry.model_validate_json(path.read_text(encoding="utf-8"))
