"""What a client saw, computed from probes and writes. The one definition for every rung.

* **Recovery time**: from the fault's onset to the start of the first full window in which the
  success objective holds. Windows are laid over *scheduled* times of an open loop, so a slow
  reply never moves a probe, and a silence costs as many probes as it lasted. A loss that bites
  late is not missed: the search starts at the first window that does not hold. No such window:
  the loss cost no outage, and the recovery time is 0.
* **Split** of the recovery time, each part ending where the next begins:
  `detect` until the health check turned unhealthy; `decide` until the authoritative name server
  answered with another Region; `shift` until a first client sent a probe there (its cached answer
  had expired); `first_good_reply` until one came back right; `steady` until the window began.
* **Availability**: good replies over all probes; a wrong answer is a bad reply.
* **Data loss window**: writes the lost Region acknowledged that the surviving one does not hold:
  how many, and how old the oldest was at the onset.

Pure: no I/O, no clock, no randomness.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from resilience.records import Probe, Write

PARTS = ("detect", "decide", "shift", "first_good_reply", "steady")


@dataclass(frozen=True, kw_only=True)
class Steady:
    """The success objective of a window: this share of good replies, over this long."""

    window_s: float = 5.0
    success_ratio: float = 0.99


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The instants a recovery is measured between; those that nobody observed are None.

    `until_s` ends the measured stretch: a recovery that comes after it (because the fault was
    taken away) is no recovery. `takeover_addresses` are those of the Regions that were to serve,
    and `moved_clients` those who had to go there; none named means all.
    """

    onset_s: float
    until_s: float
    detected_s: float | None = None
    decided_s: float | None = None
    takeover_addresses: frozenset[str] = frozenset()
    moved_clients: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the split; `observed` is False when its end was not seen (it then lasts 0 s)."""

    name: str
    duration_s: float
    observed: bool


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """A recovery and its split. The parts sum to `recovery_time_s`; both are empty if none came."""

    recovery_time_s: float | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class DataLoss:
    """Writes acknowledged and missing. `window_s` is the age of the oldest at the onset, or 0."""

    acknowledged: int
    missing: int
    window_s: float


class Windows:
    """Good replies over any stretch of scheduled time, each answered in logarithmic time."""

    def __init__(self, probes: Iterable[Probe], steady: Steady) -> None:
        ordered = sorted(probes, key=lambda probe: probe.scheduled_s)
        self.times = [probe.scheduled_s for probe in ordered]
        self._good = [0, *accumulate(int(probe.good) for probe in ordered)]
        self._steady = steady

    def hold(self, start_s: float) -> bool:
        """Tell whether the window that starts here has probes, and enough good ones."""
        first = bisect_left(self.times, start_s)
        end = bisect_left(self.times, start_s + self._steady.window_s)
        good = self._good[end] - self._good[first]
        return end > first and good >= self._steady.success_ratio * (end - first)

    def starts(self, onset_s: float, until_s: float) -> list[float]:
        """List the starts of full windows between two instants: the first, then each probe."""
        latest_s = until_s - self._steady.window_s
        first = bisect_left(self.times, onset_s)
        return [s for s in (onset_s, *self.times[first:]) if s <= latest_s]


def recovery_time_s(probes: Iterable[Probe], marks: Marks, steady: Steady) -> float | None:
    """Measure onset to the first full window that holds, after the first that does not.

    Returns None when no window held again before `marks.until_s`, or none could be laid at all.
    """
    windows = Windows(probes, steady)
    starts = windows.starts(marks.onset_s, marks.until_s)
    if not starts:
        return None
    broken = next((index for index, s in enumerate(starts) if not windows.hold(s)), None)
    if broken is None:
        return 0.0
    recovered = next((s for s in starts[broken:] if windows.hold(s)), None)
    return None if recovered is None else recovered - marks.onset_s


def split(probes: Sequence[Probe], marks: Marks, recovery_s: float) -> tuple[Part, ...]:
    """Cut a recovery time into its five parts, in order, summing to it.

    What follows implies what came before: an end seen later than a later part's end (a poll has
    its period) counts as that one. An end nobody saw gives its part no time, which then belongs
    to the next part whose end was seen.
    """
    shifted = [
        probe
        for probe in probes
        if probe.scheduled_s >= marks.onset_s
        and probe.address in marks.takeover_addresses
        and (not marks.moved_clients or probe.client in marks.moved_clients)
    ]
    seen: tuple[float | None, ...] = (
        marks.detected_s,
        marks.decided_s,
        min((probe.scheduled_s for probe in shifted), default=None),
        min((probe.ended_s for probe in shifted if probe.good), default=None),
        marks.onset_s + recovery_s,
    )
    parts: list[Part] = []
    reached_s = 0.0
    for index, name in enumerate(PARTS):
        observed = seen[index] is not None
        implied_s = min(end for end in seen[index:] if end is not None) - marks.onset_s
        end_s = max(implied_s, reached_s) if observed else reached_s
        parts.append(Part(name=name, duration_s=end_s - reached_s, observed=observed))
        reached_s = end_s
    return tuple(parts)


def recovery(probes: Sequence[Probe], marks: Marks, steady: Steady) -> Recovery:
    """Measure the recovery time and its split."""
    measured_s = recovery_time_s(probes, marks, steady)
    if measured_s is None:
        return Recovery(recovery_time_s=None, parts=())
    return Recovery(recovery_time_s=measured_s, parts=split(probes, marks, measured_s))


def availability_ratio(probes: Iterable[Probe], *, from_s: float, until_s: float) -> float | None:
    """Give good replies over all probes scheduled in `[from_s, until_s)`; None without probes."""
    judged = [probe.good for probe in probes if from_s <= probe.scheduled_s < until_s]
    return sum(judged) / len(judged) if judged else None


def data_loss(
    writes: Iterable[Write], *, lost_region: str, present: Collection[int], onset_s: float
) -> DataLoss:
    """Reconcile what the lost Region acknowledged up to the onset with what the survivor holds."""
    acknowledged = [
        write
        for write in writes
        if write.acknowledged and write.region == lost_region and write.written_s <= onset_s
    ]
    missing = [write for write in acknowledged if write.number not in present]
    oldest_s = min((write.written_s for write in missing), default=onset_s)
    return DataLoss(
        acknowledged=len(acknowledged),
        missing=len(missing),
        window_s=max(onset_s - oldest_s, 0.0),
    )


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything the measurements are computed from. A journal holds it, so they can be checked.

    Availability is judged from `from_s` to `until_s`. `held_at_takeover` and `held_at_end` are the
    numbers of the writes that the surviving Region held while the other was lost, and at the end;
    None if nobody could look. A drill, in which copies go on, looks at its onset instead.
    """

    probes: tuple[Probe, ...]
    writes: tuple[Write, ...]
    steady: Steady
    marks: Marks
    from_s: float
    until_s: float
    lost_region: str
    lost_at_s: float
    held_at_takeover: frozenset[int] | None
    held_at_end: frozenset[int] | None


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """What a run measured; `lost_for_good` is what even the end did not bring back."""

    recovery: Recovery
    availability_ratio: float | None
    probes: int
    bad_probes: int
    data_loss: DataLoss | None
    lost_for_good: DataLoss | None


def measure(evidence: Evidence) -> Measurements:
    """Compute every figure of a run from its evidence, and from nothing else."""
    judged = [p for p in evidence.probes if evidence.from_s <= p.scheduled_s < evidence.until_s]

    def lost(held: frozenset[int] | None) -> DataLoss | None:
        if held is None:
            return None
        return data_loss(
            evidence.writes,
            lost_region=evidence.lost_region,
            present=held,
            onset_s=evidence.lost_at_s,
        )

    return Measurements(
        recovery=recovery(evidence.probes, evidence.marks, evidence.steady),
        availability_ratio=availability_ratio(
            evidence.probes, from_s=evidence.from_s, until_s=evidence.until_s
        ),
        probes=len(judged),
        bad_probes=sum(not probe.good for probe in judged),
        data_loss=lost(evidence.held_at_takeover),
        lost_for_good=lost(evidence.held_at_end),
    )
