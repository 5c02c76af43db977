"""A function's environments in one Region: what it carries, how fast it grows, what starts cold.

A function grows by 1,000 environments every ten seconds, up to its reservation; what it has was
started for load it had before, or provisioned ahead. One request an environment at a time.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

from math import inf
from typing import Final

STEP_S: Final = 10.0


class Environments:
    """Environments of one function. Concurrencies are counts of requests at once.

    `limit` is its reservation (inf without one), `step` what it may grow by every ten seconds.
    """

    __slots__ = ("_grows_from_s", "_limit", "_need", "_provisioned", "_started", "_step")

    def __init__(self, *, limit: float, provisioned: int, step: int, needed: float) -> None:
        self._limit = limit
        self._provisioned = provisioned
        self._step = step
        self._need = needed
        self._started = max(float(provisioned), needed)
        self._grows_from_s = -inf

    def need(self, now_s: float, concurrency: float) -> float:
        """So much is needed from now on; gives how many environments must start for it now."""
        self._started = self._there(now_s)
        self._need = concurrency
        wanted = min(concurrency, self._limit)
        cold = max(wanted - self._started, 0.0)
        if cold:
            self._grows_from_s = now_s
        return cold

    def lose(self, now_s: float) -> float:
        """Every environment ends now; gives how many must start again for what is needed."""
        self._started = float(self._provisioned)
        self._grows_from_s = now_s
        return max(min(self._need, self._limit) - self._started, 0.0)

    def shortage_ratio(self, now_s: float) -> float:
        """Share of requests that are throttled now."""
        carried = min(self._limit, self._there(now_s))
        return max(1.0 - carried / self._need, 0.0) if self._need > 0 else 0.0

    def next_s(self, now_s: float) -> float:
        """Say when the shortage will be less; inf if it will not."""
        if self._there(now_s) >= min(self._need, self._limit):
            return inf
        steps = int((now_s - self._grows_from_s) / STEP_S) + 1
        return self._grows_from_s + steps * STEP_S

    def _there(self, now_s: float) -> float:
        """Count the environments there are: those there were, and what growth allowed since."""
        wanted = min(self._need, self._limit)
        if self._started >= wanted or self._grows_from_s == -inf:
            return max(self._started, wanted if self._grows_from_s == -inf else self._started)
        steps = int((now_s - self._grows_from_s) / STEP_S + 1e-9) + 1
        return min(wanted, self._started + steps * self._step)
