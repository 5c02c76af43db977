"""S3 replication: what was written is copied where the deployed rules say, after a lag.

Replication is asynchronous, as in AWS: a lost Region (or bucket) at either end holds its queue, as
a pause does, and what was not copied when a Region was lost is the data loss window that a
rehearsal measures.

The lag is drawn from a lognormal distribution whose parameters are `ReplicationLag`'s. S3 promises
no lag without replication time control, and with it 99.9 % within 15 minutes
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html), so median
and 99th percentile are parameters to be named in a report, not facts about S3.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from emulator.bell import Bell
from emulator.lag import ReplicationLag
from emulator.storage.copies import Copy, refusal
from emulator.storage.replication_figures import figures, place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.storage.copies import Cargo
    from emulator.storage.objects import Objects, Version
    from emulator.storage.replication_figures import Place, RuleFigures
    from emulator.storage.rules import ReplicationConfiguration, ReplicationRule

_NEVER_COPIED: Final = frozenset({None, "NONE"})


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
        self._queue: list[tuple[float, int, Copy]] = []
        self._held: list[Copy] = []
        self._last_due_s: dict[tuple[str, str, str], float] = {}
        self._open: Counter[tuple[str, str, str]] = Counter()
        self._failed: Counter[Place] = Counter()
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

    def changed(self, bucket: str, key: str, version_id: str | None) -> None:
        """Queue an object's tags, which have just changed.

        They follow a source object to its replicas, and a replica's own travel back where a rule
        of its bucket replicates replica modifications.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-for-metadata-changes.html
        """
        version = self._objects.version(bucket, key, version_id)
        configuration = self._objects.replication_of(bucket)
        if version is None or version.status in _NEVER_COPIED or configuration is None:
            return
        self._objects.stamp_tags(version, self._clock.now_s())
        rules = [
            rule
            for rule in self._rules_for(version, configuration)
            if version.status != "REPLICA" or rule.replica_modifications
        ]
        self._queue_copies(version, rules, configuration.role_arn, cargo="tags")
        self._bell.ring()

    def figures(self) -> list[RuleFigures]:
        """What S3's replication metrics show now, for every rule."""
        rules = [
            (bucket, rule.destination, rule.id)
            for bucket in self._objects.buckets()
            if (found := self._objects.replication_of(bucket)) is not None
            for rule in found.rules
        ]
        with self._lock:
            pending = [*(copy for *_, copy in self._queue), *self._held]
            return figures(pending, self._failed, rules, now_s=self._clock.now_s())

    def rules(self) -> frozenset[str]:
        """Every replication rule there is, as `bucket/rule`."""
        return frozenset(
            f"{bucket}/{rule.id}"
            for bucket in self._objects.buckets()
            if (found := self._objects.replication_of(bucket)) is not None
            for rule in found.rules
        )

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
        rules = self._rules_for(version, configuration) if configuration else ()
        version.mark("PENDING" if rules else "NONE")
        if configuration is not None:
            self._queue_copies(version, rules, configuration.role_arn, cargo="version")

    def _rules_for(
        self, version: Version, configuration: ReplicationConfiguration
    ) -> tuple[ReplicationRule, ...]:
        return configuration.rules_for(
            version.key,
            self._objects.tags_of(version),
            delete_marker=version.delete_marker,
            encrypted=version.kms_key is not None,
        )

    def _queue_copies(
        self, version: Version, rules: Iterable[ReplicationRule], role_arn: str, *, cargo: Cargo
    ) -> None:
        with self._lock:
            for rule in rules:
                copy = Copy(
                    version=version,
                    rule=rule,
                    role_arn=role_arn,
                    written_s=self._clock.now_s(),
                    cargo=cargo,
                )
                self._open[copy.identity] += 1
                self._push(copy)

    def _push(self, copy: Copy) -> None:
        """Queue with a fresh lag, behind earlier versions of the same key. Lock held."""
        place = (copy.version.bucket, copy.version.key, copy.rule.destination)
        due_s = self._clock.now_s() + self._lag.draw_s(self._random)
        due_s = max(due_s, self._last_due_s.get(place, 0.0))
        self._last_due_s[place] = due_s
        heapq.heappush(self._queue, (due_s, next(self._order), copy))

    def _take_due(self) -> tuple[list[Copy], float | None]:
        """What is due now, and real seconds until the next one (None: nothing queued)."""
        due: list[Copy] = []
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

    def _is_cut_off(self, copy: Copy) -> bool:
        """Whether either end is lost, or the rule is paused."""
        if self._faults.bucket_replication_paused(copy.version.bucket, copy.rule.id):
            return True
        return any(
            self._faults.bucket_lost(bucket)
            or self._faults.region_lost(self._objects.region_of(bucket) or "")
            for bucket in (copy.version.bucket, copy.rule.destination)
        )

    def _carry_out(self, copies: list[Copy]) -> None:
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
            reason = refusal(copy, self._objects)
            if reason is None:
                self._deliver(copy)
                lag_s = self._clock.now_s() - copy.written_s
                self._events.record("replication.done", **facts, lag_s=round(lag_s, 3))
            else:
                self._events.record("replication.failed", **facts, reason=reason)
            self._settle(copy, failed=reason is not None)

    def _deliver(self, copy: Copy) -> None:
        rule = copy.rule
        if copy.cargo == "tags":
            self._objects.copy_tags(copy.version, rule.destination)
        else:
            self._objects.copy(
                copy.version,
                rule.destination,
                storage_class=rule.storage_class,
                kms_key=rule.replica_key,
            )

    def _settle(self, copy: Copy, *, failed: bool) -> None:
        identity = copy.identity
        with self._lock:
            self._open[identity] -= 1
            still_open = self._open[identity] > 0
            if not still_open:
                del self._open[identity]
            if failed:
                self._failed[place(copy)] += 1
        if copy.version.status == "REPLICA":
            return  # a replica whose change travels back stays one
        if failed:
            copy.version.mark("FAILED")
        elif not still_open and copy.version.status == "PENDING":
            copy.version.mark("COMPLETED")
