"""Replication stalled: predictions stop being copied, and are copied again.

FIS can pause replication, and S3 catches up afterwards; without its template the rules are
disabled, and what was written meanwhile is never copied by itself:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnt-replicated.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.catalogue import fis
from resilience.experiments.core.change import Act, Change, call, nothing, performs
from resilience.experiments.core.experiment import Experiment, kept_answering
from resilience.experiments.core.memory import Expected
from resilience.experiments.core.world import CallError

if TYPE_CHECKING:
    from resilience.experiments.core.experiment import View
    from resilience.experiments.core.ground import Ground, Place
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World

RULE, FIS = "rule", "fis"
_RESUME: Final = "resume-replication"
_STALLED_S: Final = 60.0
_COPIED_S: Final = 120.0
_LOOK_S: Final = 5.0


def _plan(world: World, ground: Ground, drill: Drill) -> tuple[Change, ...]:
    place = ground.place(drill.options.get("region", ground.primary.region))
    if drill.options["how"] == FIS:
        stall = fis.experiment(world, place.region, "replication-stalled", drill)
    else:
        stall = _rules_off(world, place, drill)
    where: dict[str, Any] = {
        "Bucket": place.prediction_bucket,
        "Key": _key(drill.id, "during"),
    }
    mark = Change(
        what=f"a marked object in {place.prediction_bucket}",
        do=call("s3", "put_object", region=place.region, Body="", **where),
        # It is looked for after the rollback, and a deletion would be copied with it.
        undo=nothing(place.region),
    )
    return stall, mark


def _rules_off(world: World, place: Place, drill: Drill) -> Change:
    bucket = place.prediction_bucket
    reply = world.call("s3", "get_bucket_replication", region=place.region, Bucket=bucket)
    before: dict[str, Any] = reply["ReplicationConfiguration"]
    off = before | {"Rules": [rule | {"Status": "Disabled"} for rule in before["Rules"]]}
    return Change(
        what=f"every replication rule of {bucket} disabled",
        do=call(
            "s3",
            "put_bucket_replication",
            region=place.region,
            Bucket=bucket,
            ReplicationConfiguration=off,
        ),
        undo=Act(
            kind=_RESUME,
            region=place.region,
            facts={"bucket": bucket, "before": before, "key": _key(drill.id, "after")},
        ),
    )


@performs(_RESUME)
def _resume(world: World, act: Act) -> None:
    """Put the rules back, and write an object that they must copy."""
    bucket = act.facts["bucket"]
    world.call(
        "s3",
        "put_bucket_replication",
        region=act.region,
        Bucket=bucket,
        ReplicationConfiguration=act.facts["before"],
    )
    world.call("s3", "put_object", region=act.region, Bucket=bucket, Key=act.facts["key"], Body="")


def _key(drill: str, when: str) -> str:
    return f"drills/{drill}/{when}"


def _copies(view: View, when: str) -> list[str]:
    """List the other Regions that hold a marked object."""
    found: list[str] = []
    for place in view.ground.places:
        if place.region != view.target.region:
            where = {"Bucket": place.prediction_bucket, "Key": _key(view.drill.id, when)}
            try:
                view.world.call("s3", "head_object", region=place.region, **where)
            except CallError as error:
                if not error.absent:
                    raise
            else:
                found.append(place.region)
    return found


def _clear(view: View) -> None:
    """Delete every marked object, copies too: a deletion may not be copied yet, or never."""
    for place in view.ground.places:
        for when in ("during", "after"):
            where = {"Bucket": place.prediction_bucket, "Key": _key(view.drill.id, when)}
            view.world.call("s3", "delete_object", region=place.region, **where)


def _judge(view: View) -> tuple[Expected, ...]:
    copied = _copies(view, "during")
    detail = f"copied to {', '.join(copied) or 'no other Region'} after {view.lasted_s:.0f} s"
    stalled = Expected(name="replication stands still", held=not copied, detail=detail)
    return stalled, kept_answering(view)


def _judge_after(view: View) -> tuple[Expected, ...]:
    marks = "during" if view.drill.options["how"] == FIS else "after"
    others = len(view.ground.places) - 1
    give_up_s = view.world.now_s() + _COPIED_S + view.ground.slack_s
    while len(copied := _copies(view, marks)) < others and view.world.now_s() < give_up_s:
        view.world.watch(_LOOK_S)
    _clear(view)
    what = "the object of before" if marks == "during" else "a new object"
    detail = f"{what} came to {', '.join(copied) or 'no other Region'}"
    return (Expected(name="replication works again", held=len(copied) == others, detail=detail),)


REPLICATION_STALLED: Final = Experiment(
    name="replication-stalled",
    title="Predictions that are not copied cost no answer, and copying goes on afterwards",
    description="Stops the copying of predictions out of the Region that serves, and starts it "
    "again. `how`: the rules disabled, or the FIS template replication-stalled.",
    blast="What is written meanwhile is in one Region alone; with `rule` it stays there until it "
    "is reconciled.",
    plan=_plan,
    done=lambda view: view.lasted_s >= _STALLED_S,
    deadline_s=lambda _: _STALLED_S,
    judge=_judge,
    judge_after=_judge_after,
    choices={"how": (RULE, FIS)},
    outage_s=lambda ground: ground.rto_s,
    contributions={"reliability": "high"},
)
