"""Numbered writes of a drill: how much the Region that is hit would take with it if it were lost.

Until the first change is made, one small object after the other goes into the prediction bucket of
that Region, and is copied like every prediction. A drill stops answers and takes no bucket away, so
that copies go on while clients are led elsewhere: what counts is what the Region that takes over
held just before the first change, as if no copy had left from then on.

The objects are deleted after the drill, in the bucket that they were written to. Their copies are
hidden by copies of the delete markers; both end with the bucket's rule for what was deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.core.memory import Expected
from resilience.experiments.core.world import CallError
from resilience.measurement import data_loss
from resilience.records import Write, body_of, key_of, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.experiments.core.ground import Ground, Place
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World
    from resilience.measurement import DataLoss

NONE_LOST: Final = "no acknowledged write is lost for good"


def prefix_of(drill: str) -> str:
    """Name the folder of a drill's writes."""
    return f"drills/{drill}/writes/"


@dataclass(frozen=True, kw_only=True)
class Writes:
    """The writes of one drill: into the Region that is hit, and over to the one that takes over."""

    world: World
    ground: Ground
    hit: Place
    drill: str

    def put(self, number: int) -> Write:
        """Make one. It is acknowledged when the Region's S3 said so, and only then."""
        region, written_s = self.hit.region, round(self.world.now_s(), 4)
        acknowledged = True
        try:
            self.world.call(
                "s3",
                "put_object",
                region=region,
                Bucket=self.hit.prediction_bucket,
                Key=key_of(prefix_of(self.drill), number),
                Body=body_of(number, written_s=written_s, region=region),
            )
        except CallError:
            acknowledged = False
        return Write(number=number, written_s=written_s, region=region, acknowledged=acknowledged)

    def held(self) -> tuple[int, ...] | None:
        """List the numbers that the Region which takes over holds; None if it cannot be read.

        With latency records clients may be led to any other Region, so that a write counts as
        held once all of them have it.
        """
        others = [place for place in self.ground.places if place.region != self.hit.region]
        prefix = prefix_of(self.drill)
        try:
            found = [
                {number_of(prefix, key) for key in self._keys(place)}
                for place in (others if self.ground.routing == "latency" else others[:1])
            ]
        except CallError:
            return None
        return tuple(sorted(set.intersection(*found)))

    def clear(self) -> None:
        """Delete every one. Changes AWS state; idempotent. Raises `CallError`."""
        for key in [*self._keys(self.hit)]:
            bucket = self.hit.prediction_bucket
            self.world.call("s3", "delete_object", region=self.hit.region, Bucket=bucket, Key=key)

    def _keys(self, place: Place) -> Iterator[str]:
        asking: dict[str, Any] = {
            "Bucket": place.prediction_bucket,
            "Prefix": prefix_of(self.drill),
        }
        while True:
            reply = self.world.call("s3", "list_objects_v2", region=place.region, **asking)
            yield from (str(each["Key"]) for each in reply.get("Contents", ()))
            if not reply.get("NextContinuationToken"):
                return
            asking["ContinuationToken"] = reply["NextContinuationToken"]


def lost_for_good(drill: Drill, hit: Place) -> DataLoss | None:
    """Say what the Region that takes over still lacks; None if it could not be read."""
    if drill.onset_s is None or drill.held_at_end is None:
        return None
    return data_loss(
        drill.writes,
        lost_region=hit.region,
        present=drill.held_at_end,
        onset_s=drill.onset_s,
    )


def none_lost(lost: DataLoss | None) -> Expected:
    """Hold that everything came over in the end. Nothing that was acknowledged proves nothing."""
    if lost is None:
        detail = "the Region that takes over could not be read"
    elif not lost.acknowledged:
        detail = "no write was acknowledged before the first change"
    else:
        detail = f"{lost.missing} of {lost.acknowledged} are still missing at the end"
    came = lost is not None and lost.acknowledged > 0 and not lost.missing
    return Expected(name=NONE_LOST, held=came, detail=detail)
