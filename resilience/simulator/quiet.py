"""What an observer's looks come to while nothing that it sees changes: arithmetic.

Each look beats, and dates the beat. A deputy acknowledges the newest beat of the holder that has
arrived; a holder is confirmed by the newest of its beats that its deputy acknowledged. When each
arrived follows from the looks of the one and the lag of the link. This is what
`resilience.failover.epoch` does look by look, and the tests hold the two to the same brains.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, inf
from typing import TYPE_CHECKING

from resilience.failover import FLAGGED, Ack, Brain, Epoch, Watch
from resilience.failover.epoch import KEPT_BEATS

if TYPE_CHECKING:
    from resilience.failover import Claim
    from resilience.simulator.items import Item
    from resilience.simulator.observer import Observer


@dataclass(frozen=True, slots=True)
class _Arrived:
    """Another Region's newest item, and the first look at which it was there."""

    item: Item
    at: int


def after_quiet_looks(observer: Observer, look: int, *, well: bool) -> Brain:
    """Give the brain after every look up to this one, from the one after `observer.last`.

    Args:
        observer: Whose looks they are; when it last saw each other beat rise is brought up to date.
        look: The last of them.
        well: Whether it was in a state to judge.
    """
    first, brain = observer.last, observer.brain
    own_s, count = observer.own_s(look), look - observer.last
    old = brain.epoch
    kept = min(count, KEPT_BEATS)
    first_s, look_s, skew_s = observer.first_s, observer.look_s, observer.skew_s
    dated = tuple(
        [
            (old.beat + number, first_s + (first + number) * look_s + skew_s)
            for number in range(count - kept + 1, count + 1)
        ]
    )
    stay = old.beats[max(len(old.beats) - KEPT_BEATS + kept, 0) :]
    arrived = _arrivals(observer, first, look)
    epoch = replace(old, beat=old.beat + count, beats=(*stay, *dated))
    if well:
        epoch = _exchanged(observer, epoch, old, first, arrived)
    return Brain(
        watches={target: _observed(watch, own_s) for target, watch in brain.watches.items()},
        epoch=epoch,
        observed_at_s=own_s,
        promoted=brain.promoted,
    )


def _observed(watch: Watch, at_s: float) -> Watch:
    return Watch(
        phase=watch.phase,
        changed_at_s=watch.changed_at_s,
        reading=watch.reading,
        reading_since_s=watch.reading_since_s,
        observed_at_s=at_s,
        held=watch.held,
        done=watch.done,
        told=watch.told,
    )


def _arrivals(observer: Observer, first: int, look: int) -> dict[int, _Arrived]:
    """Find the others' items as they had arrived by a look; note when each beat was first seen."""
    at_s = observer.first_s + look * observer.look_s
    arrived: dict[int, _Arrived] = {}
    for other in observer.world.observers:
        if other is observer:
            continue
        link = observer.world.replication.table[other.number][observer.number]
        item = other.items.by(link.horizon_s(at_s))
        if item is None:
            continue
        came_s = link.arrival_s(other.items.time_s(item.look))
        came = max(ceil((came_s - observer.first_s) / observer.look_s), first + 1)
        arrived[other.number] = _Arrived(item, came)
        if item.beat != observer.seen.get(other.number, (None, 0.0))[0]:
            observer.seen[other.number] = (item.beat, observer.own_s(came))
    return arrived


def _exchanged(
    observer: Observer, epoch: Epoch, old: Epoch, first: int, arrived: dict[int, _Arrived]
) -> Epoch:
    """Acknowledge the holder, or be acknowledged."""
    claims = [(each.item.claim, number) for number, each in arrived.items()]
    claims.append((epoch.claim, observer.number))
    known = [(claim, number) for claim, number in claims if claim is not None]
    if not known:
        return epoch
    order = observer.place.order
    claim, holder = max(known, key=lambda each: (each[0].number, order[each[1]]))
    if holder == observer.number:
        return _confirmed(observer, epoch, old, first, arrived)
    watch = observer.brain.watches.get(order[holder])
    flagged = watch is not None and watch.phase in FLAGGED
    if claim.deputy != order[observer.number] or flagged:
        return epoch
    beat = arrived[holder].item.beat
    if (claim.number, beat) == (epoch.ack.number, epoch.ack.beat):
        return epoch
    acked_at_s = observer.own_s(arrived[holder].at)
    return replace(epoch, ack=Ack(number=claim.number, beat=beat), acked_at_s=acked_at_s)


def _confirmed(
    observer: Observer, epoch: Epoch, old: Epoch, first: int, arrived: dict[int, _Arrived]
) -> Epoch:
    """Date the newest beat that the deputy acknowledged."""
    claim: Claim | None = epoch.claim
    order = observer.place.order
    if claim is None or claim.deputy not in order:
        return epoch
    deputy = order.index(claim.deputy)
    if deputy not in arrived:
        return epoch
    world = observer.world
    ack = world.ack_of(world.observers[deputy], arrived[deputy].item)
    beats_since = old.beat + arrived[deputy].at - first - ack.beat
    if ack.number != claim.number or beats_since >= KEPT_BEATS:
        return epoch
    if ack.beat > old.beat:
        dated_s = observer.own_s(first + ack.beat - old.beat)
    else:
        dated_s = dict(old.beats).get(ack.beat, -inf)
    return replace(epoch, confirmed_at_s=max(epoch.confirmed_at_s, dated_s))
