"""The commands on call say what was wrong with what was typed, and change nothing for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from resilience.cli import app
from resilience.oncall.consent import agreed, who
from resilience.oncall.diary import Diary, Entry, read_entry
from resilience.oncall.place import where

RUNNER = CliRunner()
AT = datetime(2027, 1, 15, 8, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "UNDERSTUDY_OUTPUTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("status", "--name-server", "host:x"), "expected HOST or HOST:PORT"),
        (("status", "--every", "0"), "expected a number above 0"),
        (("status", "--outputs", "missing.json"), "does not exist"),
        (("status", "--name-server", "127.0.0.1:53"), "--outputs FILE with what"),
        (("evacuate", "us-east-1"), "--reason"),
        (("evacuate", "--reason", "x"), "REGION"),
        (("hold", "us-east-1", "--name-server", "127.0.0.1"), "--reason"),
        (("capacity", "--demand", "0"), "greater than or equal to 1"),
        (("reconcile", "--snapshot", "missing.json"), "does not exist"),
    ],
)
def test_bad_usage_exits_2_and_names_what_was_expected(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    result = RUNNER.invoke(app, list(arguments))
    shown = " ".join(result.output.replace("│", " ").split())
    assert (result.exit_code, said.lower() in shown.lower()) == (2, True), shown
    assert not (tmp_path / "reports").exists(), "no journal of what was not done"


def test_outputs_of_another_program_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps({"project": "other"}))
    result = RUNNER.invoke(app, ["status", "--outputs", str(path), "--name-server", "127.0.0.1:53"])
    assert result.exit_code == 2
    assert "the stack's outputs are not Understudy's" in result.output


def test_a_name_server_is_a_host_and_perhaps_a_port() -> None:
    for text, server in (
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("ns.example:5300", ("ns.example", 5300)),
    ):
        found = where(
            stack="staging",
            outputs=None,
            snapshot=None,
            project=Path(),
            lost=("us-east-1",),
            name_server=text,
            https_port=443,
            ca_file=None,
        )
        assert found.outside.name_server == server
        assert found.wanted.lost == {"us-east-1"}


def test_who_asks_is_who_says_so_or_whom_aws_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ana")
    assert who("ben", "arn:aws:iam::1:user/x") == "ben"
    assert who(" ", "arn:aws:iam::1:user/x") == "arn:aws:iam::1:user/x"
    assert who(None, "") == "ana"


def test_where_nobody_can_be_asked_nothing_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    agreed(("do it",), yes=True)
    with pytest.raises(typer.Exit) as ended:
        agreed(("do it",), yes=False)
    assert ended.value.exit_code == 2
    assert "give --yes" in capsys.readouterr().err


def test_a_command_that_is_killed_leaves_an_entry_without_an_end(tmp_path: Path) -> None:
    entry = Entry(
        kind="evacuate",
        stack="staging",
        account="123456789012",
        target="us-east-1",
        by="ana",
        reason="INC-7",
        began_at=AT,
    )
    diary = Diary(entry, tmp_path)
    diary.line("the word is written in us-west-2")
    killed = read_entry(tmp_path / "journal.json")
    assert (killed.outcome, killed.ended_at, len(killed.lines)) == ("begun", None, 1)
    assert (killed.by, killed.reason) == ("ana", "INC-7")
    diary.end("done", {"took_s": 5.0})
    ended = read_entry(tmp_path / "journal.json")
    assert (ended.outcome, ended.figures) == ("done", {"took_s": 5.0})
    assert ended.ended_at is not None
