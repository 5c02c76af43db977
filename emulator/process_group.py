"""The emulator's process as its starter sees it: spawned, awaited, ended with its whole group."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from emulator.handle_errors import EmulatorStartError

if TYPE_CHECKING:
    from collections.abc import Callable

READY_FILE: Final = "emulator.json"
LOG_FILE: Final = "emulator.log"

_STOP_WITHIN_S: Final = 15.0
_PROGRESS_EVERY_S: Final = 2.0
_LOG_TAIL_LINES: Final = 20


def spawn(directory: Path, *, speed: float, seed: int) -> subprocess.Popen[bytes]:
    """Start an emulator in a session of its own, its log in `directory`."""
    command = [sys.executable, "-m", "emulator", "serve", "--work-dir", str(directory)]
    command += ["--speed", str(speed), "--seed", str(seed), "--lifeline"]
    with (directory / LOG_FILE).open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=Path(__file__).resolve().parent.parent,  # where `emulator` is importable
            start_new_session=True,  # its own group, ended as one; no Ctrl-C of ours
        )


def wait_ready(
    process: subprocess.Popen[bytes],
    directory: Path,
    within_s: float,
    on_progress: Callable[[str], None] | None,
) -> dict[str, Any]:
    """Wait for the ready file and return what it says.

    Raises:
        EmulatorStartError: The process ended, or `within_s` real seconds passed.
    """
    started_s = time.monotonic()
    told_s = started_s
    while True:
        with contextlib.suppress(FileNotFoundError):
            facts = json.loads((directory / READY_FILE).read_text(encoding="utf-8"))
            if facts["pid"] == process.pid:  # or it is another emulator's, alive or killed
                return cast("dict[str, Any]", facts)
        now_s = time.monotonic()
        if (code := process.poll()) is not None:
            raise EmulatorStartError(
                f"the emulator ended with code {code} before it served{log_tail(directory)}"
            )
        if now_s - started_s > within_s:
            raise EmulatorStartError(
                f"the emulator does not serve after {within_s:g} s{log_tail(directory)}"
            )
        if on_progress is not None and now_s - told_s > _PROGRESS_EVERY_S:
            told_s = now_s
            on_progress(f"starting the emulator ({now_s - started_s:.0f} s)")
        time.sleep(0.02)


def end(process: subprocess.Popen[bytes]) -> None:
    """End the emulator's process group: politely, then by force; reap it."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()  # the lifeline
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_WITHIN_S)
    # Whatever is left of the group, the emulator itself included.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def log_tail(directory: Path) -> str:
    """The end of the emulator's log, as a paragraph to put behind a message."""
    try:
        lines = (directory / LOG_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    tail = "\n  ".join(lines[-_LOG_TAIL_LINES:])
    return f"; the end of {directory / LOG_FILE}:\n  {tail}" if tail else ""
