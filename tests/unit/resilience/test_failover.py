"""One watcher's decision: its whole truth table, every row of its tables, and broken steps."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Final

import pytest
from failover_world import SETTINGS, observed, open_gates, run, signal

from resilience.failover import (
    FLAGGED,
    ORDERS,
    TABLE,
    Action,
    Intent,
    IntentKind,
    Phase,
    Reading,
    Sense,
    Signal,
    Watch,
    decide,
    read,
    sense,
    truth_table,
)

SIGNS: Final = {
    Reading.BLIND: {"verdict": None},
    Reading.SPLIT: {"probe": False},
    Reading.WELL: {},
    Reading.TARGET_BAD: {"probe": False, "verdict": False},
    Reading.REFUGE_BAD: {"refuge": False},
    Reading.BOTH_BAD: {"probe": False, "verdict": False, "refuge": False},
}
"""Signals that make each reading."""


def latched() -> Watch:
    watch, actions = run(
        Watch(), *(observed(1.0 + t, probe=False, verdict=False) for t in range(6))
    )
    assert actions == [Action.SET_FLAG]
    return watch


def asked(kind: IntentKind, *, forced: bool = False, number: str = "1") -> Intent:
    return Intent(
        id=number, kind=kind, target="us-east-1", by="ops", reason="a test", forced=forced
    )


@pytest.mark.parametrize(("observer", "probe", "verdict", "refuge"), list(product(Sense, repeat=4)))
def test_every_cell_of_the_truth_table(
    observer: Sense, probe: Sense, verdict: Sense, refuge: Sense
) -> None:
    """81 cells against the rules in words; a changed comparison fails some cell."""
    can_see = observer is Sense.WELL and Sense.UNKNOWN not in (probe, verdict)
    if not can_see:
        expected = Reading.BLIND
    elif probe is Sense.BAD and verdict is Sense.BAD:
        expected = Reading.TARGET_BAD if refuge is Sense.WELL else Reading.BOTH_BAD
    elif probe is Sense.WELL and verdict is Sense.WELL:
        expected = Reading.REFUGE_BAD if refuge is Sense.BAD else Reading.WELL
    else:
        expected = Reading.SPLIT
    assert read(observer, probe, verdict, refuge) is expected


def test_the_truth_table_lists_every_cell_once() -> None:
    cells = [row[:4] for row in truth_table()]
    assert len(cells) == len(set(cells)) == 81


@pytest.mark.parametrize(("phase", "reading"), list(product(Phase, Reading)))
def test_only_rows_of_the_table_ever_act(phase: Phase, reading: Reading) -> None:
    """Hold each reading in each phase: the first change is the row's, or there is none."""
    watch = Watch(phase=phase)
    row = TABLE.get((phase, reading))
    for tick in range(60):
        seen = observed(float(tick), flag=phase in FLAGGED, **SIGNS[reading])
        after, steps = decide(watch, *seen, SETTINGS)
        moved = [step.action for step in steps if step.action is not Action.REFUSE]
        if after.phase is not phase or moved:
            assert row is not None, f"{phase} and {reading} have no row"
            assert after.phase is row.to
            assert moved == ([] if row.action is None else [row.action])
            return
        watch = after
    assert row is None, f"{row} never came about"


@pytest.mark.parametrize(("phase", "kind"), list(product(Phase, IntentKind)))
@pytest.mark.parametrize("refuge", [True, False, None])
def test_only_rows_of_the_orders_table_obey(
    phase: Phase,
    kind: IntentKind,
    refuge: bool | None,  # noqa: FBT001 - a signal is a yes or no
) -> None:
    watch = Watch(phase=phase, observed_at_s=0)
    seen, observer, at_s = observed(1, flag=None, verdict=None, refuge=refuge, intent=asked(kind))
    after, steps = decide(watch, seen, observer, at_s, SETTINGS)
    order = ORDERS.get((phase, kind))
    moved = [step for step in steps if step.action is not Action.REFUSE]
    if order is None or (order.needs_refuge and refuge is not True):
        drop = TABLE.get((phase, Reading.BLIND))
        assert after.phase is (phase if drop is None else drop.to)
        assert moved == []
    else:
        assert after.phase is order.to
        assert [step.action for step in moved] == ([order.action] if order.action else [])
        assert all(step.by == "ops" for step in moved)


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [(0, Sense.BAD), (10, Sense.BAD), (10.1, Sense.UNKNOWN), (-1, Sense.UNKNOWN)],
)
def test_a_stale_signal_is_unknown(age_s: float, expected: Sense) -> None:
    assert sense(Signal(well=False, seen_at_s=100 - age_s), 100, 10) is expected


