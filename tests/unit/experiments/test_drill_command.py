"""The command `drill`: what it lists, whom it asks, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from resilience.cli import app
from resilience.experiments import command
from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.core.world import CallError
from resilience.experiments.drive import UnfinishedError
from resilience.experiments.session import Ended, Wish, WishError
from resilience.resolver import NoNameServerError

if TYPE_CHECKING:
    from collections.abc import Callable

runner = CliRunner()
DRILL = ("drill", "--experiment", "region-loss", "--option", "how=listener")


def ending(monkeypatch: pytest.MonkeyPatch, how: Callable[[], Ended]) -> list[Wish]:
    wishes: list[Wish] = []

    def run(wish: Wish, _progress: object) -> Ended:
        wishes.append(wish)
        return how()

    monkeypatch.setattr("resilience.experiments.session.run", run)
    return wishes


def test_the_list_names_every_experiment_and_its_options() -> None:
    listed = runner.invoke(app, ["drill", "--list", "--json"])
    assert listed.exit_code == 0
    assert [each["name"] for each in json.loads(listed.stdout)] == list(CATALOGUE)
    told = runner.invoke(app, ["drill", "--list"]).stdout
    assert "--option how=throttle|listener|security-group" in told


@pytest.mark.parametrize(
    ("verdict", "code"),
    [("planned", 0), ("recovered", 0), ("met", 0), ("missed", 1), ("refused", 2), ("broken", 3)],
)
def test_the_exit_code_is_how_it_ended(
    monkeypatch: pytest.MonkeyPatch, verdict: str, code: int
) -> None:
    wishes = ending(monkeypatch, lambda: Ended(verdict=verdict, why="said the test"))
    ended = runner.invoke(app, [*DRILL, "--json"])
    assert ended.exit_code == code
    assert json.loads(ended.stdout)["verdict"] == verdict
    assert wishes[0].options == {"how": "listener"}
    assert not wishes[0].execute, "without --execute it is a dry run"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (WishError("no such experiment"), 2),
        (NoNameServerError("this machine has no name server"), 2),
        (CallError("s3", "AccessDenied", "no"), 3),
        (UnfinishedError("run: ./run drill --recover"), 3),
    ],
)
def test_errors_are_sentences_with_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    def how() -> Ended:
        raise error

    ending(monkeypatch, how)
    ended = runner.invoke(app, [*DRILL])
    assert ended.exit_code == code
    assert str(error) in ended.output
    assert "Traceback" not in ended.output


def test_without_a_terminal_nothing_is_changed_unless_yes_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wishes = ending(monkeypatch, lambda: Ended(verdict="met"))
    runner.invoke(app, [*DRILL, "--execute", "--json"])
    runner.invoke(app, [*DRILL, "--execute", "--yes", "--json"])
    asking, silent = wishes
    assert asking.confirm is not None
    assert silent.confirm is None
    assert command._confirm("Drill now?") is False


@pytest.mark.parametrize(
    "arguments",
    [
        ("drill",),
        ("drill", "--experiment", "region-loss", "--option", "how"),
        ("drill", "--experiment", "region-loss", "--name-server", "nowhere:x"),
    ],
)
def test_bad_usage_says_what_was_expected(arguments: tuple[str, ...]) -> None:
    ended = runner.invoke(app, [*arguments])
    assert ended.exit_code == 2
    assert "expected" in ended.output
