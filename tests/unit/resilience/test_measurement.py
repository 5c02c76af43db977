"""Recovery time, its split, availability and data loss, from probes and writes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from resilience.measurement import (
    Marks,
    Steady,
    Windows,
    availability_ratio,
    data_loss,
    recovery,
    recovery_time_s,
    split,
)
from resilience.records import Connection, Outcome, Probe, Write

STEADY = Steady(window_s=5.0, success_ratio=0.99)
STANDBY = "127.42.11.1"


def probe(
    at_s: float, *, good: bool, address: str = "127.42.10.1", latency_s: float = 0.1
) -> Probe:
    return Probe(
        scheduled_s=at_s,
        client=0,
        connection=Connection.FRESH,
        outcome=Outcome.GOOD if good else Outcome.TIMEOUT,
        latency_s=latency_s,
        address=address,
    )


def outage(*, onset_s: float, end_s: float, until_s: float = 100.0) -> list[Probe]:
    """Four probes a second; all bad in the outage, on the standby after it."""
    return [
        probe(
            tick / 4,
            good=not onset_s <= tick / 4 < end_s,
            address=STANDBY if tick / 4 >= end_s else "127.42.10.1",
        )
        for tick in range(int(until_s * 4))
    ]


probes = st.lists(
    st.builds(
        probe,
        st.floats(0, 100, allow_nan=False),
        good=st.booleans(),
        address=st.sampled_from(["127.42.10.1", STANDBY]),
        latency_s=st.floats(0, 20, allow_nan=False),
    ),
    max_size=80,
)
instants = st.one_of(st.none(), st.floats(0, 120, allow_nan=False))
marks = st.builds(
    Marks,
    onset_s=st.floats(0, 60, allow_nan=False),
    until_s=st.floats(60, 100, allow_nan=False),
    detected_s=instants,
    decided_s=instants,
    takeover_addresses=st.just(frozenset({STANDBY})),
)


def test_an_outage_is_as_long_as_it_was() -> None:
    seen = outage(onset_s=20, end_s=57)
    assert recovery_time_s(seen, Marks(onset_s=20, until_s=90), STEADY) == 37


def test_a_loss_that_costs_no_reply_recovers_in_no_time() -> None:
    seen = outage(onset_s=0, end_s=0)
    assert recovery_time_s(seen, Marks(onset_s=20, until_s=90), STEADY) == 0


def test_a_loss_that_bites_late_is_not_missed() -> None:
    seen = outage(onset_s=40, end_s=57)
    assert recovery_time_s(seen, Marks(onset_s=20, until_s=90), STEADY) == 37


def test_giving_the_region_back_is_no_recovery() -> None:
    seen = outage(onset_s=20, end_s=80)
    measured = recovery(seen, Marks(onset_s=20, until_s=80), STEADY)
    assert measured.recovery_time_s is None, "a recovery after the fault was taken away is none"
    assert measured.parts == ()


def test_a_gap_without_probes_is_not_a_window_that_holds() -> None:
    seen = [p for p in outage(onset_s=20, end_s=57) if not 30 <= p.scheduled_s < 57]
    assert recovery_time_s(seen, Marks(onset_s=20, until_s=90), STEADY) == 37


def test_a_window_is_full_only_inside_the_measured_stretch() -> None:
    seen = outage(onset_s=20, end_s=57)
    assert recovery_time_s(seen, Marks(onset_s=20, until_s=61.9), STEADY) is None
    assert recovery_time_s(seen, Marks(onset_s=20, until_s=62), STEADY) == 37


def test_one_wrong_answer_in_a_window_breaks_it() -> None:
    seen = outage(onset_s=20, end_s=57)
    seen = [replace(p, outcome=Outcome.WRONG_ANSWER) if p.scheduled_s == 58 else p for p in seen]
    assert recovery_time_s(seen, Marks(onset_s=20, until_s=90), STEADY) == 38.25


def test_the_split_names_each_part() -> None:
    seen = outage(onset_s=20, end_s=57)
    seen = [replace(p, address=STANDBY) if 51 <= p.scheduled_s < 57 else p for p in seen]
    seen = [replace(p, outcome=Outcome.GOOD) if p.scheduled_s == 53 else p for p in seen]
    measured = recovery(
        seen,
        Marks(
            onset_s=20,
            until_s=90,
            detected_s=49,
            decided_s=50,
            takeover_addresses=frozenset({STANDBY}),
        ),
        STEADY,
    )
    durations = {part.name: part.duration_s for part in measured.parts}
    assert durations == pytest.approx(
        {"detect": 29, "decide": 1, "shift": 1, "first_good_reply": 2.1, "steady": 3.9}
    )


def test_a_part_whose_end_was_not_seen_says_so_and_takes_no_time() -> None:
    seen = outage(onset_s=20, end_s=57)
    measured = recovery(
        seen,
        Marks(onset_s=20, until_s=90, takeover_addresses=frozenset({STANDBY})),
        STEADY,
    )
    parts = {part.name: part for part in measured.parts}
    assert not parts["detect"].observed
    assert parts["detect"].duration_s == 0
    assert parts["shift"].duration_s == 37, "unseen time belongs to the next part that was seen"


def test_a_poll_that_came_late_does_not_outlast_what_it_implies() -> None:
    measured = recovery(
        outage(onset_s=20, end_s=57),
        Marks(
            onset_s=20,
            until_s=90,
            detected_s=49,
            decided_s=59,
            takeover_addresses=frozenset({STANDBY}),
        ),
        STEADY,
    )
    durations = {part.name: part.duration_s for part in measured.parts}
    assert durations["decide"] == 8, "a client that moved shows that the answer had changed"


@given(probes, marks)
def test_the_parts_sum_to_the_recovery_time(seen: list[Probe], at: Marks) -> None:
    measured = recovery(seen, at, STEADY)
    assume(measured.recovery_time_s is not None)
    assert all(part.duration_s >= 0 for part in measured.parts)
    assert sum(part.duration_s for part in measured.parts) == pytest.approx(
        measured.recovery_time_s
    )


@given(probes, marks, st.floats(0, 50))
def test_delaying_replies_never_moves_the_recovery(
    seen: list[Probe], at: Marks, delay_s: float
) -> None:
    delayed = [replace(p, latency_s=p.latency_s + delay_s) for p in seen]
    assert recovery_time_s(delayed, at, STEADY) == recovery_time_s(seen, at, STEADY)


@given(probes, marks, st.randoms())
def test_the_order_of_probes_does_not_matter(seen: list[Probe], at: Marks, random: object) -> None:
    shuffled = list(seen)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert recovery_time_s(shuffled, at, STEADY) == recovery_time_s(seen, at, STEADY)


@given(probes, marks)
def test_the_recovery_is_the_first_window_that_holds(seen: list[Probe], at: Marks) -> None:
    """Compare with the definition, read out naively."""
    measured = recovery_time_s(seen, at, STEADY)
    starts = [at.onset_s, *sorted(p.scheduled_s for p in seen if p.scheduled_s >= at.onset_s)]
    starts = [s for s in starts if s + STEADY.window_s <= at.until_s]

    def holds(start_s: float) -> bool:
        inside = [p for p in seen if start_s <= p.scheduled_s < start_s + STEADY.window_s]
        good = sum(p.good for p in inside)
        return bool(inside) and good / len(inside) >= STEADY.success_ratio

    verdicts = [holds(s) for s in starts]
    if not starts:
        expected = None
    elif all(verdicts):
        expected = 0.0
    else:
        later = [s for s, ok in zip(starts, verdicts, strict=True)][verdicts.index(False) :]
        expected = next((s - at.onset_s for s in later if holds(s)), None)
    assert measured == expected


@given(probes, st.floats(0, 100, allow_nan=False))
def test_adding_a_bad_reply_never_raises_availability(seen: list[Probe], at_s: float) -> None:
    before = availability_ratio(seen, from_s=0, until_s=101)
    after = availability_ratio([*seen, probe(at_s, good=False)], from_s=0, until_s=101)
    assert after is not None
    assert after <= (1.0 if before is None else before)


@given(probes, st.floats(0, 100, allow_nan=False))
def test_a_bad_reply_never_turns_a_window_good(seen: list[Probe], at_s: float) -> None:
    worse = [*seen, probe(at_s, good=False)]
    before, after = Windows(seen, STEADY), Windows(worse, STEADY)
    starts = [at_s - 5, at_s - 1, at_s]
    assert all(before.hold(s) for s in starts if after.hold(s))


def test_a_wrong_answer_is_a_bad_reply() -> None:
    seen = [probe(1, good=True), replace(probe(2, good=True), outcome=Outcome.WRONG_ANSWER)]
    assert availability_ratio(seen, from_s=0, until_s=10) == 0.5


def test_availability_of_nothing_is_not_known() -> None:
    assert availability_ratio([], from_s=0, until_s=10) is None


def write(
    number: int, at_s: float, *, region: str = "us-east-1", acknowledged: bool = True
) -> Write:
    return Write(number=number, written_s=at_s, region=region, acknowledged=acknowledged)


def test_the_data_loss_window_is_the_age_of_the_oldest_missing_write() -> None:
    writes = [write(n, float(n)) for n in range(10)]
    loss = data_loss(writes, lost_region="us-east-1", present={0, 1, 2, 3, 4, 6}, onset_s=12.0)
    assert (loss.acknowledged, loss.missing, loss.window_s) == (10, 4, 7.0)


def test_only_what_the_lost_region_acknowledged_can_be_lost() -> None:
    writes = [
        write(1, 1),
        write(2, 2, acknowledged=False),
        write(3, 3, region="us-west-2"),
        write(4, 50),
    ]
    loss = data_loss(writes, lost_region="us-east-1", present={1}, onset_s=12.0)
    assert (loss.acknowledged, loss.missing, loss.window_s) == (1, 0, 0.0)


def test_clients_who_were_there_all_along_have_not_shifted() -> None:
    """With latency records others are served by the Region that takes over, from the beginning."""
    moved = outage(onset_s=20, end_s=57)
    there = [replace(probe(tick / 4, good=True, address=STANDBY), client=1) for tick in range(400)]
    seen = sorted([*moved, *there], key=lambda each: each.scheduled_s)
    shared = Marks(onset_s=20, until_s=90, takeover_addresses=frozenset({STANDBY}))
    own = replace(shared, moved_clients=frozenset({0}))
    shift = [split(seen, marks, 37)[2].duration_s for marks in (shared, own)]
    assert shift[0] < 1, "all clients together would hide the shift"
    assert shift[1] == 37