def test_a_missing_signal_is_unknown() -> None:
    assert sense(Signal(well=None, seen_at_s=100), 100, 10) is Sense.UNKNOWN


def test_a_loss_is_latched_after_agreement_and_once() -> None:
    bad = [observed(float(t), probe=False, verdict=False) for t in range(5)]
    watch, actions = run(Watch(), *bad)
    assert (watch.phase, actions) == (Phase.FAILING_OVER, []), "agreement takes its time"
    watch, actions = run(watch, observed(5, probe=False, verdict=False))
    assert actions == [Action.SET_FLAG]
    watch, actions = run(
        watch, *(observed(6.0 + t, probe=False, verdict=False, flag=True) for t in range(30))
    )
    assert actions == [], "a latched move is not repeated"
    assert watch.phase is Phase.LATCHED


@pytest.mark.parametrize("broken_by", ["probe", "verdict", "observer", "refuge"])
@pytest.mark.parametrize("value", [True, None])
def test_agreement_broken_once_starts_again(
    broken_by: str,
    value: bool | None,  # noqa: FBT001 - a signal is a yes or no
) -> None:
    if broken_by in ("observer", "refuge") and value:
        value = False
    bad = [observed(float(t), probe=False, verdict=False) for t in range(9)]
    signals = {"probe": False, "verdict": False, broken_by: value}
    bad[4] = observed(4.0, **signals)
    _, actions = run(Watch(), *bad)
    assert Action.SET_FLAG not in actions, f"a break by {broken_by}={value} restarts agreement"


def test_a_gap_in_observing_breaks_agreement() -> None:
    _, actions = run(
        Watch(), observed(0, probe=False, verdict=False), observed(60, probe=False, verdict=False)
    )
    assert actions == [], "nobody looked for a minute: that is no agreement"


def test_a_clock_set_back_breaks_agreement() -> None:
    bad = [observed(float(t), probe=False, verdict=False) for t in (100, 104, 50, 52, 54)]
    _, actions = run(Watch(), *bad)
    assert actions == []


def test_both_impaired_is_told_and_moves_nothing() -> None:
    seen = [observed(float(t), probe=False, verdict=False, refuge=None) for t in range(20)]
    watch, actions = run(Watch(), *seen)
    assert actions == [Action.NOTIFY]
    assert watch.phase is Phase.BOTH_IMPAIRED


def test_an_observer_that_disagrees_with_route_53_tells_and_moves_nothing() -> None:
    watch, actions = run(Watch(), *(observed(float(t), probe=False) for t in range(60)))
    assert actions == [Action.NOTIFY], "a partition between two Regions is no failover"
    assert watch.phase is Phase.SPLIT


def test_a_healthy_target_alone_never_takes_the_latch_off() -> None:
    watch, actions = run(latched(), *(observed(7.0 + t, flag=True) for t in range(500)))
    assert actions == []
    assert watch.phase is Phase.LATCHED


def test_failback_waits_for_the_hold_down_and_then_clears() -> None:
    back = asked(IntentKind.FAILBACK)
    sequence = [observed(7.0 + t, flag=True, intent=back) for t in range(31)]
    watch, actions = run(latched(), *sequence)
    assert actions == [Action.REFUSE, Action.CLEAR_FLAG], "the refusal is said once"
    assert watch.phase is Phase.SERVING


@pytest.mark.parametrize("gate", ["replication_caught_up", "model_parity", "capacity"])
@pytest.mark.parametrize("value", [False, None])
def test_each_gate_alone_stops_failback(
    gate: str,
    value: bool | None,  # noqa: FBT001 - a gate is a yes or no
) -> None:
    sequence = [
        observed(
            7.0 + t,
            flag=True,
            intent=asked(IntentKind.FAILBACK),
            gates=replace(open_gates(7.0 + t), **{gate: signal(value, 7.0 + t)}),
        )
        for t in range(60)
    ]
    watch, actions = run(latched(), *sequence)
    assert set(actions) == {Action.REFUSE}, f"{gate}={value} must stop failback"
    assert watch.phase is Phase.FAILING_BACK


def test_a_gate_seen_open_long_ago_is_shut() -> None:
    sequence = [
        observed(7.0 + t, flag=True, intent=asked(IntentKind.FAILBACK), gates=open_gates(7.0))
        for t in range(60)
    ]
    _, actions = run(latched(), *sequence)
    assert Action.CLEAR_FLAG not in actions


