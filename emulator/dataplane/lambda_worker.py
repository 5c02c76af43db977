"""One Lambda execution environment as the emulator sees it: a process, its channel and its log."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

BOOTSTRAP: Final = Path(__file__).with_name("worker_bootstrap.py")

LOG_LINE_LIMIT_BYTES: Final = 256 * 1024
"""A longer line is cut in pieces, as CloudWatch Logs limits an event to 256 KB (1 MB since 2025).

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
"""

_LENGTH_BYTES = 4
_LOG_READ_BYTES = 1 << 16
_WAIT_FOR_DEATH_S = 5.0

LogLine = tuple[int, str]
"""Emulated Unix milliseconds and one line of text."""


@dataclass(frozen=True, kw_only=True)
class WorkerSetup:
    """What a worker process is started with."""

    package: Path
    runtime: Path
    handler: str
    environment: Mapping[str, str]
    scratch: Path
    dns: tuple[str, int]
    """Where it resolves names."""
    clock: Mapping[str, float]
    """What its clock is anchored to (`Clock.anchor`)."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back: a result, the handler's error, or an error of loading it."""

    kind: Literal["ready", "result", "error", "init_error"]
    payload: bytes


class WorkerGoneError(Exception):
    """The process ended instead of answering. `status` is its exit status (negative: signal)."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(describe_exit(status))


def describe_exit(status: int) -> str:
    """How Lambda words the end of a process."""
    if status < 0:
        name = signal.Signals(-status).name.removeprefix("SIG").lower()
        return f"Runtime exited with error: signal: {'killed' if name == 'kill' else name}"
    if status == 0:
        return "Runtime exited without providing a reason"
    return f"Runtime exited with error: exit status {status}"


class Worker:
    """A worker process. One request at a time; the pool sees to that.

    Invariant: once `close` has returned the process is dead and reaped and no descriptor is open.
    """

    def __init__(self, process: subprocess.Popen[bytes], pipes: _Pipes, log: LogPipe) -> None:
        self._process = process
        self._pipes = pipes
        self._log = log
        self.pid = process.pid

    @classmethod
    async def start(cls, setup: WorkerSetup, now_ms: Callable[[], int]) -> Worker:
        """Start the process and hand it its setup; `load` waits until it is ready."""
        ours, theirs = socket.socketpair()
        lifeline_read, lifeline_write = os.pipe()
        log_read, log_write = os.pipe()
        reader, writer = await asyncio.open_connection(sock=ours)
        pipes = _Pipes(reader=reader, writer=writer, lifeline=lifeline_write)
        descriptors = (theirs.fileno(), lifeline_read)
        spawning = asyncio.ensure_future(asyncio.to_thread(_spawn, setup, descriptors, log_write))
        try:
            process = await asyncio.shield(spawning)
        except BaseException:
            await _undo(spawning)
            await pipes.close()
            os.close(log_read)
            raise
        finally:
            theirs.close()
            os.close(lifeline_read)
            os.close(log_write)
        return cls(process, pipes, LogPipe(log_read, now_ms))

    async def load(self, setup: WorkerSetup) -> Reply:
        """Have the handler imported.

        Raises:
            WorkerGoneError: the process ended while importing it.
        """
        meta = {
            "package": str(setup.package),
            "runtime": str(setup.runtime),
            "handler": setup.handler,
            "dns": list(setup.dns),
            "clock": dict(setup.clock),
        }
        return await self._exchange(meta, b"")

    async def invoke(self, meta: Mapping[str, object], payload: bytes) -> Reply:
        """Run the handler on one payload.

        Raises:
            WorkerGoneError: the process ended before it answered.
        """
        return await self._exchange(meta, payload)

    def log_lines(self) -> list[LogLine]:
        """The lines printed since the last call, complete up to the last reply received."""
        return self._log.take()

    def kill(self) -> None:
        """End the process at once (SIGKILL); whoever waits for its reply gets WorkerGoneError."""
        if self._process.poll() is None:
            self._process.kill()

    async def close(self) -> None:
        """Kill and reap the process and close everything. Idempotent."""
        self.kill()
        # First what needs no waiting: whoever is cancelled in here leaves no descriptor open.
        self._log.close()
        await self._pipes.close()
        await self._reap()

    async def _exchange(self, meta: Mapping[str, object], payload: bytes) -> Reply:
        reader, writer = self._pipes.reader, self._pipes.writer
        head = json.dumps(meta).encode()
        try:
            writer.write(_length(head) + _length(payload) + head + payload)
            await writer.drain()
            lengths = await reader.readexactly(2 * _LENGTH_BYTES)
            answer = await reader.readexactly(int.from_bytes(lengths[:_LENGTH_BYTES], "big"))
            body = await reader.readexactly(int.from_bytes(lengths[_LENGTH_BYTES:], "big"))
        except (asyncio.IncompleteReadError, OSError) as error:
            raise WorkerGoneError(await self._reap()) from error
        return Reply(kind=json.loads(answer)["kind"], payload=body)

    async def _reap(self) -> int:
        """Wait for the process, which has closed its channel or been killed."""
        status = self._process.poll()
        if status is None:
            status = await asyncio.to_thread(_wait_or_kill, self._process)
        return status


@dataclass(kw_only=True)
class _Pipes:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    lifeline: int

    async def close(self) -> None:
        if self.lifeline < 0:
            return
        os.close(self.lifeline)
        self.lifeline = -1
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            return  # the process was killed with a frame half written; nothing is left to save


class LogPipe:
    """Collects the lines a process writes to standard output and standard error."""

    def __init__(self, descriptor: int, now_ms: Callable[[], int]) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._now_ms = now_ms
        self._partial = b""
        self._lines: list[LogLine] = []
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self._read)
        self._open = True

    def take(self) -> list[LogLine]:
        """Complete lines so far. What was written before a reply is in the pipe by then."""
        if self._open:
            self._read()
        lines, self._lines = self._lines, []
        return lines

    def close(self) -> None:
        """Read what is left and close. Idempotent."""
        if self._open:
            self._read()
        self._stop()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._descriptor, _LOG_READ_BYTES)
            except BlockingIOError:
                return
            if not data:
                self._split(b"\n" if self._partial else b"")
                self._stop()
                return
            self._split(data)

    def _split(self, data: bytes) -> None:
        *lines, self._partial = (self._partial + data).split(b"\n")
        if len(self._partial) > LOG_LINE_LIMIT_BYTES:
            lines.append(self._partial)
            self._partial = b""
        now_ms = self._now_ms()
        for line in lines:
            for start in range(0, max(len(line), 1), LOG_LINE_LIMIT_BYTES):
                piece = line[start : start + LOG_LINE_LIMIT_BYTES]
                self._lines.append((now_ms, piece.decode("utf-8", "replace")))

    def _stop(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)


def _spawn(
    setup: WorkerSetup, descriptors: tuple[int, int], log_write: int
) -> subprocess.Popen[bytes]:
    channel, lifeline = descriptors
    setup.scratch.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(BOOTSTRAP), str(channel), str(lifeline)],
        stdin=subprocess.DEVNULL,
        stdout=log_write,
        stderr=log_write,
        pass_fds=descriptors,
        cwd=setup.package,
        env=dict(setup.environment),
    )


async def _undo(spawning: asyncio.Future[subprocess.Popen[bytes]]) -> None:
    """Leave no process of a start that failed, or was given up while the thread made one."""
    try:
        process = await spawning
    except OSError:
        return
    process.kill()
    await asyncio.to_thread(process.wait)


def _wait_or_kill(process: subprocess.Popen[bytes]) -> int:
    """A process that closed its channel but lives on is killed: it cannot serve any more."""
    try:
        return process.wait(timeout=_WAIT_FOR_DEATH_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _length(content: bytes) -> bytes:
    return len(content).to_bytes(_LENGTH_BYTES, "big")
