"""The unpacked package runs on the standard library alone, and starts light."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from inference.serving.records import Recorder
from tests.unit.inference.served import GOOD_ROW, Client, Served, body_of, event_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DRIVER = """
import json, sys
sys.path.insert(0, sys.argv[1])
import handler
replies = [handler.handle(event, None) for event in json.loads(sys.stdin.read())]
print(json.dumps({"replies": replies, "modules": sorted(sys.modules)}), file=sys.stderr)
"""
# Each costs about as much to import as the rest of the start, or more.
SLOW_TO_IMPORT = {"typing", "dataclasses", "inspect", "pathlib", "datetime", "hashlib", "base64"}


def run(root: Path, *events: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    command = [sys.executable, "-I", "-S", "-c", DRIVER, str(root)]
    done = subprocess.run(
        command, input=json.dumps(events), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stderr), [json.loads(line) for line in done.stdout.splitlines()]


PREDICT = event_of("POST", "/v1/predict", body=json.dumps({"rows": [GOOD_ROW]}))
READY = event_of("GET", "/health/ready")


@pytest.fixture
def read_only(own: Served) -> Iterator[Path]:
    """As in Lambda: nothing of the package can be written."""
    places = [own.root, *own.root.rglob("*")]
    for place in places:
        place.chmod(place.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    yield own.root
    for place in places:
        place.chmod(place.stat().st_mode | stat.S_IWUSR)


def test_the_package_runs_without_any_installed_package(read_only: Path) -> None:
    said, lines = run(read_only, PREDICT, READY)
    assert [reply["statusCode"] for reply in said["replies"]] == [200, 200]
    tops = {name.partition(".")[0] for name in said["modules"]}
    allowed = {*sys.stdlib_module_names, "__main__", "handler", "inference"}
    assert tops <= allowed, f"only the standard library: {tops - allowed}"
    kinds = [line["type"] for line in lines]
    assert kinds == ["prediction", "request"], "a line a row, one a request, none for a probe"


def test_the_way_to_the_first_answer_imports_nothing_slow(small: Served) -> None:
    said, _ = run(small.root, PREDICT)
    slow = SLOW_TO_IMPORT & set(said["modules"])
    assert not slow, f"a standby starts cold under full load; imported: {slow}"


def test_the_bytecode_in_the_package_is_used_and_not_written(small: Served) -> None:
    cached = sorted(small.root.rglob("*.pyc"))
    sources = sorted(small.root.rglob("*.py"))
    assert len(cached) == len(sources), "every module comes compiled: the disk is read-only"
    before = {path: path.stat().st_mtime_ns for path in cached}
    run(small.root, PREDICT)
    after = {path: path.stat().st_mtime_ns for path in sorted(small.root.rglob("*.pyc"))}
    assert before == after, "an interpreter of the same version uses what is there"


def test_a_process_of_its_own_gives_the_same_answer(small: Served) -> None:
    said, _ = run(small.root, PREDICT)
    here = small.open().send(PREDICT)
    assert json.loads(said["replies"][0]["body"]) == body_of(here), "a pure function of the request"


def test_a_record_holds_bins_and_answer_and_no_payload(
    client: Client, small: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {**GOOD_ROW, "income": None, "plan": "platinum"}
    reply = client.predict({"rows": [GOOD_ROW, row]})
    first, second, _ = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["answer"] == body_of(reply)["predictions"][0]
    assert (first["row"], second["row"]) == (0, 1)
    assert first["release"] == small.built.release_digest
    assert first["region"] == "us-east-1"
    assert first["time"].endswith("Z")
    assert second["bins"][1] is None, "a missing value has no bin"
    assert second["bins"][2] == 2, "a category's bin is its place in the manifest"
    assert second["bins"][3] == -1, "an unknown category has a bin of its own"
    assert "30000" not in json.dumps(first), "no payload"


def test_bins_follow_the_edges_of_the_training_distribution(
    capsys: pytest.CaptureFixture[str],
) -> None:
    recorder = Recorder([{"kind": "number", "bin_edges": [1.0, 2.0]}], "release", "region")
    values = [0.5, 1.0, 1.5, 2.0, 9.0]
    recorder.write("id", [[value] for value in values], [{}] * 5)
    bins = [json.loads(line)["bins"][0] for line in capsys.readouterr().out.splitlines()]
    assert bins == [0, 1, 1, 2, 2], "a bin counts the edges at or below the value"
