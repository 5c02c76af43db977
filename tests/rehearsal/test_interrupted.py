"""A run that breaks is neither a pass nor a miss, and leaves nothing behind."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from commands import (
    SPEED,
    descendants,
    emulator_host,
    emulator_pid,
    gone,
    kill,
    refuses,
    running,
    wait_for,
)

from resilience.journal import read_journal

if TYPE_CHECKING:
    from pathlib import Path

API_PORT, CONTROL_PORT = 4566, 4600


def rehearse(release: Path, out: Path) -> tuple[str, ...]:
    return ("rehearse", "--release", str(release), "--speed", str(SPEED), "--out", str(out))


def test_an_emulator_killed_in_mid_run_breaks_the_run_and_leaves_nothing(
    tmp_path: Path, release_zip: Path
) -> None:
    log, out = tmp_path / "log", tmp_path / "out"
    with running(*rehearse(release_zip, out), log=log) as process:
        wait_for(lambda: "us-east-1 is lost" in log.read_text(), 120, "the loss")
        started = descendants(process.pid)
        emulator = emulator_pid(process.pid)
        assert emulator is not None
        host = emulator_host(emulator)
        kill(emulator, signal.SIGKILL)
        assert process.wait(30) == 3, log.read_text()
        stdout = process.stdout.read() if process.stdout else ""
    assert "nothing counts as a pass or a miss" in " ".join(stdout.split())
    journal = read_journal(out / "journal.json")
    assert journal.verdict == "broken"
    assert (journal.verdicts, journal.measurements, journal.missed()) == ([], None, [])
    wait_for(lambda: gone(started), 10, "the end of every process")
    assert refuses(host, API_PORT)
    assert refuses(host, CONTROL_PORT)


def test_a_run_told_to_end_writes_that_it_broke_and_leaves_nothing(
    tmp_path: Path, release_zip: Path
) -> None:
    log, out = tmp_path / "log", tmp_path / "out"
    with running(*rehearse(release_zip, out), log=log) as process:
        wait_for(lambda: "deploy stack" in log.read_text(), 120, "the deploy")
        started = descendants(process.pid)
        emulator = emulator_pid(process.pid)
        assert emulator is not None
        host = emulator_host(emulator)
        process.terminate()
        assert process.wait(30) == 3, log.read_text()
    journal = read_journal(out / "journal.json")
    assert (journal.verdict, journal.broken) == ("broken", "interrupted")
    wait_for(lambda: gone(started), 10, "the end of every process")
    assert refuses(host, API_PORT)
