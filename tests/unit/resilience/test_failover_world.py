"""Whole brains under everything at once, and a failover that is interrupted at every step.

`World.look` holds every decision against `broken_rules`, and the world against two holders.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

import pytest
from brain_world import LOOK_S, REGIONS, Fate, World
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from resilience.failover import Action, IntentKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from resilience.failover import Brain

A, B = REGIONS[:2]
NIGHTLY: Final = settings().max_examples > 1000
PLACES: Final = st.sampled_from(REGIONS)
PAIRS: Final = st.frozensets(
    st.sampled_from([(one, other) for one in REGIONS for other in REGIONS if one != other]),
    max_size=5,
)


@settings(
    max_examples=1500 if NIGHTLY else 60,
    stateful_step_count=40 if NIGHTLY else 25,
    # A failing sequence is short enough to read; to cut it down would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if NIGHTLY else [])],
    suppress_health_check=[HealthCheck.too_slow],
)
class Worlds(RuleBasedStateMachine):
    """Two to four Regions, and coarse steps: a stretch of looks, or one change of the world."""

    @initialize(
        number=st.integers(2, 4),
        skews=st.tuples(*[st.tuples(st.floats(-1e5, 1e5), st.floats(0.95, 1.05))] * 4),
    )
    def begin(self, number: int, skews: tuple[tuple[float, float], ...]) -> None:
        self.world = World(number, skews)
        self.world.run(30)

    @rule(rounds=st.integers(1, 20), dt=st.sampled_from([1.0, LOOK_S, 9.0]))
    def live(self, rounds: int, dt: float) -> None:
        for _ in range(rounds):
            self.world.now_s += dt
            for region in self.world.nodes:
                if region not in self.world.lost:
                    self.world.look(region)

    @rule(region=PLACES, fates=st.lists(st.sampled_from(Fate), min_size=1, max_size=8))
    def stumble(self, region: str, fates: list[Fate]) -> None:
        """One Region's looks are interrupted, and the others' are not."""
        for number, fate in enumerate(fates):
            self.world.now_s += LOOK_S
            for other in self.world.nodes:
                if other == region:
                    self.world.look(other, fate, delay=1 + 5 * (number % 3))
                elif other not in self.world.lost:
                    self.world.look(other)

    @rule(region=PLACES, seconds=st.sampled_from([LOOK_S, 30.0, 90.0]))
    def lose(self, region: str, seconds: float) -> None:
        self.world.lost ^= {region} & set(self.world.nodes)
        self.world.run(seconds)

    @rule(region=PLACES)
    def sicken(self, region: str) -> None:
        self.world.sick ^= {region}

    @rule(pairs=PAIRS, seconds=st.sampled_from([0.0, 30.0, 90.0]))
    def part(self, pairs: frozenset[tuple[str, str]], seconds: float) -> None:
        self.world.cut = set(pairs)
        self.world.run(seconds)

    @rule(region=PLACES, word=st.sampled_from([True, False, None, ...]))
    def lie(self, region: str, word: bool | None) -> None:  # noqa: FBT001 - a verdict
        """Route 53 says of a Region what is not so, or nothing, or the truth again."""
        self.world.lies.pop(region, None)
        if word is not ...:
            self.world.lies[region] = word

    @rule(kind=st.sampled_from(IntentKind), region=PLACES, forced=st.booleans())
    def ask(self, kind: IntentKind, region: str, forced: bool) -> None:  # noqa: FBT001
        if region in self.world.nodes:
            self.world.ask(kind, region, forced=forced)

    @rule(region=PLACES, about=PLACES)
    def meddle(self, region: str, about: str) -> None:
        """Another hand sets a flag, or takes one off."""
        if region in self.world.nodes and about in self.world.nodes[region].targets:
            self.world.flags ^= {(region, about)}

    @rule(region=PLACES, jump_s=st.sampled_from([-300.0, -7.0, 7.0, 300.0]))
    def jump(self, region: str, jump_s: float) -> None:
        """A clock is set, and its observer looks: a lease cannot be held to a clock otherwise."""
        if region in self.world.nodes and region not in self.world.lost:
            self.world.nodes[region].offset_s += jump_s
            self.world.look(region)

    @rule()
    def land(self) -> None:
        self.world.land()

    @invariant()
    def nothing_is_broken(self) -> None:
        if hasattr(self, "world"):
            self.world.check()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.assert_all_is_well_again()


TestWorlds = Worlds.TestCase


def story(world: World) -> Iterator[str]:
    """Give who looks next, through a loss of the first Region, its return and the failback."""
    for now in count(1):
        world.now_s = now * 2 * LOOK_S
        if now == 7:
            world.lost = {A}
        if now == 20:
            world.lost = set()
        if now == 24:
            world.ask(IntentKind.FAILBACK, A)
        if now > 46:
            return
        for region in world.nodes:
            if region not in world.lost:
                yield region


def tell(world: World, at: int, fate: Fate, *, delay: int = 1, times: int = 1) -> World:
    """Run the story with the looks from number `at` on interrupted."""
    for number, region in enumerate(story(world)):
        interrupted = at <= number < at + times
        world.look(region, fate if interrupted else Fate.WHOLE, delay=delay)
    return world


def looks_of(number: int) -> int:
    return sum(1 for _ in story(World(number)))


def ends_right(world: World) -> None:
    """The flag went up and came off, A is served again, and one Region holds the epoch."""
    flags = [step.action for _, step in world.said if step.target == A]
    assert Action.SET_FLAG in flags
    assert Action.CLEAR_FLAG in flags
    if world.flags or len(world.holders()) != 1:
        world.assert_all_is_well_again()


@pytest.mark.parametrize("number", [2, 3])
def test_the_story_without_interruption(number: int) -> None:
    world = tell(World(number), -1, Fate.WHOLE)
    claims = [region for region, step in world.said if step.action is Action.CLAIM_EPOCH]
    assert claims == [A, B, A], "it begins, is taken over, and is handed back"
    assert not world.flags
    ends_right(world)


@pytest.mark.parametrize("fate", [each for each in Fate if each is not Fate.WHOLE])
def test_an_observer_interrupted_at_any_look_breaks_nothing(fate: Fate) -> None:
    """Each look of the story in turn, two Regions; what is late comes one to nine looks later."""
    for at in range(looks_of(2)):
        ends_right(tell(World(2), at, fate, delay=1 + at * 4 % 9))


@pytest.mark.long
@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("fate", [each for each in Fate if each is not Fate.WHOLE])
@pytest.mark.parametrize("delay", [1, 2, 4, 7, 30])
@pytest.mark.parametrize("times", [1, 2, 9])
def test_an_observer_interrupted_again_and_again_breaks_nothing(
    number: int, fate: Fate, delay: int, times: int
) -> None:
    for at in range(looks_of(number)):
        ends_right(tell(World(number), at, fate, delay=delay, times=times))


@pytest.mark.long
@pytest.mark.parametrize("first", [each for each in Fate if each is not Fate.WHOLE])
@pytest.mark.parametrize("second", [each for each in Fate if each is not Fate.WHOLE])
def test_two_interruptions_anywhere_break_nothing(first: Fate, second: Fate) -> None:
    """Every pair of looks of the failover itself, two Regions."""
    span = range(12, 32)
    for one in span:
        for other in range(one + 1, span.stop):
            world = World(2)
            for number, region in enumerate(story(world)):
                fate = first if number == one else second if number == other else Fate.WHOLE
                world.look(region, fate, delay=3)
            ends_right(world)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("resilience.failover.epoch.PATIENCE", 0.0),
        ("resilience.failover.epoch.KEPT_BEATS", 1),
        ("resilience.failover.brain.decide", lambda watch, *_: (watch, ())),
    ],
)
def test_the_story_fails_with_a_brain_that_is_broken(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    """Break what these tests guard, and see them fail."""
    monkeypatch.setattr(name, value)
    with pytest.raises(AssertionError):
        test_the_story_without_interruption(2)


def test_a_write_that_asks_for_no_version_breaks_the_story(monkeypatch: pytest.MonkeyPatch) -> None:
    def unconditional(world: World, region: str, brain: Brain) -> Callable[[], bool]:
        def write() -> bool:
            world.nodes[region].brain = brain
            world.nodes[region].version += 1
            return True

        return write

    monkeypatch.setattr(World, "_writer", unconditional)
    with pytest.raises(AssertionError):
        test_an_observer_interrupted_at_any_look_breaks_nothing(Fate.LATE)
