"""One Region's observer: looks on a grid of its own, thinks for real, writes its item, takes steps.

Each look reads what the deployed function reads: a golden request to each watched Region, Route
53's verdicts, its own flags, the gates, the operator's latest word, and the other Regions' items
as they have arrived here.

A look at which nothing is different decides nothing: it beats, it acknowledges, and that is
arithmetic (`_catch_up`). So only looks that may decide are worked off: those after a signal
changed, and those that `next_change_s` names. `skip=False` works off every look; the tests hold
the two to the same outcome and the same final brains.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil, inf
from typing import TYPE_CHECKING, Any

from resilience.failover import (
    FLAGGED,
    Brain,
    Claim,
    Gates,
    Inputs,
    Peer,
    Place,
    Sighting,
    Signal,
    Watch,
    broken_rules,
    next_change_s,
)
from resilience.failover.epoch import KEPT_BEATS, Ack, Epoch
from resilience.failover.signals import Reading
from resilience.simulator.engine import LOOK
from resilience.simulator.items import Items

if TYPE_CHECKING:
    from resilience.simulator.senses import Sensed
    from resilience.simulator.world import World

LONG_AGO_S = 86_400.0
"""How long the stack has been well when a scenario begins."""

_NEARLY = 1e-6


class Observer:
    """The observer of Region `number`. `brain` is as of look `last` of its grid."""

    def __init__(self, world: World, number: int, first_s: float) -> None:
        stack = world.stack
        region = stack.regions[number]
        self.number = number
        self.region = region
        self.settings = region.settings
        self.place = Place(region=region.region, order=stack.order, deputy=region.watchers[0])
        self.targets = tuple(
            index
            for index, each in enumerate(stack.regions)
            if region.region in each.watchers and index != number
        )
        self.first_s = first_s
        self.skew_s = 0.0
        self.out = 0
        self.items = Items(first_s, region.look_s)
        self.brain = Brain()
        self.last = -1
        self.seen: dict[int, tuple[int, float]] = {}
        self._world = world
        self._look_s = region.look_s
        self._planned: int | None = None
        self._due = -1
        self._quiet = False
        self._sensed: Sensed | None = None

    def begin(self, deputy_of_first: int) -> None:
        """Begin as after a day in which all was well: the first Region holds the epoch."""
        names = self._world.stack.order
        claim = Claim(number=1, alone=False, deputy=names[deputy_of_first])
        day = ceil(LONG_AGO_S / self._look_s)
        mine = claim if self.number == 0 else None
        acks = self.number == deputy_of_first
        quiet = Watch(
            reading=Reading.WELL,
            reading_since_s=self._own_s(-day),
            observed_at_s=self._own_s(-day),
        )
        self.brain = Brain(
            watches={names[target]: quiet for target in self.targets},
            epoch=Epoch(
                beat=1,
                beats=((1, self._own_s(-day)),),
                claim=mine,
                ack=Ack(number=1, beat=0) if acks else Ack(),
                acked_at_s=self._own_s(-day),
                confirmed_at_s=-inf,
            ),
            observed_at_s=self._own_s(-day),
        )
        self.last = -day
        self.items.write(-day, 1, mine, self.brain.epoch.ack, follows=0 if acks else None)
        self.seen = {}

    def ready(self) -> None:
        """Begin to look, once every Region's observer has begun."""
        self._sensed = self._world.senses(self)
        self._plan(0)

    def wake(self, *, surely: bool = False) -> None:
        """Something that it sees may have changed: look at the next time on the grid.

        `surely`: work that look off even if every signal is what it was.
        """
        if self.out:
            return
        if surely:
            self._quiet = False
        at = ceil((self._world.timeline.now_s - self.first_s) / self._look_s - 1e-12)
        self._plan(max(at, self.last + 1, 0))

    def stop(self) -> None:
        """It looks no more, for one more reason."""
        self.out += 1
        if self.out == 1:
            before = ceil((self._world.timeline.now_s - self.first_s) / self._look_s) - 1
            self._catch_up(before)
            self.items.close(before)
            self._planned = None

    def go_on(self) -> None:
        """One reason less not to look."""
        self.out -= 1
        if not self.out:
            before = ceil((self._world.timeline.now_s - self.first_s) / self._look_s) - 1
            self.last = max(self.last, before)
            self.wake(surely=True)

    def skew(self, by_s: float) -> None:
        """Its clock jumps by this much."""
        if not self.out:
            before = ceil((self._world.timeline.now_s - self.first_s) / self._look_s) - 1
            self._catch_up(before)
        self.skew_s += by_s
        self.wake(surely=True)

    def settle(self, until_s: float) -> None:
        """Bring `brain` up to date with every look before this time."""
        if not self.out:
            self._catch_up(ceil((until_s - self.first_s) / self._look_s) - 1)

    def own_now_s(self) -> float:
        """Read its own clock."""
        return self._world.timeline.now_s + self.skew_s

    def _own_s(self, look: int) -> float:
        return self.first_s + look * self._look_s + self.skew_s

    def _plan(self, look: int) -> None:
        if self._planned is None or look < self._planned:
            self._planned = look
            self._world.timeline.at(self.first_s + look * self._look_s, LOOK, self._look, look)

    def _look(self, look: int) -> None:
        """Look, if this is still the look that is planned."""
        if self._planned != look or self.out:
            return
        self._planned = None
        world = self._world
        fate = world.fate(self)
        if fate == "missed":
            self._catch_up(look - 1)
            self.items.close(look - 1)
            self.last = look
            self._quiet = False
            self._plan(look + 1)
            return
        sensed = world.senses(self)
        if (
            world.skip
            and self._quiet
            and sensed == self._sensed
            and look < self._due_or_never()
            and not world.restless(self)
        ):
            if self._due > look:
                self._plan(self._due)
            return
        self._catch_up(look - 1)
        self._decide(look, sensed, fate)

    def _due_or_never(self) -> float:
        return self._due if self._due >= 0 else inf

    def _decide(self, look: int, sensed: Sensed, fate: str) -> None:
        world = self._world
        inputs = self._inputs(look, sensed)
        before = self.brain
        after, steps = world.think(before, inputs, self.place, self.settings)
        world.check_rules(
            self, broken_rules(before, inputs, after, steps, self.place, self.settings)
        )
        written = fate not in {"write lost", "write late"}
        if fate == "written twice":
            after, _ = world.think(after, inputs, self.place, self.settings)
        if written:
            self.brain = after
            self._write(look, after, inputs)
        else:
            self.items.close(look - 1)
            if fate == "write late":
                # It lands before the next look, without its steps.
                self.brain = after
                self._write(look, after, inputs)
        self.last = look
        unchanged = not steps and _same(before, self.brain) and written
        if written and fate != "step lost":
            for step in steps:
                world.take(self, step)
        world.decided()
        self._plan_on(look, sensed, inputs, unchanged=unchanged)

    def _plan_on(self, look: int, sensed: Sensed, inputs: Inputs, *, unchanged: bool) -> None:
        """Say which look is to be worked off next."""
        world = self._world
        was_due = look == self._due
        self._due = -1
        self._quiet = (
            world.skip
            and unchanged
            and sensed == self._sensed
            and not was_due
            and not world.restless(self)
            and not self._hands_over(inputs)
        )
        self._sensed = sensed
        if not self._quiet:
            self._plan(look + 1)
            return
        due_s = next_change_s(self.brain, inputs, self.place, self.settings)
        if due_s < inf:
            own_s = self.first_s + self.skew_s
            self._due = max(ceil((due_s - _NEARLY - own_s) / self._look_s), look + 1)
            self._plan(self._due)

    def _hands_over(self, inputs: Inputs) -> bool:
        """Tell whether the epoch is on its way: an heir is named, or one alone is being joined."""
        own = self.brain.epoch.claim
        claims = [own, *(peer.claim for peer in inputs.peers.values())]
        if any(claim is not None and claim.heir for claim in claims):
            return True
        if own is None or not own.alone:
            return False
        deputy = inputs.peers.get(own.deputy)
        return deputy is not None and deputy.ack.number == own.number

    def _inputs(self, look: int, sensed: Sensed) -> Inputs:
        own_s = self._own_s(look)
        words = {
            True: Signal(well=True, seen_at_s=own_s),
            False: Signal(well=False, seen_at_s=own_s),
            None: Signal(well=None, seen_at_s=own_s),
        }
        order = self.place.order
        return Inputs(
            at_s=own_s,
            observer=words[sensed.well],
            sightings=tuple(
                Sighting(
                    target=order[target],
                    probe=words[seen.probe],
                    verdict=words[seen.verdict],
                    refuge=words[seen.refuge],
                    flag=words[seen.flag],
                    gates=Gates(
                        replication_caught_up=words[seen.caught_up],
                        model_parity=words[seen.parity],
                        capacity=words[seen.capacity],
                    ),
                    intent=seen.intent,
                )
                for target, seen in zip(self.targets, sensed.targets, strict=True)
            ),
            peers=self._peers(look),
            promote=sensed.promote,
        )

    def _peers(self, look: int) -> dict[str, Peer]:
        """Read the others' items as they have arrived here by this look."""
        at_s = self.first_s + look * self._look_s
        peers: dict[str, Peer] = {}
        for other in self._world.observers:
            if other.number == self.number:
                continue
            found = other.items.by(self._world.table[other.number][self.number].horizon_s(at_s))
            if found is None:
                continue
            beat = found.beat
            if beat != self.seen.get(other.number, (None, 0.0))[0]:
                self.seen[other.number] = (beat, self._own_s(look))
            peers[other.region.region] = Peer(
                region=other.region.region,
                beat=beat,
                claim=found.claim,
                ack=self._world.ack_of(other, found),
                seen_at_s=self.seen[other.number][1],
            )
        return peers

    def _write(self, look: int, brain: Brain, inputs: Inputs) -> None:
        """Write the item; tell the others when it says something new."""
        epoch = brain.epoch
        follows: int | None = None
        for other in self._world.observers:
            peer = inputs.peers.get(other.region.region)
            if (
                peer is not None
                and peer.claim is not None
                and epoch.ack == Ack(number=peer.claim.number, beat=peer.beat)
                and peer.claim.deputy == self.region.region
            ):
                follows = other.number
        if self.items.write(look, epoch.beat, epoch.claim, epoch.ack, follows=follows):
            self._world.tell_others(self)

    def _catch_up(self, look: int) -> None:
        """Do what every look up to this one did, when none of them decided anything."""
        count = look - self.last
        if count <= 0:
            return
        first, self.last = self.last, look
        own_s = self._own_s(look)
        brain = self.brain
        old = brain.epoch
        kept = min(count, KEPT_BEATS)
        new = tuple(
            (old.beat + number, self._own_s(first + number))
            for number in range(count - kept + 1, count + 1)
        )
        epoch = replace(
            old,
            beat=old.beat + count,
            beats=(*old.beats[max(len(old.beats) - KEPT_BEATS + kept, 0) :], *new),
        )
        epoch = self._catch_up_epoch(epoch, old, first, look)
        self.brain = Brain(
            watches={
                target: replace(watch, observed_at_s=own_s)
                for target, watch in brain.watches.items()
            },
            epoch=epoch,
            observed_at_s=own_s,
            promoted=brain.promoted,
        )

    def _catch_up_epoch(  # noqa: C901 - one branch a kind of knowledge
        self, epoch: Epoch, old: Epoch, first: int, look: int
    ) -> Epoch:
        """Acknowledge and be acknowledged up to this look."""
        world = self._world
        at_s = self.first_s + look * self._look_s
        holder: tuple[int, int, Claim] | None = None
        if epoch.claim is not None:
            holder = (epoch.claim.number, self.number, epoch.claim)
        arrived: dict[int, tuple[Any, int]] = {}
        for other in world.observers:
            if other.number == self.number:
                continue
            link = world.table[other.number][self.number]
            found = other.items.by(link.horizon_s(at_s))
            if found is None:
                continue
            came_s = link.arrival_s(other.items.time_s(found.look))
            came = max(ceil((came_s - self.first_s) / self._look_s), first + 1)
            arrived[other.number] = (found, came)
            if found.beat != self.seen.get(other.number, (None, 0.0))[0]:
                self.seen[other.number] = (found.beat, self._own_s(came))
            if found.claim is not None and (holder is None or found.claim.number > holder[0]):
                holder = (found.claim.number, other.number, found.claim)
        if holder is None or self._sensed is None or not self._sensed.well:
            return epoch
        number, who, claim = holder
        if who == self.number:
            return self._confirmed(epoch, old, first, claim, arrived)
        watch = self.brain.watches.get(self.place.order[who])
        flagged = watch is not None and watch.phase in FLAGGED
        if claim.deputy == self.region.region and not flagged and who in arrived:
            found, came = arrived[who]
            if (number, found.beat) != (epoch.ack.number, epoch.ack.beat):
                return replace(
                    epoch, ack=Ack(number=number, beat=found.beat), acked_at_s=self._own_s(came)
                )
        return epoch

    def _confirmed(
        self,
        epoch: Epoch,
        old: Epoch,
        first: int,
        claim: Claim,
        arrived: dict[int, tuple[Any, int]],
    ) -> Epoch:
        """Date the newest beat that the deputy acknowledged."""
        deputy = self.place.order.index(claim.deputy) if claim.deputy in self.place.order else -1
        if claim.heir or deputy not in arrived:
            return epoch
        found, came = arrived[deputy]
        ack = self._world.ack_of(self._world.observers[deputy], found)
        if ack.number != claim.number:
            return epoch
        if ack.beat > old.beat:
            dated_s = self._own_s(first + ack.beat - old.beat)
        else:
            dated_s = dict(old.beats).get(ack.beat, -inf)
        if old.beat + came - first - ack.beat >= KEPT_BEATS:
            return epoch
        return replace(epoch, confirmed_at_s=max(epoch.confirmed_at_s, dated_s))


def _same(one: Brain, other: Brain) -> bool:
    """Tell whether two brains differ in nothing but what every look moves on."""
    return (
        one.promoted == other.promoted
        and one.epoch.claim == other.epoch.claim
        and one.epoch.ack.number == other.epoch.ack.number
        and one.epoch.ack.heir == other.epoch.ack.heir
        and one.watches.keys() == other.watches.keys()
        and all(
            replace(watch, observed_at_s=0.0) == replace(other.watches[target], observed_at_s=0.0)
            for target, watch in one.watches.items()
        )
    )
