"""One realistic mistake in the program or its settings, and what catches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Stage = Literal[
    "settings", "program", "rule", "doubt", "emulator", "finding", "rehearsal", "nothing"
]

STAGES: tuple[Stage, ...] = (
    *("settings", "program", "rule", "doubt"),
    *("emulator", "finding", "rehearsal", "nothing"),
)
"""What may catch a mistake, cheapest first. `doubt`: it deploys, and says what looks wrong."""


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """A single edit.

    Attributes:
        mistake: What somebody did, in a few words.
        file: Where, from the project's folder.
        old: What stood there, exactly once.
        new: What stands there now.
        caught_by: A stage; for a rule `rule:<id>`.
        says: Part of the message. For what nothing catches: why not.
        stack: The stack that is deployed.
        config: Settings of it that are other than its file says.
    """

    mistake: str
    file: str
    old: str
    new: str
    caught_by: str
    says: str
    stack: str = "staging"
    config: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def stage(self) -> str:
        """What catches it, without the rule's name."""
        return self.caught_by.partition(":")[0]


def edit(  # noqa: PLR0913 - a row of a table
    mistake: str,
    file: str,
    old: str,
    new: str,
    caught_by: str,
    says: str,
    *,
    stack: str = "staging",
    **config: str,
) -> Mutation:
    """A row of the table."""
    return Mutation(
        mistake=mistake,
        file=file,
        old=old,
        new=new,
        caught_by=caught_by,
        says=says,
        stack=stack,
        config=config,
    )
