"""The command line: what it prints, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from inference.__main__ import app
from tests.unit.inference.served import SMALL, Served

if TYPE_CHECKING:
    from pathlib import Path

runner = CliRunner()


def test_release_prints_json_and_nothing_else_on_standard_output(tmp_path: Path) -> None:
    done = runner.invoke(app, ["release", "--out", str(tmp_path), "--model", SMALL, "--json"])
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert facts["runtime"] == "arrays"
    assert len(facts["package_digest"]) == 64
    assert (tmp_path / "release.zip").stat().st_size == facts["size_bytes"]


def test_release_tells_people_what_was_built(tmp_path: Path) -> None:
    done = runner.invoke(app, ["release", "--out", str(tmp_path), "--model", SMALL])
    assert done.exit_code == 0, done.output
    for word in ("arrays: parity holds", "worst difference 0", "roc_auc"):
        assert word in done.stdout, f"{word!r} belongs into the summary"


@pytest.mark.parametrize(
    "arguments",
    [
        ["release", "--model", "no.such.module"],
        ["release", "--model", "json"],
        ["release", "--runtime", "onnx"],
        ["release", "--seed", "-1"],
        ["releese"],
        ["inspect"],
    ],
)
def test_bad_usage_ends_with_2(arguments: list[str], tmp_path: Path) -> None:
    if arguments[0] == "release":
        arguments = [*arguments, "--out", str(tmp_path)]
    done = runner.invoke(app, arguments)
    assert done.exit_code == 2, done.output
    assert not list(tmp_path.iterdir()), "and writes nothing"


def test_inspect_shows_what_a_release_says_of_itself(small: Served) -> None:
    path = str(small.built.path)
    shown = runner.invoke(app, ["inspect", path])
    assert "stays, leaves" in shown.stdout
    facts = json.loads(runner.invoke(app, ["inspect", path, "--json"]).stdout)
    assert facts["release_digest"] == small.built.release_digest
    assert facts["manifest"]["task"] == "classification"


def test_verify_ends_with_1_and_names_what_is_wrong(small: Served, tmp_path: Path) -> None:
    good = runner.invoke(app, ["verify", str(small.built.path)])
    assert (good.exit_code, small.built.release_digest in good.stdout) == (0, True)
    data = bytearray(small.built.path.read_bytes())
    place = data.index(b"model/arrays.bin") + 200
    data[place] ^= 0xFF
    (tmp_path / "bad.zip").write_bytes(data)
    bad = runner.invoke(app, ["verify", str(tmp_path / "bad.zip")])
    assert bad.exit_code == 1
    assert "model/arrays.bin" in bad.stderr
    facts = runner.invoke(app, ["verify", str(tmp_path / "bad.zip"), "--json"])
    assert json.loads(facts.stdout)["problems"], "the same, for programs"


def test_a_zip_that_does_not_exist_is_named() -> None:
    done = runner.invoke(app, ["verify", "nowhere.zip"])
    assert done.exit_code == 1
    assert "nowhere.zip" in done.stderr


def test_every_command_explains_itself() -> None:
    for command in ("release", "inspect", "verify"):
        done = runner.invoke(app, [command, "--help"])
        assert done.exit_code == 0
        assert "--json" in done.stdout
