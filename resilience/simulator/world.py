"""A stack under faults: the models, and how a change in one is felt by the others.

A Region's condition changes; its health checks' results change; after a while verdicts do; the
records answer differently; clients move as their resolvers ask again. Observers are woken whenever
something they see may have changed.
"""

from __future__ import annotations

from math import inf
from random import Random
from typing import TYPE_CHECKING, Final

from resilience.failover import OBSERVER, Action
from resilience.failover.epoch import Ack
from resilience.simulator.capacity import Capacity
from resilience.simulator.clients import Clients
from resilience.simulator.condition import Condition
from resilience.simulator.engine import MODEL, Timeline
from resilience.simulator.health import Health
from resilience.simulator.judge import Judge
from resilience.simulator.observer import Observer
from resilience.simulator.operator import Operator
from resilience.simulator.replication import Replication
from resilience.simulator.senses import Sensed, look_around
from resilience.simulator.words import Words

if TYPE_CHECKING:
    from resilience.failover import Step
    from resilience.simulator.items import Item
    from resilience.simulator.stack import SimulatedStack
    from resilience.simulator.thinking import Think

_AFTER_S: Final = 1e-6
"""So much later: once it has arrived, whatever a float rounds to."""

_FATES: Final = ("missed", "missed", "write lost", "write late", "written twice", "step lost")


