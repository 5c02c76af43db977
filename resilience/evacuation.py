"""The evacuation flag: one object in a healthy Region's bucket, one write to set it.

Data plane only: S3 in a Region that watches the evacuated one, never Route 53, never Pulumi. Each
watcher keeps a flag of its own, and any one of them is enough.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from resilience.aws import Aws, AwsError, AwsMissingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.topology import Topology

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """A Region that watches, and the bucket it keeps its flags in."""

    region: str
    bucket: str


@dataclass(frozen=True, kw_only=True)
class EvacuationFlag:
    """The flag that evacuates `region`; each of `keepers` can hold it."""

    region: str
    keepers: tuple[Keeper, ...]

    @property
    def key(self) -> str:
        """The object whose presence is the flag."""
        return f"evacuation/{self.region}"

    def read(self, aws: Aws) -> bool:
        """Tell whether any keeper that can be read holds the flag: those count.

        Raises:
            AwsError: no keeper can be read.
        """
        held, errors = self._each(lambda keeper: self._held_by(aws, keeper))
        if len(errors) == len(self.keepers):
            raise errors[0]
        return any(held)

    def set(self, aws: Aws, *, reason: str, by: str) -> tuple[str, ...]:
        """Set the flag with every keeper within reach; idempotent. Names those that took it.

        Raises:
            AwsError: none took it.
        """
        at = datetime.now(UTC).isoformat()
        body = json.dumps({"region": self.region, "reason": reason, "by": by, "at": at}).encode()

        def put(keeper: Keeper) -> str:
            aws.call(
                "s3",
                "put_object",
                region=keeper.region,
                Bucket=keeper.bucket,
                Key=self.key,
                Body=body,
                ContentType="application/json",
            )
            return keeper.region

        took, errors = self._each(put)
        if not took:
            raise errors[0]
        return tuple(took)

    def clear(self, aws: Aws) -> None:
        """Clear the flag with every keeper; idempotent.

        Raises:
            AwsError: one could not be reached, and may still hold it.
        """

        def delete(keeper: Keeper) -> None:
            aws.call(
                "s3", "delete_object", region=keeper.region, Bucket=keeper.bucket, Key=self.key
            )

        _, errors = self._each(delete)
        if errors:
            raise errors[0]

    def _held_by(self, aws: Aws, keeper: Keeper) -> bool:
        try:
            aws.call("s3", "head_object", region=keeper.region, Bucket=keeper.bucket, Key=self.key)
        except AwsMissingError:
            return False
        return True

    def _each(self, do: Callable[[Keeper], Result]) -> tuple[list[Result], list[AwsError]]:
        """Do something with all keepers at once: one that is lost holds nobody up."""
        results: list[Result] = []
        errors: list[AwsError] = []
        with ThreadPoolExecutor(len(self.keepers)) as pool:
            for future in [pool.submit(do, keeper) for keeper in self.keepers]:
                try:
                    results.append(future.result())
                except AwsError as error:
                    errors.append(error)
        return results, errors


def flag_of(topology: Topology, region: str) -> EvacuationFlag:
    """Give the flag that evacuates a Region: those that watch it keep it."""
    keepers = tuple(
        Keeper(region=watcher.region, bucket=watcher.evacuation_bucket)
        for watcher in topology.watchers(region)
    )
    return EvacuationFlag(region=region, keepers=keepers)
