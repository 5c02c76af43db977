"""When signals that stay as they are would first decide something new."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nextafter
from typing import TYPE_CHECKING

from resilience.failover.brain import Brain, Inputs, Place, think
from resilience.failover.decision import wait_s
from resilience.failover.epoch import fresh, takeover_s
from resilience.failover.signals import Gates, Sense, Signal, sense
from resilience.failover.table import TABLE

if TYPE_CHECKING:
    from resilience.failover.decision import Settings, Sighting, Watch


def next_change_s(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> float:
    """Say when the same signals, kept fresh, would first decide something new; inf if never.

    Its own `at_s` means the very next look. A brain that just thought and sees nothing change has
    nothing to do until then but to beat and to acknowledge, and at that time it does something. A
    simulation skips what lies between; a person reads from it what is being waited for. Peers that
    beat are taken to go on beating, and to say nothing else that is new.
    """
    if sense(inputs.observer, inputs.at_s, settings.stale_after_s) is not Sense.WELL:
        return inf
    for at_s in sorted({inputs.at_s, *_dues(brain, inputs, place, settings)}):
        if at_s >= inputs.at_s and _changes(brain, inputs, place, settings, at_s):
            return at_s
    return inf


def _dues(brain: Brain, inputs: Inputs, place: Place, settings: Settings) -> list[float]:
    """Give every time at which something that is waited for has lasted long enough."""
    dues = [brain.epoch.acked_at_s + takeover_s(settings)]
    for seen in inputs.sightings:
        watch = brain.watches[seen.target]
        rule = TABLE.get((watch.phase, watch.reading))
        if rule is not None:
            dues.append(watch.reading_since_s + wait_s(rule, settings))
        if seen.target in place.order[: place.order.index(place.region)]:
            since_s = max(watch.reading_since_s, watch.changed_at_s)
            dues.append(since_s + settings.hold_down_s)
    return dues


def _changes(brain: Brain, inputs: Inputs, place: Place, settings: Settings, at_s: float) -> bool:
    """Tell whether a look at that time, after looks without a gap, changes anything that counts."""
    by_s = at_s - inputs.at_s
    watches = {
        seen.target: _as_of(brain.watches[seen.target], _later(seen, by_s), at_s)
        for seen in inputs.sightings
    }
    before = replace(brain, watches=watches, observed_at_s=at_s)
    later = replace(
        inputs,
        at_s=at_s,
        observer=_moved(inputs.observer, by_s),
        sightings=tuple(_later(seen, by_s) for seen in inputs.sightings),
        peers={
            region: replace(peer, seen_at_s=peer.seen_at_s + by_s)
            if fresh(peer, inputs.at_s, settings)
            else peer
            for region, peer in inputs.peers.items()
        },
    )
    after, steps = think(before, later, place, settings)
    return bool(steps) or _what_counts(before) != _what_counts(after)


def _what_counts(brain: Brain) -> tuple[object, ...]:
    return (
        {
            target: (watch.phase, watch.reading, watch.held, watch.done, watch.told)
            for target, watch in brain.watches.items()
        },
        brain.epoch.claim,
        brain.epoch.ack.heir,
        brain.promoted,
    )


def _as_of(watch: Watch, seen: Sighting, at_s: float) -> Watch:
    """Give the watch as looks without a gap leave it; a later look at the flag does count."""
    changed_at_s = watch.changed_at_s
    if seen.flag.well is not None:
        changed_at_s = min(changed_at_s, nextafter(seen.flag.seen_at_s, -inf))
    return replace(watch, observed_at_s=at_s, changed_at_s=changed_at_s)


def _later(seen: Sighting, by_s: float) -> Sighting:
    gates = Gates(
        replication_caught_up=_moved(seen.gates.replication_caught_up, by_s),
        model_parity=_moved(seen.gates.model_parity, by_s),
        capacity=_moved(seen.gates.capacity, by_s),
    )
    return replace(
        seen,
        probe=_moved(seen.probe, by_s),
        verdict=_moved(seen.verdict, by_s),
        refuge=_moved(seen.refuge, by_s),
        flag=_moved(seen.flag, by_s),
        gates=gates,
    )


def _moved(signal: Signal, by_s: float) -> Signal:
    return Signal(well=signal.well, seen_at_s=signal.seen_at_s + by_s)
