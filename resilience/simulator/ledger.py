"""What clients saw, kept as changes, and measured as `resilience.measurement` would the probes.

Probe `k` of the open loop is sent at `k / rate` by client `k mod clients`, and what share of it is
bad follows from the Region its client talks to at that time. That share changes at a few instants
only, so how many of any stretch of probes were bad is arithmetic (`bad_before`), and the search
for windows that fail and hold jumps from change to change. The unit tests hold it against
`resilience.measurement` on the probes themselves.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import ceil, inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from resilience.measurement import Steady

_NEARLY: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """From the onset of what caused it to the start of the first full window that holds.

    `first_bad_s` is its first bad probe's time; `until_s` is inf if no window held again.
    """

    onset_s: float
    first_bad_s: float
    until_s: float

    @property
    def recovery_s(self) -> float:
        """How long it took."""
        return self.until_s - self.onset_s


class Ledger:
    """The badness of each client's requests, by when it changed.

    `note` takes changes in order of time. Badness is a share, 0 to 1: of requests that fail a
    tenth of the time, a tenth counts as bad.
    """

    __slots__ = ("_bad", "_clients", "_cum", "_rate", "_starts", "_weights")

    def __init__(self, clients: int, rate_per_s: float) -> None:
        self._clients = clients
        self._rate = rate_per_s
        self._bad = [0.0] * clients
        self._starts: list[int] = [0]
        self._cum: list[float] = [0.0]
        self._weights: list[list[tuple[int, float]]] = [[]]

    def first_probe(self, at_s: float) -> int:
        """Number the first probe that is sent at this time or later."""
        return max(ceil(at_s * self._rate - _NEARLY), 0)

    def note(self, at_s: float, changes: Iterable[tuple[int, float]]) -> None:
        """From this time on these clients' requests are bad to this degree."""
        start = self.first_probe(at_s)
        last = self._starts[-1]
        if start > last:
            self._cum.append(self._cum[-1] + self._in_stretch(len(self._starts) - 1, start))
            self._starts.append(start)
            self._weights.append([])
        for client, bad in changes:
            self._bad[client] = bad
        self._weights[-1] = [(client, bad) for client, bad in enumerate(self._bad) if bad]

    def bad_before(self, probe: int) -> float:
        """Sum the badness of all probes before this one."""
        stretch = bisect_right(self._starts, probe) - 1
        return self._cum[stretch] + self._in_stretch(stretch, probe)

    def bad_at(self, client: int, at_s: float) -> float:
        """Say how bad a client's probe at this time is."""
        stretch = bisect_right(self._starts, self.first_probe(at_s)) - 1
        return dict(self._weights[stretch]).get(client, 0.0)

    def availability_ratio(self, until_s: float) -> float:
        """Give the share of good probes among those sent before `until_s`."""
        probes = self.first_probe(until_s)
        return 1.0 - self.bad_before(probes) / probes if probes else 1.0

    def outages(
        self, steady: Steady, onsets: Sequence[float], until_s: float
    ) -> tuple[Outage, ...]:
        """Find every stretch of windows that fail, each with the last onset before it.

        Args:
            steady: The success objective of a window.
            onsets: When faults began, ascending. A stretch of failing windows that none began
                since the last one counts from its own first bad probe.
            until_s: Windows that end later are not looked at.
        """
        window = self.first_probe(steady.window_s)
        allowed = (1.0 - steady.success_ratio) * window + _NEARLY
        end = self.first_probe(until_s)
        found: list[Outage] = []
        at = 0
        while True:
            broken = self._next_broken(at, window, allowed, end)
            if broken is None:
                return tuple(found)
            held = self._next_held(broken, window, allowed, end)
            first_bad_s = self._bad_after(self.bad_before(broken)) / self._rate
            before = bisect_right(onsets, first_bad_s + 1 / self._rate)
            onset_s = onsets[before - 1] if before else first_bad_s
            if found and onset_s < found[-1].until_s:
                onset_s = first_bad_s
            until = inf if held is None else max(held / self._rate, onset_s)
            found.append(Outage(onset_s=onset_s, first_bad_s=first_bad_s, until_s=until))
            if held is None:
                return tuple(found)
            at = held

    def _in_stretch(self, stretch: int, until: int) -> float:
        """Sum the badness of a stretch's probes before `until`."""
        start, clients = self._starts[stretch], self._clients
        total = 0.0
        for client, bad in self._weights[stretch]:
            shift = clients - 1 - client
            total += bad * ((until + shift) // clients - (start + shift) // clients)
        return total

    def _bad_after(self, level: float) -> int:
        """Number the probe by which the badness so far first exceeds `level`; or the last."""
        stretch = bisect_right(self._cum, level + _NEARLY) - 1
        return self._walk(stretch, level + _NEARLY)

    def _walk(self, stretch: int, level: float) -> int:
        weights, clients = self._weights[stretch], self._clients
        cycle = sum(bad for _, bad in weights)
        if not cycle:
            return self._starts[stretch]
        bad = dict(weights)
        probe, so_far = self._starts[stretch], self._cum[stretch]
        rounds = max(int((level - so_far) / cycle) - 1, 0)
        probe += rounds * clients
        so_far += rounds * cycle
        while True:
            so_far += bad.get(probe % clients, 0.0)
            if so_far > level:
                return probe
            probe += 1

    def _next_broken(self, at: int, window: int, allowed: float, end: int) -> int | None:
        """Find the first window from `at` on that fails: it must take in enough bad probes."""
        total = self.bad_before(end)
        while at + window <= end:
            before = self.bad_before(at)
            if self.bad_before(at + window) - before > allowed:
                return at
            if total - before <= allowed:
                return None
            at = max(at + 1, self._bad_after(before + allowed) - window + 1)
        return None

    def _next_held(self, at: int, window: int, allowed: float, end: int) -> int | None:
        """Find the first window from `at` on that holds: enough bad probes must have left it."""
        while at + window <= end:
            before = self.bad_before(at)
            excess = self.bad_before(at + window) - before - allowed
            if excess <= 0:
                return at
            at = max(at + 1, self._skip(at, window, allowed))
            level = before + excess - 2 * _NEARLY
            at = max(at, self._bad_after(level) + 1 if level > before else at)
        return None

    def _skip(self, at: int, window: int, allowed: float) -> int:
        """Leave a stretch in which every window fails alike: go to the last one within it."""
        stretch = bisect_right(self._starts, at) - 1
        if window % self._clients or stretch + 1 >= len(self._starts):
            return at
        cycle = sum(bad for _, bad in self._weights[stretch])
        if cycle * (window // self._clients) <= allowed:
            return at
        return self._starts[stretch + 1] - window
