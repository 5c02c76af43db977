"""The emulator process: its parts made, joined, started in order and stopped in reverse.

Two kinds of threads meet here. The data plane, the storage flows and the control API live in one
event loop; the AWS API answers from threads of its own, and reaches the data plane through
`DataPlaneHooks`, which carries each question into the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

from emulator import api, control, coverage, deployed, injection, patches, steps, zonal
from emulator.addresses import FIRST_BLOCK, Block
from emulator.backup import Backups
from emulator.bridges import DataPlaneHooks, Runs
from emulator.certificates import Authority
from emulator.clock import Clock
from emulator.control_server import ControlServer
from emulator.dataplane import DataPlane
from emulator.door import callers, throttling
from emulator.door.server import ApiServer, listen
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.injection import FaultInjection
from emulator.outside import Outside
from emulator.process_group import READY_FILE
from emulator.steps import StateMachines
from emulator.storage import Storage
from emulator.store import Store
from emulator.tables import groups
from emulator.watch import vended
from emulator.watch.watch import Watch
from emulator.zonal import ZonalShifts

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable
    from pathlib import Path


_LAST_BLOCK: Final = 255
_STOP_WITHIN_S: Final = 10.0
_EXIT_STUCK: Final = 70
_COLLECT_AFTER: Final = (25_000, 10, 10)  # objects, young collections, middle ones


class NoBlockError(RuntimeError):
    """Every block of loopback addresses is taken."""


class WorkDirInUseError(RuntimeError):
    """A work directory that another emulator serves from."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How one emulator is started."""

    work_dir: Path
    speed: float = 1.0
    seed: int = 0
    lifeline: bool = False
    """Stop when standard input ends: whoever started us holds the other end."""


def serve(settings: Settings) -> None:
    """Run an emulator until it is told to stop."""
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if settings.lifeline:
        threading.Thread(target=_watch_lifeline, args=(loop, stop), daemon=True).start()
    emulator = Emulator(settings)
    try:
        await emulator.start()
        _collect_seldom()
        await stop.wait()
    finally:
        _say("stopping")
        # A part that does not stop must not keep the process: its children end with it.
        watchdog = threading.Timer(_STOP_WITHIN_S, os._exit, (_EXIT_STUCK,))
        watchdog.daemon = True
        watchdog.start()
        await emulator.stop()
    _say("stopped")


