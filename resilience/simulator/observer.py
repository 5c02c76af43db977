"""One Region's observer: looks on a grid of its own, thinks for real, writes its item, takes steps.

Each look reads what the deployed function reads: a golden request to each watched Region, Route
53's verdicts, its own flags, the gates, the operator's latest word, and the other Regions' items
as they have arrived here.

A look at which nothing is different decides nothing: it beats, it acknowledges, and that is
arithmetic (`resilience.simulator.quiet`). So only looks that may decide are worked off: those
after a signal changed, and those that `next_change_s` names. `skip=False` works off every look;
the tests hold the two to the same outcome and the same final brains.
"""

from __future__ import annotations

from math import ceil, inf
from typing import TYPE_CHECKING

from resilience.failover import (
    Brain,
    Claim,
    Gates,
    Inputs,
    Peer,
    Phase,
    Place,
    Sighting,
    Signal,
    Watch,
    broken_rules,
    next_change_s,
    think,
)
from resilience.failover.epoch import Ack, Epoch
from resilience.failover.signals import Reading
from resilience.simulator.engine import LOOK
from resilience.simulator.items import Items
from resilience.simulator.quiet import after_quiet_looks

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
        self.out = 0 if region.observed else 1
        self.look_s = region.look_s
        self.items = Items(first_s, region.look_s)
        self.brain = Brain()
        self.last = -1
        self.seen: dict[int, tuple[int, float]] = {}
        self.world = world
        self._planned: int | None = None
        self._due = -1
        self._quiet = False
        self._sensed: Sensed | None = None

    def begin(self, deputy_of_first: int) -> None:
        """Begin as after a day in which all was well: the first Region holds the epoch."""
        names = self.world.stack.order
        claim = Claim(number=1, alone=False, deputy=names[deputy_of_first])
        day = ceil(LONG_AGO_S / self.look_s)
        mine = claim if self.number == 0 else None
        acks = self.number == deputy_of_first
        quiet = Watch(
            reading=Reading.WELL,
            reading_since_s=self.own_s(-day),
            observed_at_s=self.own_s(-day),
        )
        self.brain = Brain(
            watches={names[target]: quiet for target in self.targets},
            epoch=Epoch(
                beat=1,
                beats=((1, self.own_s(-day)),),
                claim=mine,
                ack=Ack(number=1, beat=0) if acks else Ack(),
                acked_at_s=self.own_s(-day),
                confirmed_at_s=-inf,
            ),
            observed_at_s=self.own_s(-day),
        )
        self.last = -day
        self.items.write(-day, 1, mine, self.brain.epoch.ack, follows=0 if acks else None)
        self.seen = {}

    def ready(self) -> None:
        """Begin to look, once every Region's observer has begun."""
        self._sensed = self.world.senses(self)
        if not self.out:
            self._plan(0)

    def wake(self, *, surely: bool = False) -> None:
        """Something that it sees may have changed: look at the next time on the grid.

        `surely`: work that look off even if every signal is what it was.
        """
        if self.out:
            return
        if surely:
            self._quiet = False
        at = ceil((self.world.timeline.now_s - self.first_s) / self.look_s - 1e-12)
        self._plan(max(at, self.last + 1, 0))

    def stop(self) -> None:
        """It looks no more, for one more reason."""
        self.out += 1
        if self.out == 1:
            before = ceil((self.world.timeline.now_s - self.first_s) / self.look_s) - 1
            self._catch_up(before)
            self.items.close(before)
            self._planned = None

    def go_on(self) -> None:
        """One reason less not to look."""
        self.out -= 1
        if not self.out:
            before = ceil((self.world.timeline.now_s - self.first_s) / self.look_s) - 1
            self.last = max(self.last, before)
            self.wake(surely=True)

    def skew(self, by_s: float) -> None:
        """Its clock jumps by this much."""
        if not self.out:
            before = ceil((self.world.timeline.now_s - self.first_s) / self.look_s) - 1
            self._catch_up(before)
        self.skew_s += by_s
        self.wake(surely=True)

    def settle(self, until_s: float) -> None:
        """Bring `brain` up to date with every look before this time."""
        if not self.out:
            self._catch_up(ceil((until_s - self.first_s) / self.look_s) - 1)

    def own_now_s(self) -> float:
        """Read its own clock."""
        return self.world.timeline.now_s + self.skew_s

    def own_s(self, look: int) -> float:
        """Say what its own clock shows at a look."""
        return self.first_s + look * self.look_s + self.skew_s

    def _plan(self, look: int) -> None:
        if self._planned is None or look < self._planned:
            self._planned = look
            self.world.timeline.at(self.first_s + look * self.look_s, LOOK, self._look, look)

    def _look(self, look: int) -> None:
        """Look, if this is still the look that is planned."""
        if self._planned != look or self.out:
            return
        self._planned = None
        world = self.world
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
        world = self.world
        inputs = self._inputs(look, sensed)
        before = self.brain
        after, steps = world.think(before, inputs, self.place, self.settings)
        world.check_rules(
            self, broken_rules(before, inputs, after, steps, self.place, self.settings)
        )
        written = fate not in {"write lost", "write late"}
        if fate == "written twice":
            after, _ = world.think(after, inputs, self.place, self.settings)
        if not written:
            self.items.close(look - 1)
        if written or fate == "write late":  # which lands before the next look, without its steps
            self.brain = after
            self._write(look, after, inputs)
            world.written(self, steps)
        self.last = look
        unchanged = not steps and _same(before, self.brain) and written
        if written and fate != "step lost":
            for step in steps:
                world.take(self, step)
        world.decided()
        self._plan_on(look, sensed, inputs, unchanged=unchanged)

    def _plan_on(self, look: int, sensed: Sensed, inputs: Inputs, *, unchanged: bool) -> None:
        """Say which look is to be worked off next."""
        world = self.world
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
        if self._quiet and self._waits_for_nothing():
            return
        if not self._quiet or world.think is not think:
            # What a brain that was broken on purpose waits for, nobody can tell beforehand.
            self._quiet = False
            self._plan(look + 1)
            return
        due_s = next_change_s(self.brain, inputs, self.place, self.settings)
        if due_s < inf:
            own_s = self.first_s + self.skew_s
            self._due = max(ceil((due_s - _NEARLY - own_s) / self.look_s), look + 1)
            self._plan(self._due)

    def _waits_for_nothing(self) -> bool:
        """Tell at a glance that all is well, so that no time that passes can change anything."""
        preferred = self.number == 0 or self.brain.epoch.claim is None
        return preferred and all(
            watch.phase is Phase.SERVING and watch.reading is Reading.WELL
            for watch in self.brain.watches.values()
        )

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
        own_s = self.own_s(look)
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
        at_s = self.first_s + look * self.look_s
        peers: dict[str, Peer] = {}
        for other in self.world.observers:
            if other.number == self.number:
                continue
            found = other.items.by(
                self.world.replication.table[other.number][self.number].horizon_s(at_s)
            )
            if found is None:
                continue
            beat = found.beat
            if beat != self.seen.get(other.number, (None, 0.0))[0]:
                self.seen[other.number] = (beat, self.own_s(look))
            peers[other.region.region] = Peer(
                region=other.region.region,
                beat=beat,
                claim=found.claim,
                ack=self.world.ack_of(other, found),
                seen_at_s=self.seen[other.number][1],
            )
        return peers

    def _write(self, look: int, brain: Brain, inputs: Inputs) -> None:
        """Write the item; tell the others when it says something new."""
        epoch = brain.epoch
        follows: int | None = None
        for other in self.world.observers:
            peer = inputs.peers.get(other.region.region)
            if (
                peer is not None
                and peer.claim is not None
                and epoch.ack == Ack(number=peer.claim.number, beat=peer.beat)
                and peer.claim.deputy == self.region.region
            ):
                follows = other.number
        if self.items.write(look, epoch.beat, epoch.claim, epoch.ack, follows=follows):
            self.world.tell_others(self)

    def _catch_up(self, look: int) -> None:
        """Do what every look up to this one did, when none of them decided anything."""
        if look > self.last:
            well = self._sensed is not None and self._sensed.well
            self.brain = after_quiet_looks(self, look, well=well)
            self.last = look


def _same(one: Brain, other: Brain) -> bool:
    """Tell whether two brains differ in nothing but what every look moves on."""
    epoch, now = one.epoch, other.epoch
    return (
        epoch.claim == now.claim
        and epoch.ack.number == now.ack.number
        and epoch.ack.heir == now.ack.heir
        and one.promoted == other.promoted
        and len(one.watches) == len(other.watches)
        and all(_same_watch(watch, other.watches.get(name)) for name, watch in one.watches.items())
    )


def _same_watch(one: Watch, other: Watch | None) -> bool:
    return other is not None and (
        one.phase is other.phase
        and one.reading is other.reading
        and one.reading_since_s == other.reading_since_s
        and one.changed_at_s == other.changed_at_s
        and one.held is other.held
        and one.done == other.done
        and one.told == other.told
    )
