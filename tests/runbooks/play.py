"""Plays a runbook: gives its blocks to a shell, one after the other, and checks what they print."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from resilience.runbooks.expectation import is_met
from resilience.runbooks.page import BY_HAND
from tests.runbooks.world import SPEED

if TYPE_CHECKING:
    from resilience.runbooks.page import Block
    from resilience.runbooks.render import Runbook
    from tests.runbooks.shell import Shell
    from tests.runbooks.world import World

BLOCK_S = 480.0  # what waits for an observer waits minutes; this machine may be busy
AGAIN_S = 0.5
SLACK_S = 90.0


@dataclass
class Play:
    """One runbook on its way through a shell.

    Attributes:
        runbook: With the names of the stack.
        shell: Where its blocks go.
        speed: How much faster than here "within" passes there.
        played: Blocks that were given and printed what they should.
        skipped: Blocks that no test can run here.
    """

    runbook: Runbook
    shell: Shell
    speed: float
    played: list[Block] = field(default_factory=list["Block"])
    skipped: list[Block] = field(default_factory=list["Block"])

    @property
    def left(self) -> list[Block]:
        """Blocks that nobody has given yet."""
        done = [*self.played, *self.skipped]
        return [block for block in self.runbook.blocks if block not in done]

    def until(self, section: str) -> None:
        """Give all blocks before a section."""
        titles = [block.section for block in self.left]
        assert section in titles, f"{self.runbook.slug} has nothing to type in {section}"
        for block in self.left[: titles.index(section)]:
            self.give(block)

    def rest(self) -> None:
        """Give all blocks that are left."""
        for block in self.left:
            self.give(block)

    def give(self, block: Block) -> None:
        """Give one block, again and again for as long as the page says."""
        program = next((name for name, needs in BY_HAND.items() if needs == block.needs), None)
        if program is not None and shutil.which(program) is None:
            self.skipped.append(block)
            return
        patience_s = block.within_s / self.speed + SLACK_S if block.within_s else 0.0
        deadline_s = time.monotonic() + patience_s
        while not is_met(block.expected, said := self.shell.give(block.command, within_s=BLOCK_S)):
            assert time.monotonic() < deadline_s, told(self.runbook.slug, block, said)
            time.sleep(AGAIN_S)
        self.played.append(block)

    def end(self) -> None:
        """Fail unless every block was played; skip if some could not be."""
        assert not self.left, f"{self.runbook.slug}: nobody has typed " + "; ".join(
            f"line {block.line}" for block in self.left
        )
        if self.skipped:
            needs = sorted({block.needs for block in self.skipped})
            pytest.skip(
                f"{len(self.played)} blocks printed what they should; "
                f"{len(self.skipped)} need {' and '.join(needs)}, which is not here"
            )


def told(slug: str, block: Block, said: str) -> str:
    """Say what a block should have printed."""
    return (
        f"{slug}, line {block.line}:\n{block.command}\n--- should print\n{block.expected}\n"
        f"--- and printed\n{said}"
    )


Scene = Callable[["World", Play], None]
"""Brings about the state that a runbook is for, plays it, and leaves the stack as it was."""


@dataclass(frozen=True, kw_only=True)
class Staging:
    """How a runbook is tried.

    Attributes:
        scene: What is done.
        primary: Whether it is rendered for the primary Region, or for the standby.
        short: Whether it is quick enough for every run of the tests.
        speed: How much faster than here time passes there. What observers have to agree on
            needs their own seconds: ten times as fast, theirs are too few to compute in.
        unawaited: Why its alarm is not waited for; empty if it is, or if no alarm leads to it.
    """

    scene: Scene
    primary: bool = True
    short: bool = False
    speed: float = SPEED
    unawaited: str = ""