class Emulator:
    """One emulated AWS. Make, start and stop it in one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._work_dir_lock = claim_work_dir(settings.work_dir)
        api.prepare_moto()
        self._listener, self._block = claim_block()
        self._clock = Clock(settings.speed)
        self._faults = FaultBoard()
        self._events = EventLog(self._clock)
        self._store = Store()
        self._outside = Outside()
        self._certificates = Authority(settings.work_dir)
        self._watch = Watch(self._clock, self._faults, self._events)
        self._storage = Storage(
            self._clock, self._faults, self._events, metrics=self._watch.metrics, seed=settings.seed
        )
        self._zonal = ZonalShifts(self._store, self._clock, self._events)
        self._data_plane = DataPlane(
            self._store,
            self._clock,
            self._faults,
            self._events,
            self._block,
            self._certificates,
            self._block.api.url,
            self._storage.ship_logs,
            work_dir=settings.work_dir,
            metrics=self._watch.metrics,
            outside=self._outside,
            keep=self._storage.objects.deliver,
            zones_away=self._zonal.zones_away,
            seed=settings.seed,
        )
        self._backups = Backups(
            self._clock,
            self._faults,
            self._events,
            self._storage.objects,
            self._watch,
            seed=settings.seed,
        )
        self._steps = StateMachines(
            self._clock, self._faults, self._events, self._watch, seed=settings.seed
        )
        self._steps.connect(self._data_plane.invoke)
        self._injection = FaultInjection(
            self._clock,
            self._faults,
            self._events,
            self._storage.objects,
            self._watch,
            seed=settings.seed,
        )
        self._watch.connect(self._data_plane.invoke, execute=self._steps.start)
        storage = self._storage
        door = api.FrontDoor(
            self._faults,
            storage.objects,
            storage.replicator,
            storage.tables,
            own={
                zonal.SIGNED_AS: self._zonal.answer,
                steps.SIGNED_AS: self._steps.answer,
                injection.SIGNED_AS: self._injection.answer,
            },
        )
        self._api = ApiServer(self._listener, door.answer, now_s=self._clock.now_s)
        self._runs = Runs(self._block.api.url, door.answer, settings.work_dir)
        self._control = ControlServer(control.application(self._controls()), self._block.control)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to serve; writes the ready file at last.

        Raises:
            OSError: An address of the block is in use by somebody else.
        """
        started_s = time.monotonic()
        _say(f"starting on 127.{self._block.b}.0.1")
        hooks = DataPlaneHooks(asyncio.get_running_loop(), self._data_plane, self._watch)
        patches.apply_all(hooks)
        self._api.start()
        await self._data_plane.start()
        parts = (self._storage, self._watch, self._backups, self._zonal, self._injection)
        self._tasks = [asyncio.create_task(flow()) for part in parts for flow in part.flows()]
        await self._control.start()
        self._write_ready_file()
        _say(
            f"ready after {time.monotonic() - started_s:.1f} s: AWS API {self._block.api.url}, "
            f"DNS {self._block.dns.host}:{self._block.dns.port}, control {self._block.control.url}"
        )

    async def stop(self) -> None:
        """Stop everything, in the reverse order. Idempotent."""
        (self._settings.work_dir / READY_FILE).unlink(missing_ok=True)
        await self._control.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._data_plane.stop()
        await asyncio.to_thread(self._api.stop)
        self._backups.close()
        self._storage.close()
        self._work_dir_lock.close()

    def _controls(self) -> control.Controls:
        return control.Controls(
            faults=self._faults,
            events=self._events,
            outside=self._outside,
            run=self._runs.run,
            targets=self._targets,
            status=self._status,
            coverage=lambda: coverage.of_stacks(self._settings.work_dir / "stacks"),
            metrics=lambda: vended.known(self._watch.metrics),
            resources=lambda stack: deployed.resources(self._settings.work_dir / "stacks", stack),
        )

    def _targets(self, kind: str) -> frozenset[str]:
        """What of a fault kind exists now."""
        balancers = self._store.load_balancers
        found: dict[str, Callable[[], Iterable[str]]] = {
            "region": coverage.regions,
            "clock_skew": coverage.regions,
            "zone": lambda: (zone for each in balancers() for zone in each.zone_ids),
            "load_balancer": lambda: (each.arn for each in balancers()),
            "function": lambda: (each.arn for each in self._store.functions()),
            "bucket": self._storage.objects.buckets,
            "bucket_replication": self._storage.replicator.rules,
            "table_replication": groups.replicas,
            "recovery_point": self._backups.recovery_points,
            "credentials_expired": callers.roles,
            "api_throttled": lambda: (
                f"{region}/{service}"
                for region in coverage.regions()
                for service in throttling.SERVICES
            ),
        }
        return frozenset(found[kind]())

    def _facts(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "aws_endpoint": self._block.api.url,
            "dns": list(self._block.dns),
            "control": self._block.control.url,
            "ca_file": str(self._certificates.ca_file),
            "speed": self._settings.speed,
            "seed": self._settings.seed,
            "block": self._block.b,
        }

    def _status(self) -> dict[str, Any]:
        return self._facts() | {
            "emulated_now": self._clock.now().isoformat(),
            "faults": [each.id for each in self._faults.active()],
            "replication_backlog": self._storage.replicator.backlog(),
            "table_backlog": self._storage.tables.backlog(),
            "firehose_buffered": self._storage.firehose.buffered(),
        }

    def _write_ready_file(self) -> None:
        ready = self._settings.work_dir / READY_FILE
        draft = ready.with_suffix(".draft")
        draft.write_text(json.dumps(self._facts(), indent=2) + "\n", encoding="utf-8")
        draft.replace(ready)


def claim_work_dir(work_dir: Path) -> IO[bytes]:
    """Take a work directory for this process, and forget what a former emulator deployed there.

    The directory is free again when the returned file is closed, or the process ends.

    Raises:
        WorkDirInUseError: Another emulator serves from it.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    lock = (work_dir / "lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise WorkDirInUseError(
            f"another emulator serves from {work_dir}; choose another --work-dir"
        ) from error
    for state in (work_dir / "stacks").glob("*.json*"):  # its AWS ended with it
        state.unlink()
    return lock


def claim_block() -> tuple[socket.socket, Block]:
    """Listen on the API endpoint of the first block nobody else has.

    Raises:
        NoBlockError: All are taken.
    """
    for b in range(FIRST_BLOCK, _LAST_BLOCK + 1):
        block = Block(b)
        with contextlib.suppress(OSError):
            return listen(block.api), block
    raise NoBlockError(
        f"no free block: port {Block(FIRST_BLOCK).api.port} is in use on every 127.B.0.1 with B "
        f"from {FIRST_BLOCK} to {_LAST_BLOCK}; stop an emulator that is no longer needed"
    )


def _collect_seldom() -> None:
    """Let the garbage collector look at what comes from now on, and not at moto and its models.

    Stock thresholds walk all of that again for each quarter that a deploy adds to it: a third of
    the time that the emulator takes to start, and a tenth of a deploy.
    """
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    gc.enable()


def _watch_lifeline(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Stop when standard input ends. Reads past Python's buffers, whose lock exit would need."""
    descriptor = sys.stdin.fileno()
    while os.read(descriptor, 1024):
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(stop.set)


def _say(text: str) -> None:
    print(f"emulator: {text}", file=sys.stderr, flush=True)  # noqa: T201  # the process's log
