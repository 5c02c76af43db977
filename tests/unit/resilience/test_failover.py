"""The failover decision: its whole truth table, its rules, and interrupted steps."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from resilience.failover import (
    TABLE,
    Action,
    Gates,
    Observations,
    Phase,
    Reading,
    Sense,
    Settings,
    Signal,
    State,
    decide,
    read,
    sense,
)

SETTINGS = Settings(agreement_s=5, hold_down_s=30, stale_after_s=10)
OPEN = Gates(replication_caught_up=True, model_parity=True, capacity=True)


def observed(  # noqa: PLR0913 - one argument a signal
    at_s: float,
    *,
    observer: bool | None = True,
    probe: bool | None = True,
    check: bool | None = True,
    standby: bool | None = True,
    flag: bool | None = False,
    gates: Gates = OPEN,
    failback_requested: bool = False,
) -> Observations:
    def signal(well: bool | None) -> Signal:  # noqa: FBT001 - a signal is a yes or no
        return Signal(well=well, seen_at_s=at_s)

    return Observations(
        at_s=at_s,
        observer=signal(observer),
        primary_probe=signal(probe),
        primary_check=signal(check),
        standby=signal(standby),
        flag_set=signal(flag),
        gates=gates,
        failback_requested=failback_requested,
    )


def run(
    state: State, *sequence: Observations, settings: Settings = SETTINGS
) -> tuple[State, list[Action]]:
    actions: list[Action] = []
    for observations in sequence:
        state, steps = decide(state, observations, settings)
        actions += [step.action for step in steps]
    return state, actions


def latched() -> State:
    state, actions = run(
        State(), *(observed(t, probe=False, check=False) for t in (0.0, 2.0, 4.0, 6.0))
    )
    assert actions == [Action.SET_FLAG]
    return state


@pytest.mark.parametrize(("observer", "probe", "check", "standby"), list(product(Sense, repeat=4)))
def test_every_cell_of_the_truth_table(
    observer: Sense, probe: Sense, check: Sense, standby: Sense
) -> None:
    """81 cells against the rules in words; a changed comparison fails some cell."""
    can_see = observer is Sense.WELL
    primary_well = can_see and probe is Sense.WELL and check is Sense.WELL
    primary_bad = can_see and probe is Sense.BAD and check is Sense.BAD
    if primary_bad:
        expected = Reading.PRIMARY_BAD if standby is Sense.WELL else Reading.BOTH_BAD
    elif primary_well:
        expected = Reading.STANDBY_BAD if standby is Sense.BAD else Reading.PRIMARY_WELL
    else:
        expected = Reading.BLIND
    assert read(observer, probe, check, standby) is expected


@pytest.mark.parametrize(("phase", "reading"), list(product(Phase, Reading)))
def test_only_rows_of_the_table_ever_act(phase: Phase, reading: Reading) -> None:
    """Hold each reading for ever in each phase: only the three rows move the flag."""
    signals = {
        Reading.BLIND: {"probe": True, "check": False},
        Reading.PRIMARY_WELL: {},
        Reading.PRIMARY_BAD: {"probe": False, "check": False},
        Reading.STANDBY_BAD: {"standby": False},
        Reading.BOTH_BAD: {"probe": False, "check": False, "standby": False},
    }[reading]
    flag = phase is Phase.LATCHED
    moved: set[Action] = set()
    state = State(phase=phase)
    for tick in range(200):
        seen = observed(float(tick), flag=flag, failback_requested=True, **signals)
        state, steps = decide(state, seen, SETTINGS)
        moved |= {step.action for step in steps} - {Action.REFUSE}
        if moved:
            break
    row = TABLE.get((phase, reading))
    assert moved == (set() if row is None else {row.action})


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [(0, Sense.BAD), (10, Sense.BAD), (10.1, Sense.UNKNOWN), (-1, Sense.UNKNOWN)],
)
def test_a_stale_signal_is_unknown(age_s: float, expected: Sense) -> None:
    assert sense(Signal(well=False, seen_at_s=100 - age_s), 100, 10) is expected


def test_a_missing_signal_is_unknown() -> None:
    assert sense(Signal(well=None, seen_at_s=100), 100, 10) is Sense.UNKNOWN


def test_a_loss_is_latched_after_agreement_and_once() -> None:
    seen = [observed(float(t), probe=False, check=False) for t in range(5)]
    state, actions = run(State(), *seen)
    assert actions == [], "agreement takes its time"
    state, actions = run(state, observed(5, probe=False, check=False))
    assert actions == [Action.SET_FLAG]
    state, actions = run(
        state, *(observed(6.0 + t, probe=False, check=False, flag=True) for t in range(30))
    )
    assert actions == [], "a latched move is not repeated"
    assert state.phase is Phase.LATCHED


@pytest.mark.parametrize("broken_by", ["probe", "check", "observer", "standby"])
@pytest.mark.parametrize("value", [True, None])
def test_agreement_broken_once_starts_again(broken_by: str, value: bool | None) -> None:  # noqa: FBT001 - a signal is a yes or no
    if broken_by in ("observer", "standby") and value:
        value = False
    bad = [observed(float(t), probe=False, check=False) for t in range(9)]
    signals = {"probe": False, "check": False, broken_by: value}
    bad[4] = observed(4.0, **signals)
    _, actions = run(State(), *bad)
    assert Action.SET_FLAG not in actions, f"a break by {broken_by}={value} restarts agreement"


def test_a_gap_in_observing_breaks_agreement() -> None:
    _, actions = run(
        State(), observed(0, probe=False, check=False), observed(60, probe=False, check=False)
    )
    assert actions == [], "nobody looked for a minute: that is no agreement"


def test_nothing_to_fail_over_to_is_refused_with_the_reason() -> None:
    seen = observed(0, probe=False, check=False, standby=None)
    _, steps = decide(State(), seen, SETTINGS)
    assert [step.action for step in steps] == [Action.REFUSE]
    assert "standby" in steps[0].reason


def test_a_healthy_primary_alone_never_takes_the_latch_off() -> None:
    state, actions = run(latched(), *(observed(7.0 + t, flag=True) for t in range(500)))
    assert actions == []
    assert state.phase is Phase.LATCHED


def test_failback_waits_for_the_hold_down_and_then_clears() -> None:
    sequence = [observed(7.0 + t, flag=True, failback_requested=True) for t in range(31)]
    state, actions = run(latched(), *sequence)
    assert actions == [Action.REFUSE] * 30 + [Action.CLEAR_FLAG]
    assert state.phase is Phase.SERVING


@pytest.mark.parametrize("gate", ["replication_caught_up", "model_parity", "capacity"])
@pytest.mark.parametrize("value", [False, None])
def test_each_gate_alone_stops_failback(gate: str, value: bool | None) -> None:  # noqa: FBT001 - a gate is a yes or no
    gates = replace(OPEN, **{gate: value})
    sequence = [
        observed(7.0 + t, flag=True, failback_requested=True, gates=gates) for t in range(60)
    ]
    state, actions = run(latched(), *sequence)
    assert set(actions) == {Action.REFUSE}, f"{gate}={value} must stop failback"
    assert state.phase is Phase.LATCHED


def test_flapping_restarts_the_hold_down() -> None:
    sequence = [
        observed(7.0 + t, flag=True, failback_requested=True, probe=t % 20 != 19)
        for t in range(200)
    ]
    _, actions = run(latched(), *sequence)
    assert Action.CLEAR_FLAG not in actions


def test_a_latch_does_not_hold_traffic_on_an_impaired_standby() -> None:
    _, actions = run(latched(), *(observed(7.0 + t, flag=True, standby=False) for t in range(6)))
    assert actions == [Action.CLEAR_FLAG]


def test_a_lost_write_is_taken_again() -> None:
    _, actions = run(
        latched(), *(observed(7.0 + t, probe=False, check=False, flag=False) for t in range(2))
    )
    assert actions == [Action.SET_FLAG, Action.SET_FLAG]


def test_a_lost_write_is_not_taken_again_when_its_reason_is_gone() -> None:
    state, actions = run(latched(), observed(7, flag=False))
    assert actions == []
    assert state.phase is Phase.SERVING


def test_a_restarted_observer_adopts_the_flag_it_finds() -> None:
    state, actions = run(State(), observed(0, flag=True))
    assert state.phase is Phase.LATCHED
    assert actions == []


def test_a_flag_seen_before_the_last_step_does_not_count() -> None:
    state = latched()
    early = replace(
        observed(7, probe=False, check=False), flag_set=Signal(well=False, seen_at_s=5.0)
    )
    state, actions = run(state, early)
    assert (state.phase, actions) == (Phase.LATCHED, [])


senses = st.sampled_from([True, False, None])


@given(senses, senses, senses, senses, senses, st.floats(0.1, 5))
def test_deciding_twice_gives_the_same_answer(
    observer: bool | None,  # noqa: FBT001 - a signal is a yes or no
    probe: bool | None,  # noqa: FBT001
    check: bool | None,  # noqa: FBT001
    standby: bool | None,  # noqa: FBT001
    flag: bool | None,  # noqa: FBT001
    at_s: float,
) -> None:
    seen = observed(at_s, observer=observer, probe=probe, check=check, standby=standby, flag=flag)
    assert decide(State(), seen, SETTINGS) == decide(State(), seen, SETTINGS)


class Interrupted(RuleBasedStateMachine):
    """Any signals at any time, any step lost or late: the rules at the module's head hold."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.state = State()
        self.flag = False
        self.lost: Action | None = None
        self.bad_since: float | None = None
        self.impaired_since: float | None = None
        self.previous_s = 0.0

    def _track(self, seen: Observations) -> None:
        """Keep the simple model: since when does the world give a reason to set, to clear?"""
        gap = self.now - self.previous_s > SETTINGS.stale_after_s
        self.previous_s = self.now
        see = seen.observer.well is True
        bad = seen.primary_probe.well is False and seen.primary_check.well is False
        well = seen.primary_probe.well is True and seen.primary_check.well is True
        to_set = see and bad and seen.standby.well is True
        to_clear = see and well and seen.standby.well is False
        self.bad_since = (
            (self.now if self.bad_since is None or gap else self.bad_since) if to_set else None
        )
        self.impaired_since = (
            (self.now if self.impaired_since is None or gap else self.impaired_since)
            if to_clear
            else None
        )

    @rule(
        dt=st.floats(0.5, 15),
        observer=st.sampled_from([True, True, True, False, None]),
        probe=senses,
        check=senses,
        standby=senses,
        see_flag=st.booleans(),
        requested=st.booleans(),
        lose=st.booleans(),
        repeat=st.integers(1, 12),
    )
    def observe(
        self,
        *,
        dt: float,
        see_flag: bool,
        lose: bool,
        repeat: int,
        requested: bool,
        **signals: bool | None,
    ) -> None:
        for _ in range(repeat):
            self.now += dt
            seen = observed(
                self.now,
                flag=self.flag if see_flag else None,
                failback_requested=requested,
                **signals,
            )
            self._track(seen)
            self.state, steps = decide(self.state, seen, SETTINGS)
            moves = [step for step in steps if step.action is not Action.REFUSE]
            assert len(moves) <= 1, "at most one step on the flag"
            for step in moves:
                self._check(step.action, seen)
                if not lose:
                    self.flag = step.action is Action.SET_FLAG

    def _check(self, action: Action, seen: Observations) -> None:
        if action is Action.SET_FLAG:
            assert self.bad_since is not None, "set without a reason"
            assert self.now - self.bad_since >= SETTINGS.agreement_s, "set without agreement"
            return
        asked = seen.failback_requested and seen.primary_probe.well and seen.primary_check.well
        escaped = (
            self.impaired_since is not None
            and self.now - self.impaired_since >= SETTINGS.agreement_s
        )
        assert asked or escaped, "cleared without being asked, and not to escape the standby"

    @precondition(lambda self: self.flag)
    @rule()
    def other_hand_clears(self) -> None:
        self.flag = False

    @rule()
    def observer_restarts(self) -> None:
        self.state = State()
        self.bad_since = self.impaired_since = None

    @invariant()
    def phase_is_known(self) -> None:
        assert self.state.phase in Phase

    def teardown(self) -> None:
        """Liveness: once the world is well and someone asks, the latch comes off."""
        for _ in range(60):
            self.now += 1
            seen = observed(self.now, flag=self.flag, failback_requested=True)
            self.state, steps = decide(self.state, seen, SETTINGS)
            for step in steps:
                if step.action is not Action.REFUSE:
                    self.flag = step.action is Action.SET_FLAG
        assert not self.flag, "a healthy world with a request ends without the flag"


TestInterrupted = Interrupted.TestCase
