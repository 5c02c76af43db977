"""The log of one invocation, as Lambda writes it: START, the function's own lines, END, REPORT."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from emulator.dataplane.lambda_results import function_error
from emulator.dataplane.lambda_worker import LogLine, Reply

if TYPE_CHECKING:
    from emulator.store import FunctionVersion

ShipLogs: TypeAlias = Callable[[str, str, str, Sequence[LogLine]], None]
"""(Region, log group, log stream, lines): puts lines into CloudWatch Logs. Must not block."""

TAIL_BYTES: Final = 4096
"""How much of the log an Invoke with `LogType=Tail` returns."""

_MEBIBYTE = 1 << 20


class InvocationLog:
    """Collects the lines of one invocation, in order, and ships them in one batch."""

    def __init__(
        self, request_id: str, version: FunctionVersion, now_ms: Callable[[], int]
    ) -> None:
        self._request_id = request_id
        self._version = version
        self._now_ms = now_ms
        self._lines: list[LogLine] = []
        self._reason = ""
        self.failure = Reply(kind="error", payload=function_error("Runtime.Unknown", ""))

    def start(self, before: Sequence[LogLine]) -> None:
        """Begin; `before` are the lines that loading the package printed."""
        self._lines.extend(before)
        self._add(f"START RequestId: {self._request_id} Version: {self._version.version}")

    def fail(self, kind: str, reason: str) -> None:
        """Note why no reply came; `failure` is then what the invocation answers."""
        self._reason = f"RequestId: {self._request_id} Error: {reason}"
        self.failure = Reply(kind="error", payload=function_error(kind, self._reason))

    def end(
        self,
        printed: Sequence[LogLine],
        *,
        duration_ms: float,
        init_ms: float | None,
        pid: int | None,
    ) -> None:
        """Add what the function printed, END and REPORT. Durations are real, not emulated."""
        self._lines.extend(printed)
        if self._reason:
            self._add(self._reason)
        self._add(f"END RequestId: {self._request_id}")
        report = [
            f"REPORT RequestId: {self._request_id}",
            f"Duration: {duration_ms:.2f} ms",
            f"Billed Duration: {math.ceil(duration_ms + (init_ms or 0))} ms",
            f"Memory Size: {self._version.memory_mb} MB",
            f"Max Memory Used: {_memory_mb(pid)} MB",
        ]
        if init_ms is not None:
            kind = "Restore" if self._version.snap_start else "Init"
            report.append(f"{kind} Duration: {init_ms:.2f} ms")
        self._add("\t".join(report))

    def tail(self) -> str:
        """The last `TAIL_BYTES` of the log."""
        text = "".join(f"{line}\n" for _, line in self._lines).encode()
        return text[-TAIL_BYTES:].decode("utf-8", "ignore")

    def ship(self, ship_logs: ShipLogs, log_stream: str) -> None:
        """Hand the lines to CloudWatch Logs."""
        ship_logs(self._version.region, self._version.log_group, log_stream, self._lines)

    def _add(self, line: str) -> None:
        self._lines.append((self._now_ms(), line))


def _memory_mb(pid: int | None) -> int:
    """Resident memory of a worker in MiB; 0 when it has ended or the platform has no /proc."""
    if pid is None:
        return 0
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * _PAGE_BYTES // _MEBIBYTE


_PAGE_BYTES = 4096