def test_a_forced_failback_asks_no_gate() -> None:
    back = asked(IntentKind.FAILBACK, forced=True)
    watch, actions = run(latched(), observed(7, flag=True, probe=False, intent=back))
    assert actions == [Action.CLEAR_FLAG]
    assert watch.phase is Phase.SERVING


def test_a_failback_is_given_up_when_the_target_is_bad_again() -> None:
    back = asked(IntentKind.FAILBACK)
    sequence = [
        observed(7.0 + t, flag=True, probe=t < 10, verdict=t < 10, intent=back) for t in range(40)
    ]
    watch, actions = run(latched(), *sequence)
    assert actions[-1] is Action.NOTIFY
    assert watch.phase is Phase.LATCHED
    watch, actions = run(watch, *(observed(50.0 + t, flag=True, intent=back) for t in range(90)))
    assert actions == [], "an intent that was given up is not taken up again"


def test_a_withdrawn_failback_leaves_the_latch() -> None:
    watch, _ = run(latched(), observed(7, flag=True, intent=asked(IntentKind.FAILBACK)))
    later = asked(IntentKind.WITHDRAW, number="2")
    watch, actions = run(watch, *(observed(8.0 + t, flag=True, intent=later) for t in range(60)))
    assert (watch.phase, actions) == (Phase.LATCHED, [])


def test_flapping_restarts_the_hold_down() -> None:
    sequence = [
        observed(7.0 + t, flag=True, intent=asked(IntentKind.FAILBACK), probe=t % 20 != 19)
        for t in range(200)
    ]
    _, actions = run(latched(), *sequence)
    assert Action.CLEAR_FLAG not in actions


def test_a_latch_does_not_hold_traffic_on_an_impaired_refuge() -> None:
    _, actions = run(latched(), *(observed(7.0 + t, flag=True, refuge=False) for t in range(6)))
    assert actions == [Action.CLEAR_FLAG]


def test_an_evacuation_is_done_once_and_stays() -> None:
    leave = asked(IntentKind.EVACUATE)
    watch, actions = run(
        Watch(), *(observed(float(t), flag=t >= 1, intent=leave) for t in range(60))
    )
    assert actions == [Action.SET_FLAG]
    assert (watch.phase, watch.done) == (Phase.EVACUATED, "1")


def test_an_evacuation_without_a_refuge_is_refused_unless_forced() -> None:
    leave = asked(IntentKind.EVACUATE)
    _, actions = run(Watch(), observed(1, refuge=None, intent=leave))
    assert actions == [Action.REFUSE]
    _, actions = run(Watch(), observed(1, refuge=None, intent=replace(leave, forced=True)))
    assert actions == [Action.SET_FLAG]


def test_an_operators_hold_keeps_automation_off_until_resumed() -> None:
    watch, actions = run(
        Watch(),
        *(
            observed(float(t), probe=False, verdict=False, intent=asked(IntentKind.HOLD))
            for t in range(60)
        ),
    )
    assert actions == [Action.REFUSE], "it says once what it would do"
    resume = asked(IntentKind.RESUME, number="2")
    watch, actions = run(
        watch,
        *(
            observed(60.0 + t, probe=False, verdict=False, flag=t > 0, intent=resume)
            for t in range(9)
        ),
    )
    assert actions == [Action.SET_FLAG]


def test_a_lost_write_is_taken_again() -> None:
    _, actions = run(
        latched(), *(observed(7.0 + t, probe=False, verdict=False, flag=False) for t in range(2))
    )
    assert actions == [Action.SET_FLAG]


def test_a_lost_evacuation_is_taken_again() -> None:
    leave = asked(IntentKind.EVACUATE)
    _, actions = run(Watch(), *(observed(float(t), intent=leave) for t in range(3)))
    assert actions == [Action.SET_FLAG] * 3


def test_a_lost_write_is_not_taken_again_when_its_reason_is_gone() -> None:
    watch, actions = run(latched(), observed(7, flag=False))
    assert actions == []
    assert watch.phase is Phase.SERVING


def test_a_restarted_observer_adopts_the_flag_it_finds() -> None:
    watch, actions = run(Watch(), observed(0, flag=True))
    assert watch.phase is Phase.LATCHED
    assert actions == []


def test_a_flag_seen_before_the_last_step_does_not_count() -> None:
    seen, observer, at_s = observed(7, probe=False, verdict=False)
    early = replace(seen, flag=Signal(well=False, seen_at_s=5.0))
    watch, actions = run(latched(), (early, observer, at_s))
    assert (watch.phase, actions) == (Phase.LATCHED, [])
