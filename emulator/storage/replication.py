"""S3 replication: what was written is copied where the deployed rules say, after a lag.

Replication is asynchronous, as in AWS: a lost Region (or bucket) at either end holds its queue,
and what was not copied when a Region was lost is the data loss window that a rehearsal measures.

The lag is drawn from a lognormal distribution whose parameters are `ReplicationLag`'s. S3 promises
no lag without replication time control, and with it 99.9 % within 15 minutes
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html), so median
and 99th percentile are parameters to be named in a report, not facts about S3.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import random
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emulator.bell import Bell
from emulator.storage.roles import Need, denial

if TYPE_CHECKING:
    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.storage.objects import Objects, Version
    from emulator.storage.rules import ReplicationConfiguration, ReplicationRule

_Z_99: Final = 2.3263478740408408  # the standard normal's 99th percentile
_NOT_REPLICATED: Final = frozenset({"NONE", "REPLICA"})


@dataclass(frozen=True, kw_only=True)
class ReplicationLag:
    """Lognormal lag from write to replica, in emulated seconds."""

    median_s: float = 1.5
    p99_s: float = 15.0

    def draw_s(self, source: random.Random) -> float:
        """One lag."""
        sigma = math.log(self.p99_s / self.median_s) / _Z_99
        return source.lognormvariate(math.log(self.median_s), sigma)


@dataclass(frozen=True, kw_only=True)
class _Copy:
    """One version on its way to one destination."""

    version: Version
    rule: ReplicationRule
    role_arn: str
    written_s: float
    """Emulated Unix seconds."""


class Replicator:
    """Watches writes and carries them out. `written` may be called from any thread."""

    def __init__(
        self,
        objects: Objects,
        clock: Clock,
        faults: FaultBoard,
        events: EventLog,
        *,
        seed: int = 0,
        lag: ReplicationLag | None = None,
    ) -> None:
        self._objects = objects
        self._clock = clock
        self._faults = faults
        self._events = events
        self._lag = lag or ReplicationLag()
        self._random = random.Random(seed)  # noqa: S311  # a seeded draw, not a secret
        self._lock = threading.Lock()
        self._order = itertools.count()
        self._queue: list[tuple[float, int, _Copy]] = []
        self._held: list[_Copy] = []
        self._last_due_s: dict[tuple[str, str, str], float] = {}
        self._open: Counter[tuple[str, str, str]] = Counter()
        self._bell = Bell(faults)

    def written(self, bucket: str, key: str | None) -> None:
        """Look at what is new in a bucket (under `key`, if known) and queue what rules cover."""
        new = [each for each in self._objects.versions(bucket, key) if each.status is None]
        if not new:
            return
        configuration = self._objects.replication_of(bucket)
        for version in new:
            self._queue_version(version, configuration)
        self._bell.ring()

    def backlog(self) -> int:
        """How many copies are on their way or held."""
        with self._lock:
            return len(self._queue) + len(self._held)

    def status_of(self, bucket: str, key: str, version_id: str | None) -> str | None:
        """What HeadObject shows as ReplicationStatus; None for what no rule covers."""
        version = self._objects.version(bucket, key, version_id)
        status = version.status if version else None
        return None if status == "NONE" else status

    async def run(self) -> None:
        """Copy what is due, until cancelled."""
        async with self._bell.listening():
            while True:
                self._release_held()
                due, wait_s = self._take_due()
                if due:
                    # In a thread: it waits for moto's lock, which an API call may be holding.
                    await asyncio.to_thread(self._carry_out, due)
                else:
                    await self._bell.wait(wait_s)

    def _release_held(self) -> None:
        """Queue what is no longer cut off, with a fresh lag: S3 catches up, it does not jump."""
        with self._lock:
            held, self._held = self._held, []
            for copy in held:
                if self._is_cut_off(copy):
                    self._held.append(copy)
                else:
                    self._push(copy)

    def _queue_version(
        self, version: Version, configuration: ReplicationConfiguration | None
    ) -> None:
        rules: tuple[ReplicationRule, ...] = ()
        if configuration is not None:
            rules = configuration.rules_for(
                version.key,
                self._objects.tags_of(version),
                delete_marker=version.delete_marker,
            )
        version.mark("PENDING" if rules else "NONE")
        if configuration is None:
            return
        with self._lock:
            for rule in rules:
                self._open[_identity(version)] += 1
                self._push(
                    _Copy(
                        version=version,
                        rule=rule,
                        role_arn=configuration.role_arn,
                        written_s=self._clock.now_s(),
                    )
                )

    def _push(self, copy: _Copy) -> None:
        """Queue with a fresh lag, behind earlier versions of the same key. Lock held."""
        place = (copy.version.bucket, copy.version.key, copy.rule.destination)
        due_s = self._clock.now_s() + self._lag.draw_s(self._random)
        due_s = max(due_s, self._last_due_s.get(place, 0.0))
        self._last_due_s[place] = due_s
        heapq.heappush(self._queue, (due_s, next(self._order), copy))

    def _take_due(self) -> tuple[list[_Copy], float | None]:
        """What is due now, and real seconds until the next one (None: nothing queued)."""
        due: list[_Copy] = []
        with self._lock:
            now_s = self._clock.now_s()
            while self._queue and self._queue[0][0] <= now_s:
                copy = heapq.heappop(self._queue)[2]
                if self._is_cut_off(copy):
                    self._held.append(copy)
                else:
                    due.append(copy)
            if not self._queue and not self._held:
                self._last_due_s.clear()
            wait_s = self._clock.real_s(self._queue[0][0] - now_s) if self._queue else None
        return due, wait_s

    def _is_cut_off(self, copy: _Copy) -> bool:
        """Whether either end is lost."""
        return any(
            self._faults.bucket_lost(bucket)
            or self._faults.region_lost(self._objects.region_of(bucket) or "")
            for bucket in (copy.version.bucket, copy.rule.destination)
        )

    def _carry_out(self, copies: list[_Copy]) -> None:
        for copy in copies:
            version, destination = copy.version, copy.rule.destination
            current = self._objects.version(version.bucket, version.key, version.id)
            facts = {
                "bucket": version.bucket,
                "key": version.key,
                "version": version.id,
                "destination": destination,
            }
            if current is None:  # deleted for good before its turn came
                self._events.record("replication.skipped", **facts, reason="the version has gone")
                self._settle(copy, failed=False)
                continue
            reason = self._refusal(copy)
            if reason is None:
                self._objects.copy(version, destination, storage_class=copy.rule.storage_class)
                lag_s = self._clock.now_s() - copy.written_s
                self._events.record("replication.done", **facts, lag_s=round(lag_s, 3))
            else:
                self._events.record("replication.failed", **facts, reason=reason)
            self._settle(copy, failed=reason is not None)

    def _refusal(self, copy: _Copy) -> str | None:
        """Why AWS would fail this copy."""
        source, destination = copy.version.bucket, copy.rule.destination
        if self._objects.region_of(destination) is None:
            return f"destination bucket {destination} does not exist"
        if not self._objects.is_versioned(destination):
            return f"destination bucket {destination} does not keep versions"
        needs = _needs(copy, tagged=bool(self._objects.tags_of(copy.version)))
        policies = {
            source: self._objects.policies_of(source),
            destination: self._objects.policies_of(destination),
        }
        return denial(
            copy.role_arn,
            ("s3.amazonaws.com",),
            [(need, policies[bucket]) for bucket, need in needs],
            source_arn=f"arn:aws:s3:::{source}",
        )

    def _settle(self, copy: _Copy, *, failed: bool) -> None:
        identity = _identity(copy.version)
        with self._lock:
            self._open[identity] -= 1
            still_open = self._open[identity] > 0
            if not still_open:
                del self._open[identity]
        if failed:
            copy.version.mark("FAILED")
        elif not still_open and copy.version.status == "PENDING":
            copy.version.mark("COMPLETED")


def _identity(version: Version) -> tuple[str, str, str]:
    return (version.bucket, version.key, version.id)


def _needs(copy: _Copy, *, tagged: bool) -> list[tuple[str, Need]]:
    """(bucket, permission) that the replication role must hold.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
    """
    source, destination = copy.version.bucket, copy.rule.destination
    actions = [
        (source, "", "GetReplicationConfiguration"),
        (source, "", "ListBucket"),
        (source, f"/{copy.version.key}", "GetObjectVersionForReplication"),
        (source, f"/{copy.version.key}", "GetObjectVersionAcl"),
    ]
    verb = "ReplicateDelete" if copy.version.delete_marker else "ReplicateObject"
    actions.append((destination, f"/{copy.version.key}", verb))
    if tagged:
        actions.append((source, f"/{copy.version.key}", "GetObjectVersionTagging"))
        actions.append((destination, f"/{copy.version.key}", "ReplicateTags"))
    return [
        (bucket, Need(action=f"s3:{action}", resource=f"arn:aws:s3:::{bucket}{path}"))
        for bucket, path, action in actions
    ]
