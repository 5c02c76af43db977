"""The evacuation flag: one object in a healthy Region's bucket, which its observer sets and clears.

Each watcher keeps a flag of its own, and any one of them is enough.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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

    def held_by(self, aws: Aws) -> tuple[str, ...]:
        """Name the keepers that hold the flag, of those that can be read: those count.

        Raises:
            AwsError: no keeper can be read.
        """
        held, errors = self._each(lambda keeper: keeper if self._holds(aws, keeper) else None)
        if len(errors) == len(self.keepers):
            raise errors[0]
        return tuple(keeper.region for keeper in held if keeper is not None)

    def _holds(self, aws: Aws, keeper: Keeper) -> bool:
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
