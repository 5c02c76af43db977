"""Dependency denied: records of predictions cannot be delivered, and come late but whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.core.change import Change, call
from resilience.experiments.core.experiment import Experiment, kept_answering
from resilience.experiments.core.memory import Expected
from resilience.experiments.core.world import CallError

if TYPE_CHECKING:
    from resilience.experiments.core.experiment import View
    from resilience.experiments.core.ground import Ground, Place
    from resilience.experiments.core.memory import Drill
    from resilience.experiments.core.world import World

SID: Final = "UnderstudyDrill"
_PREFIX: Final = "predictions/"
_DENIED_S: Final = 90.0
"""Longer than Firehose's buffer in both stacks: a delivery falls due and is refused."""

_ARRIVE_S: Final = 300.0
_LOOK_S: Final = 5.0


def _plan(world: World, ground: Ground, drill: Drill) -> tuple[Change, ...]:
    place = ground.place(drill.options.get("region", ground.primary.region))
    bucket, region = place.prediction_bucket, place.region
    before = _policy(world, place)
    content: dict[str, Any] = (
        {"Version": "2012-10-17", "Statement": []} if before is None else json.loads(before)
    )
    deny = {
        "Sid": SID,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/{_PREFIX}*",
    }
    denied = json.dumps(content | {"Statement": [*content["Statement"], deny]})
    undo = (
        call("s3", "delete_bucket_policy", region=region, Bucket=bucket)
        if before is None
        else call("s3", "put_bucket_policy", region=region, Bucket=bucket, Policy=before)
    )
    return (
        Change(
            what=f"a policy that denies writing to {bucket}/{_PREFIX}",
            do=call("s3", "put_bucket_policy", region=region, Bucket=bucket, Policy=denied),
            undo=undo,
        ),
    )


def _policy(world: World, place: Place) -> str | None:
    try:
        reply = world.call(
            "s3", "get_bucket_policy", region=place.region, Bucket=place.prediction_bucket
        )
    except CallError as error:
        if error.absent:
            return None
        raise
    return str(reply["Policy"])


def _delivered(view: View) -> tuple[int, frozenset[str]]:
    """Count the objects that came since the onset, and name the requests in their records."""
    bucket, region = view.target.prediction_bucket, view.target.region
    objects, named = 0, set[str]()
    asking: dict[str, Any] = {"Bucket": bucket, "Prefix": f"{_PREFIX}region={region}/"}
    while True:
        reply = view.world.call("s3", "list_objects_v2", region=region, **asking)
        for each in reply.get("Contents", ()):
            if each["LastModified"].timestamp() < view.onset_s - 1:  # S3 tells whole seconds
                continue
            found = view.world.call(
                "s3", "get_object", region=region, Bucket=bucket, Key=each["Key"]
            )
            objects += 1
            named |= _named(found["Body"].read())
        if not reply.get("NextContinuationToken"):
            return objects, frozenset(named)
        asking["ContinuationToken"] = reply["NextContinuationToken"]


def _named(body: bytes) -> set[str]:
    return {str(json.loads(line).get("request_id", "")) for line in body.splitlines() if line}


def _judge(view: View) -> tuple[Expected, ...]:
    objects, _ = _delivered(view)
    bitten = Expected(
        name="no record is delivered meanwhile",
        held=not objects,
        detail=f"{objects} objects came in {view.lasted_s:.0f} s",
    )
    return bitten, kept_answering(view)


def _judge_after(view: View) -> tuple[Expected, ...]:
    region = view.target.region
    answered = [p for p in view.during if p.good and p.region == region]
    asked = view.world.request_ids(answered)
    give_up_s = view.world.now_s() + _ARRIVE_S + view.ground.slack_s
    while (missing := asked - _delivered(view)[1]) and view.world.now_s() < give_up_s:
        view.world.watch(_LOOK_S)
    detail = f"{len(missing)} of {len(asked)} records of that time are missing"
    whole = bool(asked) and not missing
    return (Expected(name="records come late and none is lost", held=whole, detail=detail),)


DEPENDENCY_DENIED: Final = Experiment(
    name="dependency-denied",
    title="Answers keep coming while records cannot be delivered, and no record is lost",
    description="Denies writing to the prediction bucket of the Region that serves, and takes the "
    "denial back.",
    blast="Records of predictions are late by minutes.",
    plan=_plan,
    done=lambda view: view.lasted_s >= _DENIED_S,
    deadline_s=lambda _: _DENIED_S,
    judge=_judge,
    judge_after=_judge_after,
    outage_s=lambda ground: ground.rto_s,
    contributions={"reliability": "high"},
)
