"""Recomputes every figure of a journal from its own evidence, and names what differs.

What a journal is held against: the digest of its evidence, its figures, its verdicts, the instants
that it measures between against its timeline, the digest of its topology. Who changes all of these
alike leaves a journal that agrees with itself; a locked bucket is what keeps such hands off.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from resilience.journal import digest_of
from resilience.measurement import Measurements, measure
from resilience.objectives import judge
from resilience.topology import digest, from_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.journal import Journal, Raw

RECOMPUTED: Final = frozenset({"rehearsal", "drill"})
"""Runs whose journals hold the evidence of every figure: others (a simulation, a restore) say what
they counted."""

_MEASURED: TypeAdapter[Measurements] = TypeAdapter(Measurements)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One figure that is not what the evidence says."""

    what: str
    written: str
    found: str

    def __str__(self) -> str:
        """Read as a sentence."""
        return f"{self.what}: {self.written} is written, {self.found} is what the evidence gives"


def differences(journal: Journal) -> tuple[Difference, ...]:
    """Name everything in a journal that does not follow from its evidence. Pure."""
    return tuple(_differences(journal))


def verifiable(journal: Journal) -> bool:
    """Tell whether a journal holds evidence: one of a broken run, or a simulation, does not."""
    return journal.raw is not None


def _differences(journal: Journal) -> Iterator[Difference]:
    if journal.topology is not None:
        found = digest(from_json(json.dumps(journal.topology)))
        yield from _unequal("topology digest", journal.topology_digest, found)
    raw = journal.raw
    if raw is None:
        told = journal.measurements is not None or journal.verdicts
        if told and journal.run.kind in RECOMPUTED:
            yield Difference(what="evidence", written="figures without any", found="nothing")
        return
    yield from _unequal("digest of the evidence", journal.raw_digest, digest_of(raw))
    measured = measure(raw.unpack())
    written = None if journal.measurements is None else _plain(journal.measurements)
    yield from _deep("measurements", written, _plain(measured))
    yield from _judged(journal, measured)
    yield from _marks(journal, raw)


def _judged(journal: Journal, measured: Measurements) -> Iterator[Difference]:
    if journal.objectives is None:
        yield Difference(what="objectives", written="none", found="verdicts to hold against them")
        return
    loss = measured.data_loss
    again = {
        each.objective: each
        for each in judge(
            journal.objectives,
            recovery_time_s=measured.recovery.recovery_time_s,
            data_loss_window_s=None if loss is None else loss.window_s,
            availability_ratio=measured.availability_ratio,
        )
    }
    wanted = set(again) if journal.run.kind == "rehearsal" else {"availability"}
    if journal.raw is not None and journal.raw.writes:
        wanted.add("rpo_s")
    for missing in sorted(wanted - {each.objective for each in journal.verdicts}):
        yield Difference(what=f"verdict on {missing}", written="none", found=str(again[missing]))
    for each in journal.verdicts:
        yield from _unequal(f"verdict on {each.objective}", each, again.get(each.objective))
    met = all(again[v.objective].met for v in journal.verdicts if v.objective in again)
    held = all(each.held for each in journal.expectations)
    yield from _unequal("verdict", journal.verdict, "met" if met and held else "missed")
    if journal.chaos is not None:
        deviated = not (met and held)
        yield from _unequal("deviated (Chaos Toolkit)", journal.chaos.get("deviated"), deviated)


def _marks(journal: Journal, raw: Raw) -> Iterator[Difference]:
    """Hold the instants that were measured between against the timeline."""
    marks = raw.marks
    for name, at_s, kinds in (
        ("onset", marks.onset_s, ("fault.lost", "fault.restored")),
        ("detection", marks.detected_s, ("check.unhealthy",)),
        ("decision", marks.decided_s, ("dns.answer",)),
    ):
        known = sorted(event.at_s for event in journal.timeline if event.kind in kinds)
        if at_s is not None and at_s not in known:
            told = ", ".join(f"{each:g}" for each in known) or "none"
            yield Difference(what=f"{name} in seconds", written=f"{at_s:g}", found=f"{told} (told)")


def _plain(measured: Measurements) -> Any:
    return _MEASURED.dump_python(measured, mode="json")


def _deep(what: str, written: Any, found: Any) -> Iterator[Difference]:
    """Compare leaf by leaf, so that what differs is named."""
    if isinstance(written, dict) and isinstance(found, dict):
        for name in sorted({*written, *found}):
            yield from _deep(f"{what}.{name}", written.get(name), found.get(name))
    elif isinstance(written, list | tuple) and isinstance(found, list | tuple):
        if len(written) != len(found):
            yield Difference(what=what, written=f"{len(written)} parts", found=f"{len(found)}")
        for number, (one, other) in enumerate(zip(written, found, strict=False)):
            yield from _deep(f"{what}[{number}]", one, other)
    else:
        yield from _unequal(what, written, found)


def _unequal(what: str, written: object, found: object) -> Iterator[Difference]:
    if written != found:
        yield Difference(what=what, written=str(written), found=str(found))
