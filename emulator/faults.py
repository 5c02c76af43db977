"""Which parts of the emulated AWS are lost right now.

Everything that serves asks the board at each request; nothing keeps a copy. The board is shared
by the event loop (data plane, control API) and by the API's threads.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from dataclasses import dataclass
from typing import Final, Literal, get_args

FaultKind = Literal[
    "region",
    "zone",
    "load_balancer",
    "function",
    "bucket",
    "bucket_replication",
    "table_replication",
    "recovery_point",
    "api_throttled",
    "credentials_expired",
    "clock_skew",
]
KINDS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)


class UnknownFaultError(LookupError):
    """A fault kind or fault id that the board does not know."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing lost since `onset_s` (real Unix seconds).

    `by_s` is by how much a Region's clock is wrong (`clock_skew`): above 0 it is ahead.
    """

    id: str
    kind: FaultKind
    target: str
    onset_s: float
    by_s: float = 0.0


class FaultBoard:
    """The faults in force. Thread-safe; a target lost twice stays lost until both are restored."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._faults: dict[str, Fault] = {}
        # Replaced, never changed in place: readers need no lock on the request path.
        self._lost: frozenset[tuple[str, str]] = frozenset()
        self._skews: tuple[Fault, ...] = ()
        self._version = 0
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def region_lost(self, region: str) -> bool:
        """Whether the whole Region is gone."""
        return ("region", region) in self._lost

    def zone_lost(self, zone_id: str) -> bool:
        """Whether load balancers answer no longer in one Availability Zone (`use1-az1`).

        The kind of failure that nobody in AWS sees: a node that fails the load balancer's own
        checks leaves DNS by itself, this one stays there until somebody leaves the zone.
        """
        return ("zone", zone_id) in self._lost

    def load_balancer_lost(self, arn: str) -> bool:
        """Whether this one load balancer is gone (its Region is asked for separately)."""
        return ("load_balancer", arn) in self._lost

    def function_lost(self, arn: str) -> bool:
        """Whether this one function (unqualified ARN) is gone."""
        return ("function", arn) in self._lost

    def bucket_lost(self, name: str) -> bool:
        """Whether this one bucket is gone."""
        return ("bucket", name) in self._lost

    def bucket_replication_paused(self, bucket: str, rule_id: str) -> bool:
        """Whether a replication rule of a bucket copies nothing now (`bucket/rule`)."""
        return ("bucket_replication", f"{bucket}/{rule_id}") in self._lost

    def table_replication_paused(self, region: str, name: str) -> bool:
        """Whether nothing reaches or leaves a global table's replica (`region/table`)."""
        return ("table_replication", f"{region}/{name}") in self._lost

    def recovery_point_damaged(self, arn: str) -> bool:
        """Whether a byte of this backup is no longer what it was: a restore brings it back so."""
        return ("recovery_point", arn) in self._lost

    def api_throttled(self, region: str, service: str) -> bool:
        """Whether a Region's service answers every call that it is asked too often."""
        return ("api_throttled", f"{region}/{service}") in self._lost

    def credentials_expired(self, role_arn: str) -> bool:
        """Whether the sessions of a role have come to their end before their time."""
        return ("credentials_expired", role_arn) in self._lost

    def skew_s(self, region: str) -> float:
        """By how much the clocks of a Region's functions are wrong; several faults add up."""
        faults = self._skews
        return sum(fault.by_s for fault in faults if fault.target == region)

    @property
    def version(self) -> int:
        """Grows by one at each change; hand it to `wait_changed` to miss none."""
        return self._version

    def active(self) -> tuple[Fault, ...]:
        """The faults in force, oldest first."""
        with self._lock:
            return tuple(self._faults.values())

    def lose(self, kind: str, target: str, *, by_s: float = 0.0) -> Fault:
        """Lose `target` from now on, or set a Region's clock wrong by `by_s` (`clock_skew`).

        Whether the target exists is for the caller to check, against the store.

        Raises:
            UnknownFaultError: `kind` is none of `KINDS`.
        """
        if kind not in KINDS:
            raise UnknownFaultError(
                f"fault kind {kind!r} is not known; expected one of {', '.join(KINDS)}"
            )
        with self._lock:
            fault = Fault(
                id=f"fault-{next(self._ids)}",
                kind=kind,
                target=target,
                onset_s=time.time(),
                by_s=by_s,
            )
            self._faults[fault.id] = fault
            self._publish()
        return fault

    def restore(self, fault_id: str) -> Fault:
        """End one fault and return it.

        Raises:
            UnknownFaultError: no fault in force has this id (it may have been restored already).
        """
        with self._lock:
            fault = self._faults.pop(fault_id, None)
            if fault is None:
                known = ", ".join(self._faults) or "none"
                raise UnknownFaultError(
                    f"fault {fault_id!r} is not in force; in force now: {known} (GET /faults)"
                )
            self._publish()
        return fault

    async def wait_changed(self, *, since: int | None = None) -> int:
        """Wait until the board's version differs from `since` (default: the version now).

        Returns:
            The version seen, to be handed in next time.
        """
        waiter = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            seen = self._version if since is None else since
            if self._version != seen:
                return self._version
            self._waiters.add(waiter)
        try:
            await waiter[1].wait()
        finally:
            with self._lock:
                self._waiters.discard(waiter)
        return self._version

    def _publish(self) -> None:
        """Make the change visible. The caller holds the lock."""
        self._lost = frozenset((fault.kind, fault.target) for fault in self._faults.values())
        self._skews = tuple(each for each in self._faults.values() if each.kind == "clock_skew")
        self._version += 1
        for loop, event in self._waiters:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)
