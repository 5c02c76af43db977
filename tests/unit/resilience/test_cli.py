"""The command line: every option has a help text, and bad values say what was expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from journals import broken, journal
from typer.main import get_command
from typer.testing import CliRunner

from resilience import cli
from resilience.journal import Journal, digest_of, read_journal
from resilience.rehearsal.options import ScenarioName, default_rate_per_s
from resilience.rehearsal.scenarios import SCENARIOS

RUNNER = CliRunner()
ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    (tmp_path / "Pulumi.staging.yaml").write_text("config: {}\n")
    return tmp_path


def test_every_command_and_every_option_has_a_help_text() -> None:
    group = get_command(cli.app)
    commands = group.commands  # type: ignore[attr-defined]
    assert set(commands) >= {"rehearse", "emulate", "policy", "simulate", "cross-check"}
    for name, command in commands.items():
        assert command.help, f"{name} says what it does"
        for option in command.params:
            if option.name != "help":
                assert option.help, f"{name} --{option.name} says what it does"


def test_help_names_the_exit_codes() -> None:
    result = RUNNER.invoke(cli.app, ["--help"])
    assert result.exit_code == 0
    assert "2 bad usage" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--speed", "0"], "expected a number above 0"),
        (["--speed", "inf"], "expected a number above 0"),
        (["--speed", "fast"], "valid number"),
        (["--rate", "-1"], "expected a number above 0"),
        (["--seed", "-1"], "greater than or equal to 0"),
        (["--scenario", "moon-lost"], "primary-lost"),
        (["--stack", "nowhere"], "expected one of the stacks staging"),
        (["--config-file", "missing.yaml"], "does not exist"),
        (["--release", "missing.zip"], "does not exist"),
        (["--nonsense"], "No such option"),
    ],
)
def test_bad_usage_exits_2_and_names_value_and_expectation(
    project: Path, arguments: list[str], said: str
) -> None:
    result = RUNNER.invoke(cli.app, ["rehearse", "--project", str(project), *arguments])
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert result.stdout == ""


def test_a_folder_without_a_project_is_named(tmp_path: Path) -> None:
    result = RUNNER.invoke(cli.app, ["emulate", "--project", str(tmp_path)])
    assert result.exit_code == 2
    assert "holds no Pulumi.yaml" in " ".join(result.stderr.replace("│", " ").split())


def test_a_zip_that_is_no_release_is_refused(project: Path) -> None:
    bad = project / "bad.zip"
    bad.write_bytes(b"no zip")
    result = RUNNER.invoke(cli.app, ["rehearse", "--project", str(project), "--release", str(bad)])
    assert result.exit_code == 2
    assert "bad.zip is no release" in result.stderr


@pytest.mark.parametrize(
    ("written", "code"),
    [(journal(), 0), (journal(outage_s=75), 1), (broken(), 3)],
    ids=["met", "missed", "broken"],
)
def test_the_exit_code_is_the_verdict_and_json_is_all_there_is(
    project: Path, monkeypatch: pytest.MonkeyPatch, written: Journal, code: int
) -> None:
    monkeypatch.setattr("resilience.rehearsal.run.rehearse", lambda *_: written)
    out = project / "out"
    result = RUNNER.invoke(
        cli.app, ["rehearse", "--project", str(project), "--out", str(out), "--json"]
    )
    assert result.exit_code == code
    summary = json.loads(result.stdout)
    assert summary["verdict"] == written.verdict
    assert summary["missed"] == written.missed()
    digest = None if written.raw is None else digest_of(written.raw)
    expected = written.model_copy(update={"raw_digest": digest})
    assert read_journal(out / "journal.json") == expected
    assert (out / "report.html").read_text().startswith("<!doctype html>")


def test_every_scenario_can_be_played() -> None:
    assert set(SCENARIOS) == set(ScenarioName)


@pytest.mark.parametrize(("speed", "rate"), [(1, 10), (2, 10), (10, 2), (20, 1)])
def test_the_default_rate_spares_the_machine(speed: float, rate: float) -> None:
    assert default_rate_per_s(speed) == rate
