"""Rehearsals beside simulations: the same losses, and a bound that can be missed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING

import pytest
from topologies import nearest, topology
from typer.testing import CliRunner

from resilience import cli
from resilience.journal import Journal, JournalError, Phase, ProbeTable, Raw, Run, write_journal
from resilience.measurement import Marks, Measurements, Recovery, Steady
from resilience.simulate.cross_check import bound_s, compare
from resilience.topology import Topology, to_json

if TYPE_CHECKING:
    from pathlib import Path

RUNNER = CliRunner()


def rehearsed(
    scenario: str, recovery_s: float | None, stack: Topology | None = None, *, alone_s: float = 0.0
) -> Journal:
    """A rehearsal that lost something at 100 s and gave it back 150 s (and `alone_s`) later."""
    return Journal(
        run=Run(
            kind="rehearsal",
            scenario=scenario,
            stack="staging",
            seed=0,
            speed=1,
            rate_per_s=10,
            clients=8,
            commit=None,
            started_at=datetime(2026, 1, 2, tzinfo=UTC),
            duration_s=400,
            environment={},
        ),
        verdict="met",
        topology=json.loads(to_json(stack or topology())),
        phases=[
            Phase(name="us-east-1 is back, the latch holds", from_s=250 + alone_s, until_s=300)
        ],
        measurements=Measurements(
            recovery=Recovery(recovery_time_s=recovery_s, parts=()),
            availability_ratio=None,
            probes=0,
            bad_probes=0,
            data_loss=None,
            lost_for_good=None,
        ),
        raw=Raw(
            probes=ProbeTable.pack(()),
            writes=[],
            steady=Steady(),
            marks=Marks(onset_s=100 + alone_s, until_s=250 + alone_s),
            from_s=0,
            until_s=400,
            lost_region="us-east-1",
            lost_at_s=100,
            held_at_takeover=None,
            held_at_end=None,
        ),
    )


@pytest.mark.parametrize(
    ("scenario", "stack", "recovery_s"),
    [
        ("primary-lost", topology(), 40.0),
        ("first-two-lost", topology(3), 40.0),
        ("nearest-lost", nearest(), 40.0),
        ("standby-lost", topology(), 0.0),
    ],
)
def test_what_was_rehearsed_is_what_is_simulated(
    scenario: str, stack: Topology, recovery_s: float
) -> None:
    found = compare(rehearsed(scenario, recovery_s, stack), seeds=40)
    assert found.agrees, found
    assert found.longest_s <= 46 + 5


def test_the_return_of_a_region_is_counted_from_when_it_returned() -> None:
    found = compare(rehearsed("all-lost", 30.0, alone_s=60.0), seeds=40)
    assert 0 < found.shortest_s <= found.longest_s < 60, "not from the loss, a minute before"


def test_a_time_that_no_simulation_comes_near_differs() -> None:
    for recovery_s in (5.0, 80.0, None):
        found = compare(rehearsed("primary-lost", recovery_s), seeds=40)
        assert not found.agrees, f"{recovery_s} s cannot be with these settings"
    assert compare(rehearsed("primary-lost", None), seeds=10).rehearsed_s == inf


def test_the_bound_grows_with_the_speed_and_with_nothing_else() -> None:
    assert (bound_s(1), bound_s(10)) == (2.5, 7.0)


@pytest.mark.parametrize(
    ("journal", "said"),
    [
        (rehearsed("moon-lost", 1.0), "expected a rehearsal of one of primary-lost"),
        (rehearsed("primary-lost", 1.0).model_copy(update={"raw": None}), "measured nothing"),
        (
            rehearsed("primary-lost", 1.0).model_copy(update={"topology": {"project": "x"}}),
            "not read by this version",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(journal: Journal, said: str) -> None:
    with pytest.raises(JournalError, match=said):
        compare(journal, seeds=10)


def test_the_command_prints_one_row_a_journal_and_exits_by_the_verdict(tmp_path: Path) -> None:
    write_journal(rehearsed("primary-lost", 40.0), tmp_path / "one" / "journal.json")
    write_journal(rehearsed("primary-lost", 95.0), tmp_path / "two.json")
    one, two = str(tmp_path / "one"), str(tmp_path / "two.json")
    good = RUNNER.invoke(cli.app, ["cross-check", one, "--seeds", "40", "--markdown"])
    assert good.exit_code == 0, good.stderr
    assert good.stdout.splitlines()[2].startswith("| primary-lost | staging | 10 s x 3, TTL 10 s")
    both = RUNNER.invoke(cli.app, ["cross-check", one, two, "--seeds", "40", "--json"])
    assert both.exit_code == 1
    assert [each["agrees"] for each in json.loads(both.stdout)] == [True, False]
    bad = RUNNER.invoke(cli.app, ["cross-check", str(tmp_path / "missing.json")])
    assert bad.exit_code == 2
    (tmp_path / "empty.json").write_text("{}")
    empty = RUNNER.invoke(cli.app, ["cross-check", str(tmp_path / "empty.json")])
    assert (empty.exit_code, empty.stdout) == (2, "")
