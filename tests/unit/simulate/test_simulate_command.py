"""The command: its exit codes, its bytes, and what it says of bad input."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from topologies import topology
from typer.testing import CliRunner

from resilience import cli
from resilience.journal import read_journal
from resilience.objectives import Objectives
from resilience.simulate import play as playing
from resilience.simulate.source import save_snapshot
from resilience.simulate.what_ifs import with_regions, with_threshold, with_ttl
from resilience.simulator import Outcome, Violation

if TYPE_CHECKING:
    from pathlib import Path

    from resilience.topology import Topology

RUNNER = CliRunner()
FEW = ("--scenarios", "60", "--workers", "1")


def deployed() -> Topology:
    """A stack that meets its objectives with the short keep-alive that the program sets."""
    return with_regions(
        topology(),
        lambda region: replace(
            region,
            objectives=Objectives(rto_s=110, rpo_s=300, availability_ratio=0.75),
            load_balancer=replace(region.load_balancer, client_keep_alive_s=60.0),
        ),
    )


def run(folder: Path, stack: Topology, *arguments: str) -> tuple[int, str, str]:
    """Simulate a stack from a snapshot; gives exit code, standard output and standard error."""
    save_snapshot(stack, folder / "stack.json")
    result = RUNNER.invoke(
        cli.app,
        [
            "simulate",
            *("--stack", stack.stack, "--snapshot", str(folder / "stack.json")),
            *("--out", str(folder / "out"), *arguments),
        ],
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, " ".join(result.stderr.replace("│", " ").split())


def test_a_sound_stack_meets_its_objectives(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, deployed(), *FEW, "--no-what-if")
    assert (code, out.splitlines()[-1]) == (0, "objectives met")
    journal = read_journal(tmp_path / "out" / "journal.json")
    assert journal.run.kind == "simulation"
    assert journal.simulation is not None
    assert sum(result.scenarios for result in journal.simulation.results[:-1]) == 60
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<svg" in page
    assert "region-gone" in page
    assert not re.search(r'(src|href)="?https?:', page), "a report reaches out to nothing"


@pytest.mark.parametrize(
    ("worse", "what"),
    [
        (with_ttl(deployed(), 300.0, alias=False), "a TTL of 300 s"),
        (with_threshold(deployed(), 10), "ten failures in a row"),
    ],
    ids=["TTL 300", "threshold 10"],
)
def test_a_setting_made_worse_exits_1_and_names_the_objective(
    tmp_path: Path, worse: Topology, what: str
) -> None:
    code, out, _ = run(tmp_path, worse, *FEW, "--no-what-if", "--classes", "region-gone")
    assert code == 1, f"{what} cannot meet the objective"
    assert out.splitlines()[-1].startswith("missed: rto_s")


def test_two_runs_and_any_number_of_workers_give_the_same_bytes(tmp_path: Path) -> None:
    some = ("--scenarios", "12", "--seed", "7")
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    save_snapshot(deployed(), tmp_path / "stack.json")
    found: list[tuple[str, bytes, bytes]] = []
    for folder, workers in zip(folders, ("1", "2"), strict=True):
        result = RUNNER.invoke(
            cli.app,
            [
                "simulate",
                *("--stack", "staging", "--snapshot", str(tmp_path / "stack.json")),
                *(*some, "--workers", workers, "--out", str(folder)),
            ],
        )
        assert result.exit_code == 0, result.stdout
        journal, report = (folder / name for name in ("journal.json", "report.html"))
        found.append((result.stdout, journal.read_bytes(), report.read_bytes()))
    assert found[0] == found[1]


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    few = ("--scenarios", "22", "--workers", "1", "--no-what-if", "--json")
    _, one, _ = run(tmp_path, deployed(), *few, "--seed", "1")
    _, other, _ = run(tmp_path, deployed(), *few, "--seed", "2")
    assert json.loads(one)["simulation"]["results"] != json.loads(other)["simulation"]["results"]


def test_json_is_all_there_is_on_standard_output(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, deployed(), *FEW, "--no-what-if", "--json")
    summary = json.loads(out)
    assert code == 0
    assert summary["verdict"] == "met"
    assert summary["missed"] == []
    assert {verdict["objective"] for verdict in summary["verdicts"]} == {
        "rto_s",
        "rpo_s",
        "availability",
    }


def test_a_broken_rule_exits_1_with_the_command_that_plays_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = playing.simulate

    def spoilt(stack: object, scenario: object, **more: object) -> Outcome:
        outcome = real(stack, scenario, **more)  # type: ignore[arg-type]
        broken = Violation(rule="a rule", at_s=12.0, detail="what was seen")
        return replace(outcome, violations=(broken,))

    monkeypatch.setattr(playing, "simulate", spoilt)
    monkeypatch.setattr("resilience.simulate.run.simulate", spoilt)
    monkeypatch.setattr("resilience.simulate.run.shrink", lambda _, scenario, **__: scenario)
    code, out, _ = run(tmp_path, deployed(), "--scenarios", "3", "--workers", "1", "--no-what-if")
    assert code == 1
    assert "rule broken in 3 scenarios, first in seed 1000000000: a rule" in out
    assert f"--snapshot {tmp_path / 'stack.json'} --replay 'seed=1000000000 for=3600 " in out
    assert out.splitlines()[-1] == "missed: no rule is broken"


def test_what_is_wrong_before_anything_is_broken_is_said(tmp_path: Path) -> None:
    unwatched = with_regions(
        deployed(), lambda region: replace(region, evacuation_function="other")
    )
    off = with_regions(
        unwatched,
        lambda region: replace(region, deep_check=replace(region.deep_check, disabled=True)),
    )
    code, out, _ = run(tmp_path, off, *FEW, "--no-what-if")
    assert code == 1
    assert "wrong before anything is broken" in out


def test_a_scenario_is_played_again_by_its_text_or_its_seed(tmp_path: Path) -> None:
    code, by_seed, _ = run(tmp_path, deployed(), "--replay", "1000000000")
    text = by_seed.splitlines()[0]
    assert code == 0
    assert text.startswith("seed=1000000000 for=3600 region-gone(")
    assert run(tmp_path, deployed(), "--replay", text)[1] == by_seed
    _, as_json, _ = run(tmp_path, deployed(), "--replay", text, "--json")
    assert json.loads(as_json)["scenario"] == text


def test_two_kinds_of_fault_can_be_played_at_once(tmp_path: Path) -> None:
    both = "observer-dead+region-gone"
    code, out, _ = run(tmp_path, deployed(), "--classes", both, "--replay", "1000000003")
    assert code == 0
    assert {word.split("(")[0] for word in out.splitlines()[0].split()[2:]} == set(both.split("+"))


def test_the_fault_classes_can_be_listed() -> None:
    result = RUNNER.invoke(cli.app, ["simulate", "--classes", "list"])
    assert result.exit_code == 0
    assert "region-gone  (the objectives are held to it)" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scenarios", "0"), "1"),
        (("--scenarios", "many"), "valid integer"),
        (("--seed", "-1"), "0"),
        (("--workers", "0"), "1"),
        (("--duration", "0"), "expected a number above 0"),
        (("--duration", "nan"), "expected a number above 0"),
        (("--classes", "moon-gone"), "no fault class moon-gone: expected some of region-gone"),
        (("--classes", ","), "no fault class ','"),
        (("--classes", "cold+two-faults"), "no fault class cold+two-faults"),
        (("--replay", "gibberish"), "'gibberish' is no part of a scenario"),
        (("--replay", "region-gone(mars)@1+2"), "no Region mars: expected some of us-east-1"),
        (("--replay", "5"), "seed 5 is not of a run with --seed 1"),
        (("--deployed",), "got --snapshot and --deployed"),
        (("--outputs", "stack.json"), "give --deployed too"),
        (("--stack", "prod"), "topology of stack staging: expected prod"),
        (("--snapshot", "missing.json"), "does not exist"),
        (("--nonsense",), "No such option"),
    ],
)
def test_bad_usage_exits_2_and_says_what_was_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, error = run(tmp_path, deployed(), *arguments)
    assert (code, out) == (2, ""), error
    assert said in error


def test_a_file_that_is_no_snapshot_exits_2(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    result = RUNNER.invoke(
        cli.app, ["simulate", "--stack", "staging", "--snapshot", str(tmp_path / "x.json")]
    )
    assert result.exit_code == 2
    assert "expected a file that --save-snapshot wrote" in result.stderr


def test_an_error_that_nobody_foresaw_is_a_broken_run_and_not_a_miss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save_snapshot(deployed(), tmp_path / "stack.json")

    def burst(*_: object) -> None:
        raise ZeroDivisionError("in the engine")

    monkeypatch.setattr("resilience.simulate.run.simulate_stack", burst)
    arguments = ["simulate", "--stack", "staging", "--snapshot", str(tmp_path / "stack.json")]
    monkeypatch.setattr("sys.argv", ["run", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 3
    assert "in the engine" in capsys.readouterr().err


def test_the_snapshot_that_is_saved_is_what_was_simulated(tmp_path: Path) -> None:
    saved = tmp_path / "saved.json"
    run(tmp_path, deployed(), "--replay", "1000000000", "--save-snapshot", str(saved))
    assert saved.read_text() == (tmp_path / "stack.json").read_text()
