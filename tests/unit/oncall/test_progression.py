"""A word is done when observers, flags, names and clients all say so, and never before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from topologies import topology

from resilience import intents
from resilience.failover import Brain, Claim, Epoch, IntentKind, Phase, Watch
from resilience.functions.observer_memory import Memory
from resilience.oncall.directly import alive
from resilience.oncall.following import default_within_s, standing
from resilience.oncall.merge import Merged
from resilience.oncall.moment import Moment
from resilience.oncall.progression import refusals, steps, waits
from resilience.oncall.table_view import Observed, OpenWord

EAST, WEST = "us-east-1", "us-west-2"
AT = datetime(2027, 1, 15, 8, tzinfo=UTC)
STACK = topology(2)


def word(kind: IntentKind, *, forced: bool = False) -> OpenWord:
    intent = intents.word(kind, EAST, by="ana", reason="INC-7", forced=forced, name="one")
    return OpenWord(intent=intent, written_at=AT.isoformat(), expires_at=AT)


def moment(watch: Watch, **changed: Any) -> Moment:
    brain = Brain(watches={EAST: watch}, observed_at_s=AT.timestamp())
    seen = Moment(
        merged=Merged(
            at=AT,
            observers={WEST: Observed(memory=Memory(brain=brain), written_at=AT)},
            lags=(),
            words=(),
            last_drill=None,
            garbled=(),
        ),
        flagged_by=(),
        serving=EAST,
        served_by=EAST,
        unseen={},
    )
    return replace(seen, **changed)


def open_steps(kind: IntentKind, seen: Moment, *, by_hand: bool = False) -> list[str]:
    found = steps(word(kind), seen, STACK, (WEST,), by_hand=by_hand)
    return [step.name for step in found if not step.done]


GONE = moment(Watch(phase=Phase.EVACUATED), flagged_by=(WEST,), serving=WEST, served_by=WEST)


def test_an_evacuation_is_done_once_clients_are_served_elsewhere() -> None:
    assert open_steps(IntentKind.EVACUATE, GONE) == []


@pytest.mark.parametrize(
    ("seen", "waits_for"),
    [
        (moment(Watch()), 4),
        (replace(GONE, merged=moment(Watch(phase=Phase.LATCHED)).merged), 1),
        (replace(GONE, flagged_by=()), 1),
        (replace(GONE, flagged_by=None), 1),
        (replace(GONE, serving=EAST), 1),
        (replace(GONE, serving=None), 1),
        (replace(GONE, served_by=""), 1),
        (replace(GONE, served_by=EAST), 1),
    ],
)
def test_an_evacuation_is_not_done_while_one_of_them_says_no_or_nothing(
    seen: Moment, waits_for: int
) -> None:
    assert len(open_steps(IntentKind.EVACUATE, seen)) == waits_for


def test_a_flag_that_was_written_by_hand_waits_for_no_observer() -> None:
    seen = replace(GONE, merged=moment(Watch()).merged)
    assert open_steps(IntentKind.EVACUATE, seen) == ["an observer carries it out"]
    assert open_steps(IntentKind.EVACUATE, seen, by_hand=True) == []


def test_a_failback_is_done_once_clients_are_back_where_they_are_preferred() -> None:
    assert open_steps(IntentKind.FAILBACK, moment(Watch())) == []
    for seen in (
        moment(Watch(phase=Phase.FAILING_BACK)),
        moment(Watch(), flagged_by=(WEST,)),
        moment(Watch(), flagged_by=None),
        moment(Watch(), serving=WEST),
        moment(Watch(), served_by=WEST),
    ):
        assert len(open_steps(IntentKind.FAILBACK, seen)) == 1, seen


def test_a_hold_is_done_when_the_observers_say_so() -> None:
    assert open_steps(IntentKind.HOLD, moment(Watch(held=True, done="one"))) == []
    assert open_steps(IntentKind.HOLD, moment(Watch(done="another"))) != []
    promoted = moment(Watch(done="one"))
    assert open_steps(IntentKind.PROMOTE, promoted) != [], "the Region itself has to say so"
    memory = Memory(brain=Brain(promoted="one"))
    there = {EAST: Observed(memory=memory, written_at=AT)}
    promoted = replace(promoted, merged=replace(promoted.merged, observers=there))
    assert open_steps(IntentKind.PROMOTE, promoted) == []


def test_refusals_and_gates_are_the_watchers_own() -> None:
    seen = moment(Watch(phase=Phase.FAILING_BACK, told="failback of us-east-1: cannot tell"))
    assert refusals(seen, EAST) == (f"{WEST} refuses: failback of us-east-1: cannot tell",)
    (found,) = waits(seen, STACK, EAST, (WEST,))
    assert "well for the hold-down" in [gate.name for gate in found.shut]
    assert waits(moment(Watch()), STACK, EAST, (WEST,)) == (), "it keeps nothing away"


def test_a_word_that_stands_is_followed_and_another_one_is_not_taken_for_it() -> None:
    seen = moment(Watch())
    standing_word = word(IntentKind.EVACUATE)
    seen = replace(seen, merged=replace(seen.merged, words=(standing_word,)))
    assert standing(seen, word(IntentKind.EVACUATE).intent) == standing_word
    assert standing(seen, word(IntentKind.FAILBACK).intent) is None
    assert standing(seen, word(IntentKind.EVACUATE, forced=True).intent) is None


@pytest.mark.parametrize(
    ("kind", "watch", "stands"),
    [
        (IntentKind.FAILBACK, Watch(phase=Phase.FAILING_BACK), True),
        (IntentKind.FAILBACK, Watch(done="one"), True),
        (IntentKind.FAILBACK, Watch(phase=Phase.LATCHED, done="one"), False),
        (IntentKind.FAILBACK, Watch(phase=Phase.LATCHED, done="another"), True),
        (IntentKind.EVACUATE, Watch(phase=Phase.EVACUATED, done="one"), True),
        (IntentKind.EVACUATE, Watch(done="one"), False),
        (IntentKind.HOLD, Watch(done="one"), True),
    ],
)
def test_a_word_that_was_carried_out_before_things_changed_stands_no_more(
    kind: IntentKind, watch: Watch, *, stands: bool
) -> None:
    """A second outage within the hours that a word counts for needs a second failback."""
    seen = moment(watch)
    seen = replace(seen, merged=replace(seen.merged, words=(word(kind),)))
    assert (standing(seen, word(kind).intent) is not None) is stands


@pytest.mark.parametrize(("holder", "stands"), [(EAST, True), (WEST, False)])
def test_a_promotion_stands_while_it_has_the_epoch(holder: str, *, stands: bool) -> None:
    claimed = {
        name: Epoch(claim=Claim(number=number, alone=True, deputy=""))
        for name, number in ((EAST, 1), (WEST, 2 if holder == WEST else 0))
    }
    observers = {
        name: Observed(memory=Memory(brain=Brain(promoted="one", epoch=epoch)), written_at=AT)
        for name, epoch in claimed.items()
    }
    promoting = word(IntentKind.PROMOTE)
    seen = moment(Watch())
    merged = replace(seen.merged, observers=observers, words=(promoting,))
    assert (standing(replace(seen, merged=merged), promoting.intent) is not None) is stands


def test_only_an_observer_that_looked_lately_is_alive() -> None:
    merged = moment(Watch()).merged
    assert alive(merged, (WEST, EAST), 30.0) == (WEST,)
    late = replace(merged, at=datetime(2027, 1, 15, 8, 1, tzinfo=UTC))
    assert alive(late, (WEST,), 30.0) == ()
    assert alive(replace(merged, at=None), (WEST,), 30.0) == (), "not known is not alive"


def test_a_word_is_waited_for_as_long_as_the_stacks_own_settings_may_take() -> None:
    away_s = default_within_s(STACK, word(IntentKind.EVACUATE).intent)
    assert away_s >= 3 * 10 + 10, "health checks and the TTL"
    back_s = default_within_s(STACK, word(IntentKind.FAILBACK).intent)
    assert back_s > away_s + STACK.region(EAST).failback_hold_s
    blind = replace(STACK, records=())
    assert default_within_s(blind, word(IntentKind.EVACUATE).intent) > away_s, "rather too long"
