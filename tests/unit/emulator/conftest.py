"""A clock that a test moves by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emulator.clock import Clock


class HandClock(Clock):
    """Stands still until it is moved."""

    def __init__(self, now_s: float) -> None:
        super().__init__()
        self.at_s = now_s

    def now_s(self) -> float:
        return self.at_s

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at_s, UTC)


@pytest.fixture
def clock() -> HandClock:
    """Stands at the start of a minute."""
    return HandClock(1_800_000_000.0)
