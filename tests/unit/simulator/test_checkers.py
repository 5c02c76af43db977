"""Checkers by arithmetic against checkers that look, one look after the other."""

from __future__ import annotations

from math import inf
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resilience.simulator.checkers import Checkers

INTERVAL_S, THRESHOLD, COUNT, UNTIL_S = 10.0, 3, 16, 400.0

Condition = tuple[float, bool, float]
"""From when on, whether looks pass, and how long their results take."""

conditions = st.lists(
    st.tuples(st.integers(20, 350).map(float), st.booleans(), st.sampled_from([0.0, 2.0, 4.0])),
    min_size=1,
    max_size=6,
    unique_by=lambda each: each[0],
).map(sorted)


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - draws phases, guards nothing


def by_arithmetic(seed: int, found: list[Condition]) -> list[tuple[float, bool]]:
    """Give each change of the verdict, worked out as the simulator does."""
    checkers = Checkers(INTERVAL_S, THRESHOLD, COUNT, chance(seed))
    turns: list[tuple[float, bool]] = []
    ahead, verdict = list(found), True
    while True:
        due_s = checkers.next_s()
        if ahead and ahead[0][0] <= due_s:
            at_s, passes, delay_s = ahead.pop(0)
            checkers.change(at_s, float(passes), delay_s)
        elif due_s < UNTIL_S:
            at_s = due_s
            checkers.turn(at_s)
        else:
            return turns
        if checkers.verdict is not verdict:
            verdict = checkers.verdict
            turns.append((at_s, verdict))


def by_looking(seed: int, found: list[Condition]) -> list[tuple[float, bool]]:
    """Look each look; a result counts when it lands, under the condition that holds then."""
    phases = Checkers(INTERVAL_S, THRESHOLD, COUNT, chance(seed))._phases
    looks = sorted(
        (phase + number * INTERVAL_S, checker)
        for checker, phase in enumerate(phases)
        for number in range(int(UNTIL_S / INTERVAL_S))
    )
    waiting: list[tuple[float, int]] = []
    up, streaks = [True] * COUNT, [0] * COUNT
    turns: list[tuple[float, bool]] = []
    verdict, passes, delay_s = True, True, 0.0

    def land(at_s: float, checker: int) -> None:
        nonlocal verdict
        if up[checker] is passes:
            streaks[checker] = 0
            return
        streaks[checker] += 1
        if streaks[checker] == THRESHOLD:
            up[checker], streaks[checker] = passes, 0
            now = sum(up) > 0.18 * COUNT
            if now is not verdict:
                verdict = now
                turns.append((at_s, now))

    for until_s, *then in [*found, (UNTIL_S, True, 0.0)]:
        while True:
            due = sorted([(at_s + delay_s, at_s, checker) for at_s, checker in (*waiting, *looks)])
            if not due or due[0][0] >= until_s:
                break
            lands_s, at_s, checker = due[0]
            (waiting if (at_s, checker) in waiting else looks).remove((at_s, checker))
            land(max(lands_s, at_s), checker)
        passes, delay_s = bool(then[0]), float(then[1])
    return turns


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), found=conditions)
def test_verdicts_turn_when_looking_would_turn_them(seed: int, found: list[Condition]) -> None:
    worked_out, looked = by_arithmetic(seed, found), by_looking(seed, found)
    assert [verdict for _, verdict in worked_out] == [verdict for _, verdict in looked]
    for (at_s, _), (seen_s, _) in zip(worked_out, looked, strict=True):
        assert at_s == pytest.approx(seen_s, abs=4.0), "up to a look that was on its way"


def test_a_hard_loss_is_seen_between_threshold_minus_one_and_threshold_intervals() -> None:
    seen: list[float] = []
    for seed in range(200):
        checkers = Checkers(INTERVAL_S, THRESHOLD, COUNT, chance(seed))
        checkers.change(100.0, 0.0, 4.0)
        seen.append(checkers.next_s() - 100.0)
    assert 20.0 <= min(seen) <= max(seen) <= 34.0
    assert sum(seen) / len(seen) == pytest.approx(32.2, abs=0.5), "14 of 16 checkers must turn"


def test_a_return_needs_three_checkers_and_so_is_seen_sooner() -> None:
    checkers = Checkers(INTERVAL_S, THRESHOLD, COUNT, chance(1), healthy=False)
    checkers.change(100.0, 1.0, 0.0)
    assert 20.0 <= checkers.next_s() - 100.0 <= 24.0


def test_checkers_that_do_not_report_do_not_count() -> None:
    checkers = Checkers(INTERVAL_S, THRESHOLD, COUNT, chance(1))
    checkers.report(50.0, frozenset(range(COUNT)))
    checkers.change(100.0, 0.0, 0.0)
    assert checkers.next_s() == inf, "nobody is left to say so"
    checkers.report(200.0, frozenset())
    assert checkers.next_s() < 240.0


@pytest.mark.parametrize(("ratio", "turns"), [(0.9, False), (0.7, False), (0.02, True)])
def test_a_share_of_bad_looks_turns_a_verdict_only_if_it_is_large(
    ratio: float, *, turns: bool
) -> None:
    """Three failures in a row by 14 of 16 checkers: grey failures are not for health checks."""
    turned = 0
    for seed in range(30):
        checkers = Checkers(INTERVAL_S, THRESHOLD, COUNT, chance(seed))
        checkers.change(100.0, ratio, 0.0)
        while checkers.verdict and checkers.next_s() < 400.0:
            checkers.turn(checkers.next_s())
        turned += not checkers.verdict
    assert turned == (30 if turns else 0)
