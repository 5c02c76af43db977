"""Runs the project's commands as a user does: as processes, watched until they and theirs end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Generator

ROOT = Path(__file__).parents[2]
SPEED = 5.0
"""Fast enough to wait little, slow enough that two busy cores keep up with the checkers' TLS."""


@dataclass(frozen=True)
class Ended:
    code: int
    stdout: str
    stderr: str

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads(self.stdout)

    def __str__(self) -> str:
        return f"exit {self.code}\n{self.stdout}\n{self.stderr}"


def run(*arguments: str, timeout_s: float = 280) -> Ended:
    """Run a command of `python -m resilience` to its end."""
    with running(*arguments) as process:
        stdout, stderr = process.communicate(timeout=timeout_s)
    return Ended(process.returncode, stdout, stderr)


@contextmanager
def running(*arguments: str, log: Path | None = None) -> Generator[subprocess.Popen[str]]:
    """Start a command; whatever happens, nothing of it is left."""
    stderr = subprocess.PIPE if log is None else log.open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "resilience", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)
        for stream in (process.stdout, process.stderr, stderr):
            if hasattr(stream, "close"):
                stream.close()


def wait_for(condition: Callable[[], object], timeout_s: float, what: str) -> None:
    """Wait until something holds; fail by name when it does not."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, f"{what} did not come within {timeout_s} s"
        time.sleep(0.1)


def descendants(pid: int) -> set[int]:
    """List every living process that came from this one."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found: set[int] = set()
    while more := {child for child, parent in parents.items() if parent in {pid, *found}} - found:
        found |= more
    return found


def emulator_pid(pid: int) -> int | None:
    """Find the emulator that a command started."""
    for each in descendants(pid):
        try:
            words = (Path("/proc") / str(each) / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"emulator" in words and b"serve" in words:
            return each
    return None


def emulator_host(pid: int) -> str:
    """Read from an emulator's own file where it listens."""
    words = (Path("/proc") / str(pid) / "cmdline").read_bytes().split(b"\0")
    work_dir = Path(words[words.index(b"--work-dir") + 1].decode())
    endpoint = json.loads((work_dir / "emulator.json").read_text())["aws_endpoint"]
    return endpoint.removeprefix("http://").partition(":")[0]


def gone(pids: set[int]) -> bool:
    """Tell whether none of these processes lives (a zombie does not)."""
    return not any(alive(pid) for pid in pids)


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def refuses(host: str, port: int) -> bool:
    """Tell whether nobody listens there."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((host, port)) != 0


def kill(pid: int, number: signal.Signals) -> None:
    os.kill(pid, number)