class World:
    """Everything of one run, wired together. Regions are numbers, in the order of preference."""

    def __init__(self, stack: SimulatedStack, seed: int, *, think: Think, skip: bool) -> None:
        random = Random(seed)  # noqa: S311 - draws phases, guards nothing
        count = len(stack.regions)
        self.stack = stack
        self.think = think
        self.skip = skip
        self.seed = seed
        self.timeline = Timeline()
        self.timeline.now_s = 0.0
        self.numbers = range(count)
        self.conditions = [Condition() for _ in self.numbers]
        self.lied_to: list[float] = []
        self.lies: dict[tuple[int, int], bool | None] = {}
        self.unreachable: dict[tuple[int, int], int] = {}
        self.flaky: dict[int, list[float]] = {number: [] for number in self.numbers}
        self.table_out = [0] * count
        self.replication = Replication(stack, random, self.timeline)
        self._cut_off: set[int] = set()
        self.turned: list[tuple[float, int, bool]] = []
        self.health = Health(stack, random, self.timeline, self.conditions, self._turned)
        answers = self._answers()
        self.answered: list[tuple[float, tuple[int, ...]]] = [(0.0, tuple(answers))]
        self.clients = Clients(stack, random, self.timeline, self.conditions, answers)
        self.capacity = Capacity(
            stack, self.timeline, self.conditions, self.clients.load, self.felt
        )
        self.clients.loaded = self.capacity.loaded
        self.words = Words(self.timeline, self.replication.table)
        self.operator = Operator(self, random)
        self.observers = [
            Observer(self, number, random.random() * stack.regions[number].look_s)
            for number in self.numbers
        ]
        self.contested = False
        self.promoted: set[int] = set()
        self.judge = Judge(self)
        self.data_loss_window_s = 0.0
        self._random = random
        self._was_ready = [self.health.ready(number) for number in self.numbers]
        deputy = stack.order.index(stack.regions[0].watchers[0])
        for observer in self.observers:
            observer.begin(deputy)
        for observer in self.observers:
            observer.ready()
        self.judge.refresh()

    # What observers see.

    def senses(self, observer: Observer) -> Sensed:
        """Look at everything as one observer would now."""
        return look_around(self, observer)

    def verdict(self, here: int, number: int) -> bool | None:
        """Give Route 53's verdict as a Region's resolver tells it: a lie, or nothing, at times."""
        told = self.lies.get((here, number), True)
        return self.health.ready(number) if told is True else told

    def probe(self, here: int, number: int) -> bool:
        """Send a golden request from one Region to another."""
        if self.unreachable.get((here, number)):
            return False
        ratio = self.conditions[number].probe_ratio(self.stack.parameters)
        if 0.0 < ratio < 1.0:
            return self.chance(here, number) < ratio
        return ratio > 0

    def caught_up(self, here: int, number: int) -> bool:
        """Tell whether the Regions have each other's newest markers, as the observer asks."""
        return self.replication.caught_up(here, number, self.stack.regions[here].caught_up_s)

    def same_release(self, here: int, number: int) -> bool:
        """Tell whether two Regions serve the same release."""
        regions = self.stack.regions
        wrong = self.conditions[here].wrong or self.conditions[number].wrong
        return regions[here].code == regions[number].code and not wrong

    def ack_of(self, other: Observer, item: Item) -> Ack:
        """Read what an item acknowledges."""
        if item.follows is None:
            return item.ack
        link = self.replication.table[item.follows][other.number]
        found = self.observers[item.follows].items.by(link.horizon_s(other.items.time_s(item.look)))
        return item.ack if found is None else Ack(number=item.ack.number, beat=found.beat)

    def chance(self, one: int, other: int) -> float:
        """Draw a number from 0 to 1 for a pair at this instant: the same whenever it is asked."""
        mixed = (self.seed * 1_000_003 + one * 7919 + other * 104_729) & 0xFFFFFFFFFFFFFFFF
        mixed = (
            mixed + round(self.timeline.now_s * 1000) * 0x9E3779B97F4A7C15
        ) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return (mixed ^ (mixed >> 31)) / 2**64

    def fate(self, observer: Observer) -> str:
        """Say what becomes of a look: its invocation, its write, its step."""
        levels = self.flaky[observer.number]
        if not levels:
            return "well"
        chance, worst = self.chance(observer.number, 99), max(levels)
        return _FATES[int(chance / worst * len(_FATES))] if chance < worst else "well"

    def restless(self, observer: Observer) -> bool:
        """Tell whether each look may find something else although nothing changed."""
        if self.flaky[observer.number] or observer.region.look_s > observer.settings.stale_after_s:
            return True
        if self.contested and observer.brain.epoch.claim is not None:
            return True
        parameters = self.stack.parameters
        return any(
            0.0 < self.conditions[target].probe_ratio(parameters) < 1.0
            for target in observer.targets
        )

    # What observers and operators do.

    def take(self, observer: Observer, step: Step) -> None:
        """Take a step of an observer's."""
        if step.action in {Action.SET_FLAG, Action.CLEAR_FLAG}:
            here, about = observer.number, self.stack.order.index(step.target)
            if self.conditions[here].flags_out or self.conditions[here].gone:
                return
            if step.action is Action.SET_FLAG:
                self.health.flags.add((here, about))
                self.operator.page()
            else:
                self.health.flags.discard((here, about))
            self.health.asked_again(here)
            self.wake()
            self.judge.refresh()
        elif step.action is Action.NOTIFY:
            self.operator.page()
        elif step.action in {Action.CLAIM_EPOCH, Action.RESIGN_EPOCH}:
            self.wake(surely=True)

    def written(self, observer: Observer, steps: tuple[Step, ...]) -> None:
        """Take note of what a decision claims once it is written, whatever becomes of its steps."""
        for step in steps:
            if step.action is Action.CLAIM_EPOCH and step.by != OBSERVER:
                claim = observer.brain.epoch.claim
                self.promoted.add(0 if claim is None else claim.number)

    def check_rules(self, observer: Observer, broken: tuple[str, ...]) -> None:
        """Take note of rules that a decision broke."""
        for rule in broken:
            self.judge.broke(f"brain rule {rule[0]}", f"{observer.region.region}: {rule}")

    def decided(self) -> None:
        """An observer has decided: see whether the epoch is held once at most."""
        claims = sum(each.brain.epoch.claim is not None for each in self.observers)
        self.contested = claims > 1
        if self.contested:
            self.judge.holders()

    def tell_others(self, observer: Observer) -> None:
        """An item says something new: each other Region reads it when it has arrived."""
        for other in self.observers:
            if other is not observer:
                link = self.replication.table[observer.number][other.number]
                at_s = link.arrival_s(self.timeline.now_s)
                if at_s < inf:
                    self.timeline.at(at_s, MODEL, self._arrives, other)

    def spread(self, where: int) -> None:
        """A word was given in a Region: it is read there now, elsewhere when it has arrived."""
        self.observers[where].wake()
        self.tell_others(self.observers[where])

    def wake(self, *, surely: bool = False) -> None:
        """Let every observer look again."""
        for observer in self.observers:
            observer.wake(surely=surely)

    def table_answers(self, number: int) -> bool:
        """Tell whether a Region's table can be read and written there."""
        return not (
            self.table_out[number] or self.conditions[number].gone or number in self._cut_off
        )

    def promoted_over(self, number: int) -> bool:
        """Tell whether an operator had an epoch claimed while another Region may have held one."""
        return number in self.promoted

    def troubled(self) -> bool:
        """Tell whether anything is wrong that an operator would see."""
        return bool(self.health.flags) or not all(map(self.health.ready, self.numbers))

    def well_since_start(self, number: int) -> float:
        """Since when a Region that never changed is ready; now if it is not."""
        return -inf if self.health.ready(number) else self.timeline.now_s

    # What faults do.

    def felt(self, number: int) -> None:
        """The condition of a Region changed."""
        self.health.asked_again(number)
        self.clients.felt(number)
        self.wake()
        self.judge.refresh()

    def hold_links(self, pairs: list[tuple[int, int]], *, table: bool, objects: bool) -> None:
        """Stall replication between Regions, one direction a pair."""
        now_s, regions = self.timeline.now_s, self.stack.regions
        for pair in self.replication.hold(pairs, table=table, objects=objects):
            for here in pair:
                # From then on the observer there finds that markers do not arrive.
                lag_s = self.replication.objects[pair[0]][pair[1]].lag_s
                behind_s = now_s + regions[here].caught_up_s - lag_s
                self.timeline.at(max(behind_s, now_s), MODEL, self._wakes, self.observers[here])
        self._follow_cuts()

    def release_links(self, pairs: list[tuple[int, int]], *, table: bool, objects: bool) -> None:
        """Let replication go on; what waits arrives after a while."""
        for clear_s, pair in self.replication.release(pairs, table=table, objects=objects):
            for here in pair:
                self.timeline.at(clear_s + _AFTER_S, MODEL, self._arrives, self.observers[here])
        self._follow_cuts()

    def chill(self, number: int) -> None:
        """Every environment of a Region's function ends; new ones take their time to start."""
        cold_s = self.capacity.lose(number)
        if cold_s:
            self.clients.chill(number, cold_s)

    def lose_writes(self, number: int) -> None:
        """A Region is lost: what of its acknowledged writes has no other Region?"""
        if not self.clients.load[number] or self.conditions[number].writes_out:
            return
        region, now_s = self.stack.regions[number], self.timeline.now_s
        if not region.copies_to:
            self.judge.broke("writes", f"what {region.region} acknowledged is copied nowhere")
            return
        missing: list[float] = []
        for name in region.copies_to:
            link = self.replication.objects[number][self.stack.order.index(name)]
            tail_s = self.stack.compiled.oldest.draw_s(self._random)
            behind_s = now_s - link.horizon_s(now_s)
            missing.append(max(behind_s, tail_s) if behind_s > link.lag_s + _AFTER_S else tail_s)
        self.data_loss_window_s = max(self.data_loss_window_s, min(missing))

    # What follows by itself.

    def _turned(self, before: tuple[bool, ...]) -> None:
        """A check's status changed: whom do the records lead where now, and who hears of it?"""
        _ = before
        for number in self.numbers:
            ready = self.health.ready(number)
            if ready is not self._was_ready[number]:
                self._was_ready[number] = ready
                self.turned.append((self.timeline.now_s, number, ready))
                self.operator.noticed(number, ready=ready)
                if not ready:
                    self.operator.page()
        answers = self._answers()
        if answers != self.clients.answers:
            self.answered.append((self.timeline.now_s, tuple(answers)))
            self.clients.led(answers)
        self.wake()
        self.judge.refresh()

    def _answers(self) -> list[int]:
        records = self.stack.compiled.records
        return [records.answer(self.health.statuses, number) for number in self.numbers]

    def _arrives(self, observer: Observer) -> None:
        observer.wake(surely=True)

    def _wakes(self, observer: Observer) -> None:
        observer.wake()

    def _follow_cuts(self) -> None:
        """Observers stop where a strong table does not answer."""
        cut_off = self.replication.cut_off()
        for number in sorted(cut_off - self._cut_off):
            self.observers[number].stop()
        for number in sorted(self._cut_off - cut_off):
            self.observers[number].go_on()
        self._cut_off = cut_off
