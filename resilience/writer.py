"""Numbered, timestamped writes: what shows how much a lost Region takes with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from resilience.aws import Aws, AwsError
from resilience.records import Write, body_of, key_of, number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resilience.clock import Clock

PERIOD_S: Final = 1.0
SHORTEST_REAL_PERIOD_S: Final = 0.5


def period_s(speed: float) -> float:
    """Give how often to write: once a second, and no faster than a machine may at any speed."""
    return max(PERIOD_S, SHORTEST_REAL_PERIOD_S * speed)


class Writer:
    """Writes one small object after the other into the prediction bucket that `target` names.

    A write is acknowledged when the Region's S3 said so, and only then; `writes` lists each one
    in order. Changes AWS state: objects under `prefix`, which replicate like all others.

    Args:
        buckets: Prediction bucket of each Region.
        target: Names the Region to write to, asked before each write.
    """

    def __init__(
        self,
        aws: Aws,
        buckets: Mapping[str, str],
        *,
        prefix: str,
        target: Callable[[], str],
        period_s: float,
        clock: Clock,
    ) -> None:
        self.writes: list[Write] = []
        self._aws = aws
        self._buckets = dict(buckets)
        self._prefix = prefix
        self._target = target
        self._period_s = period_s
        self._clock = clock
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Write until `stop`. A write that takes long delays the next: a log is in order."""
        while not self._stopping.is_set():
            due_s = self._clock.now_s() + self._period_s
            self.writes.append(await self._write(len(self.writes)))
            await self._clock.sleep_until(due_s)

    def stop(self) -> None:
        """Write no more."""
        self._stopping.set()

    async def present(self, region: str) -> frozenset[int]:
        """List the numbers that a Region's bucket holds now.

        Raises:
            AwsError: the Region cannot be read.
        """
        return await asyncio.to_thread(self._list, region)

    async def _write(self, number: int) -> Write:
        region = self._target()
        written_s = self._clock.now_s()
        body = body_of(number, written_s=written_s, region=region)
        try:
            await asyncio.to_thread(
                self._aws.call,
                "s3",
                "put_object",
                region=region,
                Bucket=self._buckets[region],
                Key=key_of(self._prefix, number),
                Body=body.encode(),
            )
        except AwsError:
            return Write(number=number, written_s=written_s, region=region, acknowledged=False)
        return Write(number=number, written_s=written_s, region=region, acknowledged=True)

    def _list(self, region: str) -> frozenset[int]:
        pages = self._aws.pages(
            "s3",
            "list_objects_v2",
            region=region,
            Bucket=self._buckets[region],
            Prefix=self._prefix,
        )
        return frozenset(
            number_of(self._prefix, entry["Key"])
            for page in pages
            for entry in page.get("Contents", ())
        )
