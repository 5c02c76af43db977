"""What a stack may do without by its settings, and the pages that only make sense with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a stack that its settings can leave out.

    Attributes:
        what: What the stack has with it.
        setting: What leaves it out.
        anchor: The name that is deployed if, and only if, the part is.
        pages: Runbooks that lead to nothing without it.
    """

    what: str
    setting: str
    anchor: str
    pages: frozenset[str]

    def left_out(self, name: str) -> str:
        """Say why its pages are left out, the anchor being called `name` and not there."""
        return (
            f"there is no {name}: the stack has no {self.what} ({self.setting} in its settings), "
            "or somebody deleted it, and a deploy brings it back"
        )


DRILLS: Final = Part(
    what="drills by the clock",
    setting="drillsScheduled: false",
    anchor="drill_machine",
    pages=frozenset({"drill-missing", "recovery-unproven"}),
)
BACKUPS: Final = Part(
    what="backups",
    setting="backupEnabled: false",
    anchor="vault",
    pages=frozenset(
        {
            "backup-failed",
            "backup-missing",
            "backups-at-risk",
            "restore",
            "restore-test-failed",
            "restore-test-missing",
        }
    ),
)
PARTS: Final = (DRILLS, BACKUPS)
