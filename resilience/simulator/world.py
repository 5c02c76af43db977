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
from resilience.simulator.checkers import REGIONS, Checkers
from resilience.simulator.clients import Clients
from resilience.simulator.condition import Condition
from resilience.simulator.engine import MODEL, Timeline
from resilience.simulator.environments import Environments
from resilience.simulator.judge import Judge
from resilience.simulator.links import Link, draw_lag_s
from resilience.simulator.observer import Observer
from resilience.simulator.operator import Operator
from resilience.simulator.senses import Sensed, look_around
from resilience.simulator.words import Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resilience.failover import Step
    from resilience.simulator.items import Item
    from resilience.simulator.stack import SimulatedStack
    from resilience.simulator.thinking import Think

CAUGHT_UP_S: Final = 20.0
"""Markers older than this that have not arrived mean that replication is behind, as
`resilience.gates` has it."""

_FATES: Final = ("missed", "missed", "write lost", "write late", "written twice", "step lost")


class World:
    """Everything of one run, wired together. Regions are numbers, in the order of preference."""

    def __init__(  # noqa: PLR0915 - it wires everything
        self, stack: SimulatedStack, seed: int, *, think: Think, skip: bool
    ) -> None:
        random = Random(seed)  # noqa: S311 - draws phases, guards nothing
        parameters, count = stack.parameters, len(stack.regions)
        self.stack = stack
        self.think = think
        self.skip = skip
        self.seed = seed
        self.timeline = Timeline()
        self.timeline.now_s = 0.0
        self.numbers = range(count)
        self.conditions = [Condition() for _ in self.numbers]
        self.flags: set[tuple[int, int]] = set()
        self.lied_to: list[float] = []
        self.lies: dict[tuple[int, int], bool | None] = {}
        self.unreachable: dict[tuple[int, int], int] = {}
        self.flaky: dict[int, list[float]] = {number: [] for number in self.numbers}
        self.table = self._links(
            random,
            0.0 if stack.strong_table else parameters.table_lag_median_s,
            parameters.table_lag_p99_s,
            inf,
        )
        self.objects = self._links(
            random, parameters.s3_lag_median_s, parameters.s3_lag_p99_s, parameters.backlog_per_s
        )
        self.table_out = [0] * count
        self._cut_off: set[int] = set()
        self._table_cuts: dict[tuple[int, int], int] = {}
        self.checks = stack.compiled.checks
        self._asked: dict[int, list[int]] = {}
        self._checkers: list[Checkers] = []
        self._due: list[float] = []
        verdicts = [True] * len(stack.checks)
        for index, endpoint in enumerate(self.checks.endpoints):
            ratio = self._look(index)[0]
            verdicts[endpoint.check] = ratio > 0
            self._checkers.append(
                Checkers(
                    endpoint.interval_s,
                    endpoint.threshold,
                    parameters.checkers,
                    random,
                    healthy=ratio > 0,
                )
            )
            self._due.append(inf)
            if endpoint.region is not None:
                self._asked.setdefault(endpoint.region, []).append(index)
        self._results = [self._look(index) for index in range(len(self._checkers))]
        self._verdicts = verdicts
        self._deep = [self.checks.number[region.deep_check] for region in stack.regions]
        self.serving_checks = [self.checks.number[each.serving_check] for each in stack.regions]
        self.statuses = self.checks.statuses(tuple(verdicts))
        answers = self._answers()
        self.clients = Clients(stack, random, self.timeline, self.conditions, answers)
        self.answered: list[tuple[float, tuple[int, ...]]] = [(0.0, tuple(answers))]
        self.turned: list[tuple[float, int, bool]] = []
        self._environments = [self._environment(number) for number in self.numbers]
        self._bounded = (
            any(
                region.reserved_concurrency is not None
                and region.reserved_concurrency < parameters.load_concurrency
                for region in stack.regions
            )
            or parameters.load_concurrency > parameters.environments_per_10_s
        )
        self.clients.on_load = self._loaded
        self.words = Words(self.timeline, self.table)
        self.operator = Operator(self, random)
        self.observers = [
            Observer(self, number, random.random() * stack.regions[number].look_s)
            for number in self.numbers
        ]
        self.contested = False
        self.promoted: set[int] = set()
        self.judge = Judge(self)
        self.data_loss_window_s = 0.0
        self._loss_random = random
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

    def ready(self, number: int) -> bool:
        """Give Route 53's verdict on a Region: the status of its deep check."""
        return self.statuses[self._deep[number]]

    def verdict(self, here: int, number: int) -> bool | None:
        """Give Route 53's verdict as a Region's resolver tells it: a lie, or nothing, at times."""
        told = self.lies.get((here, number), True)
        return self.ready(number) if told is True else told

    def probe(self, here: int, number: int) -> bool:
        """Send a golden request from one Region to another."""
        if self.unreachable.get((here, number)):
            return False
        ratio = self.conditions[number].probe_ratio(self.stack.parameters)
        if 0.0 < ratio < 1.0:
            return self.chance(here, number) < ratio
        return ratio > 0

    def caught_up(self, here: int, number: int) -> bool:
        """Tell whether the Regions have each other's newest markers."""
        now_s = self.timeline.now_s
        return all(
            now_s - self.objects[one][other].horizon_s(now_s) < CAUGHT_UP_S
            for one, other in ((here, number), (number, here))
        )

    def same_release(self, here: int, number: int) -> bool:
        """Tell whether two Regions serve the same release."""
        regions = self.stack.regions
        wrong = self.conditions[here].wrong or self.conditions[number].wrong
        return regions[here].code == regions[number].code and not wrong

    def carries_all(self, number: int) -> bool:
        """Tell whether a Region's reservation carries the whole load."""
        reserved = self.stack.regions[number].reserved_concurrency
        return reserved is None or reserved >= self.stack.parameters.load_concurrency

    def ack_of(self, other: Observer, item: Item) -> Ack:
        """Read what an item acknowledges."""
        if item.follows is None:
            return item.ack
        link = self.table[item.follows][other.number]
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
                self.flags.add((here, about))
                self.operator.page()
            else:
                self.flags.discard((here, about))
            self._ask_again(here)
            self.wake()
            self.judge.refresh()
        elif step.action is Action.NOTIFY:
            self.operator.page()
        elif step.action in {Action.CLAIM_EPOCH, Action.RESIGN_EPOCH}:
            if step.action is Action.CLAIM_EPOCH and step.by != OBSERVER:
                claim = observer.brain.epoch.claim
                self.promoted.add(0 if claim is None else claim.number)
            self.wake(surely=True)

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
                at_s = self.table[observer.number][other.number].arrival_s(self.timeline.now_s)
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
        return bool(self.flags) or not all(self.ready(number) for number in self.numbers)

    def well_since_start(self, number: int) -> float:
        """Since when a Region that never changed is ready; now if it is not."""
        return -inf if self.ready(number) else self.timeline.now_s

    # What faults do.

    def felt(self, number: int) -> None:
        """The condition of a Region changed."""
        self._ask_again(number)
        self.clients.felt(number)
        self.wake()
        self.judge.refresh()

    def hold_links(self, pairs: Sequence[tuple[int, int]], *, table: bool, objects: bool) -> None:
        """Stall replication between Regions, one direction a pair."""
        now_s = self.timeline.now_s
        for one, other in pairs:
            if table and not self.stack.strong_table:
                self.table[one][other].hold(now_s)
            if objects and self.objects[one][other].hold(now_s):
                behind_s = now_s + CAUGHT_UP_S - self.objects[one][other].lag_s
                self.timeline.at(max(behind_s, now_s), MODEL, self._lags, (one, other))
        if table and self.stack.strong_table:
            self._cut(pairs, 1)

    def release_links(
        self, pairs: Sequence[tuple[int, int]], *, table: bool, objects: bool
    ) -> None:
        """Let replication go on; what waits arrives after a while."""
        now_s = self.timeline.now_s
        for one, other in pairs:
            for link, ours in (
                (self.table[one][other], table and not self.stack.strong_table),
                (self.objects[one][other], objects),
            ):
                if ours and link.release(now_s):
                    for end in (one, other):
                        self.timeline.at(
                            link.clear_s() + 1e-6, MODEL, self._arrives, self.observers[end]
                        )
        if table and self.stack.strong_table:
            self._cut(pairs, -1)

    def checkers_in(self, region: str) -> frozenset[int]:
        """Number the checkers that stand in a Region."""
        return frozenset(
            number
            for number in range(self.stack.parameters.checkers)
            if REGIONS[number % len(REGIONS)] == region
        )

    def report(self) -> None:
        """Checkers in lost Regions do not report; those of Regions that are back do."""
        out: frozenset[int] = frozenset()
        for number in self.numbers:
            if self.conditions[number].gone:
                out |= self.checkers_in(self.stack.order[number])
        for index, checkers in enumerate(self._checkers):
            checkers.report(self.timeline.now_s, out)
            self._plan(index)
        self._judge_checks()

    def chill(self, number: int, cold_s: float) -> None:
        """Every environment of a Region's function ends; new ones take this long to start."""
        parameters = self.stack.parameters
        lost = self._environments[number].lose(self.timeline.now_s)
        if lost and cold_s + parameters.request_s > parameters.client_timeout_s:
            self.clients.chill(number, cold_s)

    def lose_writes(self, number: int) -> None:
        """A Region is lost: what of its acknowledged writes has no other Region?"""
        if not self.clients.load[number] or self.conditions[number].writes_out:
            return
        region, now_s = self.stack.regions[number], self.timeline.now_s
        if not region.copies_to:
            self.judge.broke("writes", f"what {region.region} acknowledged is copied nowhere")
            return
        missing = []
        for name in region.copies_to:
            link = self.objects[number][self.stack.order.index(name)]
            behind_s = now_s - link.horizon_s(now_s)
            tail_s = self.stack.compiled.oldest.draw_s(self._loss_random)
            missing.append(max(behind_s, tail_s) if behind_s > link.lag_s + 1e-6 else tail_s)
        self.data_loss_window_s = max(self.data_loss_window_s, min(missing))

    # What follows by itself.

    def _look(self, index: int) -> tuple[float, float]:
        endpoint = self.checks.endpoints[index]
        if endpoint.region is None:
            return 0.0, 0.0
        flags = frozenset(about for here, about in self.flags if here == endpoint.region)
        return self.conditions[endpoint.region].look(
            endpoint, flags, self.stack.parameters.request_s
        )

    def _ask_again(self, number: int) -> None:
        """Work out what each check that asks a Region gets to hear from now on."""
        for index in self._asked.get(number, ()):
            result = self._look(index)
            if result != self._results[index]:
                self._results[index] = result
                self._checkers[index].change(self.timeline.now_s, *result)
                self._plan(index)
        self._judge_checks()

    def _plan(self, index: int) -> None:
        due_s = self._checkers[index].next_s()
        self._due[index] = due_s
        if due_s < inf:
            self.timeline.at(due_s, MODEL, self._turn, (index, due_s))

    def _turn(self, what: tuple[int, float]) -> None:
        index, due_s = what
        if self._due[index] == due_s:
            self._checkers[index].turn(self.timeline.now_s)
            self._plan(index)
            self._judge_checks()

    def _judge_checks(self) -> None:
        """Work out statuses and answers from the verdicts."""
        changed = False
        for index, endpoint in enumerate(self.checks.endpoints):
            verdict = self._checkers[index].verdict
            if verdict is not self._verdicts[endpoint.check]:
                self._verdicts[endpoint.check] = verdict
                changed = True
        if not changed:
            return
        before, self.statuses = self.statuses, self.checks.statuses(tuple(self._verdicts))
        for number, check in enumerate(self._deep):
            if before[check] is not self.statuses[check]:
                ready = self.statuses[check]
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
        return [records.answer(self.statuses, number) for number in self.numbers]

    def _environment(self, number: int) -> Environments:
        parameters, region = self.stack.parameters, self.stack.regions[number]
        reserved = region.reserved_concurrency
        return Environments(
            limit=inf if reserved is None else float(reserved),
            provisioned=region.provisioned_concurrency,
            step=parameters.environments_per_10_s,
            needed=self._needed(number),
        )

    def _needed(self, number: int) -> float:
        parameters = self.stack.parameters
        return self.clients.load[number] * parameters.load_concurrency / parameters.clients

    def _loaded(self, number: int) -> float:
        """More or fewer clients came to a Region; gives how long the last one waits."""
        parameters, now_s = self.stack.parameters, self.timeline.now_s
        environments = self._environments[number]
        cold = environments.need(now_s, self._needed(number))
        if self._bounded:
            self._squeeze(number)
        cold_s = max((parameters.cold_start_s, *self.conditions[number].cold_s))
        late = cold_s + parameters.request_s > parameters.client_timeout_s
        return cold_s if cold and late else 0.0

    def _squeeze(self, number: int) -> None:
        """Throttle what a function does not carry."""
        environments, now_s = self._environments[number], self.timeline.now_s
        ratio = environments.shortage_ratio(now_s)
        if ratio != self.conditions[number].shortage_ratio:
            self.conditions[number].shortage_ratio = ratio
            self.timeline.at(now_s, MODEL, self.felt, number)
        next_s = environments.next_s(now_s)
        if next_s < inf:
            self.timeline.at(next_s, MODEL, self._squeeze, number)

    def _arrives(self, observer: Observer) -> None:
        observer.wake(surely=True)

    def _lags(self, pair: tuple[int, int]) -> None:
        for number in pair:
            self.observers[number].wake()

    def _links(
        self, random: Random, median_s: float, p99_s: float, drain: float
    ) -> list[list[Link]]:
        per_s = self.stack.parameters.writes_per_s if drain < inf else 0.0
        return [
            [
                Link(
                    draw_lag_s(random, median_s, p99_s) if median_s else 0.0,
                    per_s=per_s,
                    drain_per_s=drain,
                )
                for _ in self.numbers
            ]
            for _ in self.numbers
        ]

    def _cut(self, pairs: Sequence[tuple[int, int]], change: int) -> None:
        """A strong table answers only where a majority of its Regions can be reached."""
        for one, other in pairs:
            key = (one, other)
            self._table_cuts[key] = self._table_cuts.get(key, 0) + change
        for number in self.numbers:
            lost = [
                other
                for other in self.numbers
                if other != number
                and (self._table_cuts.get((number, other)) or self._table_cuts.get((other, number)))
            ]
            cut = len(lost) * 2 >= len(self.numbers)
            if cut and number not in self._cut_off:
                self._cut_off.add(number)
                self.observers[number].stop()
            elif not cut and number in self._cut_off:
                self._cut_off.discard(number)
                self.observers[number].go_on()
