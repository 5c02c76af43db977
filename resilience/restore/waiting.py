"""Waiting for AWS: every wait has an end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from resilience.restore.errors import RestoreFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_S: Final = 0.5
_LONGEST_S: Final = 15.0
_GROWTH: Final = 1.5


@dataclass(frozen=True, kw_only=True)
class Wait:
    """How long to wait at most, in seconds; looks come further and further apart."""

    at_most_s: float
    sleep: Callable[[float], None] = time.sleep

    def until(self, done: Callable[[], bool], state: Callable[[], str]) -> None:
        """Look until it is done.

        Raises:
            RestoreFailedError: it is not, after `at_most_s`; `state` says what it is then.
        """
        waited_s, pause_s = 0.0, _FIRST_S
        while not done():
            if waited_s >= self.at_most_s:
                raise RestoreFailedError(
                    f"{state()} after {waited_s:.0f} s: run the same again to go on waiting"
                )
            self.sleep(pause_s)
            waited_s += pause_s
            pause_s = min(pause_s * _GROWTH, _LONGEST_S)
