"""Deploys through the handle: what a caller gets back, and what happens when the emulator dies."""

from __future__ import annotations

import os
import signal
import textwrap
import threading
import time
from typing import TYPE_CHECKING

import pytest

from emulator.handle import (
    DeployRefusedError,
    EmulatorGoneError,
    EmulatorHandle,
    EmulatorRequestError,
    EmulatorStartError,
    ProgramFailedError,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WITHIN_S = 20.0


def project(folder: Path, program: str) -> Path:
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
    (folder / "__main__.py").write_text(textwrap.dedent(program))
    return folder


BUCKET = """
    import pulumi
    import pulumi_aws as aws
    bucket = aws.s3.Bucket("made", bucket="made-by-a-deploy", region="eu-west-1")
    pulumi.export("name", bucket.bucket)
"""


def test_a_deploy_tells_its_steps_and_its_outcome(emulator: EmulatorHandle, tmp_path: Path) -> None:
    folder = project(tmp_path / "tiny", BUCKET)
    steps: list[dict[str, object]] = []
    deployment = emulator.deploy(folder, "dev", on_event=steps.append)
    assert deployment.outputs == {"name": "made-by-a-deploy"}, "outputs come back"
    assert deployment.summary["created"] >= 1, "what was done is counted"
    assert steps[0] == {"event": "started"}, "the stream begins at once"
    assert any(step.get("op") == "create" for step in steps), "each step is told"
    assert steps[-1]["event"] == "done", "the outcome comes last"
    preview = emulator.preview(folder, "dev")
    assert preview.summary["same"] >= 1, "a preview sees what is there"
    assert "aws:s3/bucket:Bucket" in emulator.coverage()["emulated"], "coverage is of the deployed"
    (bucket,) = (
        each
        for each in emulator.resources("tiny", "dev")["resources"]
        if each["type"] == "aws:s3/bucket:Bucket"
    )
    assert bucket["inputs"]["bucket"] == "made-by-a-deploy", "what is deployed can be asked for"
    with pytest.raises(EmulatorRequestError, match=r"nothing is deployed as 'tiny\.prod'"):
        emulator.resources("tiny", "prod")
    emulator.restore(emulator.lose("bucket", "made-by-a-deploy"))
    assert emulator.destroy(folder, "dev").summary["deleted"] >= 1, "a destroy deletes it"


def test_a_program_that_crashes_comes_back_with_its_traceback(
    emulator: EmulatorHandle, tmp_path: Path
) -> None:
    folder = project(tmp_path / "tiny", "raise RuntimeError('no such luck')")
    with pytest.raises(ProgramFailedError, match="no such luck"):
        emulator.deploy(folder, "dev")


def test_a_program_that_breaks_a_rule_comes_back_with_every_problem(
    emulator: EmulatorHandle, tmp_path: Path
) -> None:
    program = """
        import pulumi_aws as aws
        aws.s3.Bucket("bad", bucket="Bad_Name!", region="eu-west-1")
    """
    with pytest.raises(DeployRefusedError) as refused:
        emulator.deploy(project(tmp_path / "tiny", program), "dev")
    (problem,) = refused.value.problems
    assert "Bad_Name!" in problem.message, "the value at fault is named"
    assert problem.urn is not None, "and the resource"
    assert problem.urn.endswith("::bad"), "by its URN"


def test_a_folder_that_is_not_there_is_refused(emulator: EmulatorHandle, tmp_path: Path) -> None:
    with pytest.raises(EmulatorRequestError, match="project_dir"):
        emulator.deploy(tmp_path / "nowhere", "dev")


def test_a_deploy_into_a_dying_emulator_says_so_at_once_and_leaves_no_program(
    tmp_path: Path,
) -> None:
    marker = tmp_path / "program.pid"
    program = f"""
        import os, pathlib, time
        pathlib.Path({str(marker)!r}).write_text(str(os.getpid()))
        time.sleep(600)
    """
    folder = project(tmp_path / "tiny", program)
    with EmulatorHandle.start(tmp_path / "emulator") as handle:
        killer = threading.Thread(target=_kill_when, args=(marker.exists, handle.pid))
        killer.start()
        with pytest.raises(EmulatorGoneError, match="gone"):
            handle.deploy(folder, "dev")
        killer.join()
    eventually(lambda: not _alive(int(marker.read_text())), "the program ends with its engine")


def test_a_work_dir_serves_one_emulator_and_forgets_the_last_ones_stacks(tmp_path: Path) -> None:
    left_behind = tmp_path / "stacks" / "tiny.dev.json"
    left_behind.parent.mkdir()
    left_behind.write_text("{}")
    with EmulatorHandle.start(tmp_path) as first:
        assert not left_behind.exists(), "what was deployed ended with the emulator it was in"
        with pytest.raises(EmulatorStartError, match="another emulator serves from"):
            EmulatorHandle.start(tmp_path)
        assert first.alive(), "the first is not disturbed"
        assert (tmp_path / "emulator.json").exists(), "and is still found"


def eventually(holds: Callable[[], bool], rule: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s: {rule}"
        time.sleep(0.02)


def _kill_when(holds: Callable[[], bool], pid: int) -> None:
    eventually(holds, "the program runs")
    os.kill(pid, signal.SIGKILL)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
