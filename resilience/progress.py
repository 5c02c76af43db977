"""Tells a waiting person what goes on: on standard error, live on a terminal, else by the line."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from rich.console import Console

if TYPE_CHECKING:
    from rich.status import Status

PLAIN_PERIOD_S = 10.0


class Progress:
    """Says which step is on, for how long, and what it sees. A context manager."""

    def __init__(self) -> None:
        self.console = Console(file=sys.stderr, highlight=False)
        self._status: Status | None = None
        self._step = ""
        self._since_s = self._said_s = self._began_s = time.monotonic()

    def __enter__(self) -> Self:
        """Show a live line if there is a terminal to show it on."""
        if self.console.is_terminal:
            self._status = self.console.status("")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal as it was."""
        if self._status is not None:
            self._status.stop()

    def step(self, text: str) -> None:
        """Begin a step."""
        self._step, self._since_s = text, time.monotonic()
        self.console.print(
            f"[dim]{self._since_s - self._began_s:5.1f} s[/dim]  {text}", soft_wrap=True
        )
        self._said_s = self._since_s
        self.update("")

    def update(self, detail: str) -> None:
        """Say how the step goes; without a terminal, every ten seconds at most."""
        now_s = time.monotonic()
        if self._status is not None:
            self._status.update(f"{self._step} ({now_s - self._since_s:.0f} s) {detail}")
        elif now_s - self._said_s >= PLAIN_PERIOD_S:
            self._said_s = now_s
            self.console.print(
                f"         ... {now_s - self._since_s:.0f} s  {detail}", soft_wrap=True
            )

    def note(self, text: str) -> None:
        """Say something that stays."""
        self.console.print(f"         {text}", markup=False, soft_wrap=True)
