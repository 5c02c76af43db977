"""Faults thrown at a simulated stack step by step: safety after each, liveness at the end."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from topologies import nearest, topology

from resilience.failover import think
from resilience.simulator import Fault, FaultKind, SimulatedStack, stack_of
from resilience.simulator.inflict import plan_faults
from resilience.simulator.run import settle
from resilience.simulator.scenario import single
from resilience.simulator.world import World

STACKS: tuple[SimulatedStack, ...] = (
    stack_of(topology(2)),
    stack_of(topology(3)),
    stack_of(nearest(2)),
)


@profile(max_examples=12, stateful_step_count=14, deadline=None)
class Simulated(RuleBasedStateMachine):
    """The real brains in a simulated stack; faults come one by one, and may overlap."""

    @initialize(number=st.integers(0, len(STACKS) - 1), seed=st.integers(0, 2**32))
    def begin(self, number: int, seed: int) -> None:
        self.stack = STACKS[number]
        self.world = World(self.stack, seed, think=think, skip=True)
        self.faults: list[Fault] = []
        self.world.timeline.run(30.0)

    @rule(kind=st.sampled_from(FaultKind), seed=st.integers(0, 10_000), for_s=st.integers(5, 900))
    def inflict(self, kind: FaultKind, seed: int, for_s: int) -> None:
        """Something breaks now, somewhere, for a while."""
        chance = Random(seed)  # noqa: S311 - picks a place, guards nothing
        (drawn,) = single(self.stack, kind, chance, seed).faults
        lasts_s = 0.0 if kind is FaultKind.OPERATOR_ERRS else float(for_s)
        fault = replace(drawn, at_s=self.world.timeline.now_s + 0.1, for_s=lasts_s)
        plan_faults(self.world, (fault,))
        self.faults.append(fault)

    @rule(seconds=st.one_of(st.integers(1, 60), st.integers(60, 900)))
    def pass_time(self, seconds: int) -> None:
        self.world.timeline.run(self.world.timeline.now_s + seconds)

    @invariant()
    def nothing_is_violated(self) -> None:
        if hasattr(self, "world"):
            assert self.world.judge.violations == (), self.faults

    def teardown(self) -> None:
        """Liveness: once every fault is over, and people had time, all is well again."""
        if hasattr(self, "world"):
            ends_s = max((fault.ends_s for fault in self.faults), default=0.0)
            settle(self.world, max(self.world.timeline.now_s, ends_s + 1.0))
            assert self.world.judge.violations == (), self.faults


TestSimulated = Simulated.TestCase
