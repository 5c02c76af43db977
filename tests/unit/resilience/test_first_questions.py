"""The first questions of a rehearsal may find a machine that is still busy with the deploy."""

from __future__ import annotations

import asyncio

import pytest

from resilience.rehearsal.run import patiently
from resilience.resolver import ResolutionError


class Names:
    """A name server that answers nothing at first."""

    def __init__(self, silent: int) -> None:
        self.asked = 0
        self._silent = silent

    async def refresh(self) -> None:
        self.asked += 1
        if self.asked <= self._silent:
            raise ResolutionError("predict.example", "Timeout")


def test_a_name_server_that_is_slow_at_first_is_asked_again() -> None:
    names = Names(silent=2)
    asyncio.run(patiently(names.refresh, within_real_s=10))
    assert names.asked == 3, "and no more once it has answered"


def test_a_name_server_that_stays_silent_is_given_up() -> None:
    names = Names(silent=1000)
    with pytest.raises(ResolutionError, match="gave no address: Timeout"):
        asyncio.run(patiently(names.refresh, within_real_s=0.3))
    assert names.asked > 1, "it was tried again before"
