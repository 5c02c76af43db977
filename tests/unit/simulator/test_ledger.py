"""The closed form of the measurements against `resilience.measurement` on the probes themselves."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resilience import measurement
from resilience.measurement import Marks, Steady
from resilience.records import Connection, Outcome, Probe
from resilience.simulator.ledger import Ledger

CLIENTS, RATE, UNTIL_S = 20, 20.0, 200.0
STEADY = Steady()

Change = tuple[float, tuple[int, ...], bool]

changes = st.lists(
    st.tuples(
        st.integers(50, 190 * 4).map(lambda quarter: quarter / 4 + 0.01),
        st.lists(st.integers(0, CLIENTS - 1), min_size=1, max_size=CLIENTS, unique=True).map(tuple),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
).map(lambda found: sorted(found, key=lambda each: each[0]))


def ledger_of(found: list[Change]) -> Ledger:
    ledger = Ledger(CLIENTS, RATE)
    for at_s, clients, bad in found:
        ledger.note(at_s, [(client, float(bad)) for client in clients])
    return ledger


def probes_of(found: list[Change]) -> list[Probe]:
    """Send every probe, one by one."""
    bad = [False] * CLIENTS
    ahead = list(found)
    probes: list[Probe] = []
    for number in range(int(UNTIL_S * RATE)):
        sent_s = number / RATE
        while ahead and ahead[0][0] <= sent_s:
            _, clients, badly = ahead.pop(0)
            for client in clients:
                bad[client] = badly
        client = number % CLIENTS
        outcome = Outcome.TIMEOUT if bad[client] else Outcome.GOOD
        probes.append(
            Probe(
                scheduled_s=round(sent_s, 4),
                client=client,
                connection=Connection.FRESH,
                outcome=outcome,
                latency_s=0.0,
            )
        )
    return probes


@settings(max_examples=30, deadline=None)
@given(found=changes)
def test_the_closed_form_measures_what_the_probes_do(found: list[Change]) -> None:
    ledger, probes = ledger_of(found), probes_of(found)
    measured = measurement.availability_ratio(probes, from_s=0.0, until_s=UNTIL_S)
    assert ledger.availability_ratio(UNTIL_S) == pytest.approx(measured)
    onset_s = found[0][0]
    outages = ledger.outages(STEADY, [onset_s], UNTIL_S)
    marks = Marks(onset_s=onset_s, until_s=UNTIL_S)
    recovery_s = measurement.recovery_time_s(probes, marks, STEADY)
    if recovery_s == 0.0:
        assert not outages, "no window failed"
    elif recovery_s is None:
        assert outages[0].until_s == inf, "no window held again"
    else:
        assert outages[0].recovery_s == pytest.approx(recovery_s, abs=1.5 / RATE)


@settings(max_examples=15, deadline=None)
@given(found=changes, probe=st.integers(0, 4000))
def test_bad_probes_are_counted_without_sending_them(found: list[Change], probe: int) -> None:
    probes = probes_of(found)
    bad = sum(not each.good for each in probes[:probe])
    assert ledger_of(found).bad_before(min(probe, len(probes))) == bad


def test_a_share_of_failing_requests_that_is_small_enough_is_no_outage() -> None:
    for share, outages in ((0.009, 0), (0.02, 1)):
        ledger = Ledger(CLIENTS, RATE)
        ledger.note(50.0, [(client, share) for client in range(CLIENTS)])
        ledger.note(100.0, [(client, 0.0) for client in range(CLIENTS)])
        assert len(ledger.outages(STEADY, [50.0], UNTIL_S)) == outages


def test_each_outage_counts_from_the_last_fault_that_began_before_it() -> None:
    everybody = tuple(range(CLIENTS))
    ledger = ledger_of(
        [(50, everybody, True), (60, everybody, False), (120, (3,), True), (150, (3,), False)]
    )
    first, second = ledger.outages(STEADY, [40.0, 45.0, 118.0], UNTIL_S)
    assert first.onset_s == 45.0
    assert first.until_s == pytest.approx(60, abs=0.1)
    assert second.onset_s == 118.0
    assert second.first_bad_s == pytest.approx(120, abs=1.1)


def test_an_outage_that_no_fault_began_counts_from_its_first_bad_probe() -> None:
    everybody = tuple(range(CLIENTS))
    ledger = ledger_of([(50, everybody, True), (60, everybody, False), (90, everybody, True)])
    first, second = ledger.outages(STEADY, [50.0], UNTIL_S)
    assert first.recovery_s == pytest.approx(10, abs=0.1)
    assert second.onset_s == second.first_bad_s == pytest.approx(90, abs=0.1)
    assert second.until_s == inf
