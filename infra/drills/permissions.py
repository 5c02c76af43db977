"""What the drill function may do, as plain functions: look, remember, report, and as scheduled.

Nothing is granted for an experiment that no schedule runs: a stack that is only evacuated and
returned has a drill that could break nothing of it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from infra.client_secret import read_secret
from infra.drills.names import machine_arn, parameter_name, topic_arn
from infra.naming import RegionNames
from infra.observer_policies import INTENTS
from infra.policies import Encrypted, Statement, use_key
from infra.ring import watchers_of
from infra.table import arn_by_name

DRILLS: Final = "drill"
"""The partition of the stack's table that drills keep their memory in."""

JOURNALS: Final = "journals/"
WRITES: Final = "drills/*"
"""What numbered writes are called (`resilience/experiments/core/writes.py`)."""
FLAGS: Final = "evacuation/*"


@dataclass(frozen=True, kw_only=True)
class Drilled:
    """What drills are about.

    Attributes:
        here: Names in the Region that they run in.
        first: Names in the Region that they hurt.
        places: Names in every Region of the stack.
        key_arn: The key in the Region that they run in.
        first_key_arn: The key in the Region that they hurt.
        journals: The bucket that journals go to.
        secret_arn: The credential of the stack's own clients there; empty if they need none.
    """

    here: RegionNames
    first: RegionNames
    places: Sequence[RegionNames]
    key_arn: str
    first_key_arn: str
    journals: Encrypted
    secret_arn: str


def drill(drilled: Drilled, experiments: Sequence[str]) -> tuple[Statement, ...]:
    """Return the function's permissions: the same for every drill, then by experiment."""
    hurting = (each for name in experiments for each in _NEEDS.get(name, _nothing)(drilled))
    same = (_look(drilled), _remember(drilled), _report(drilled), _write(drilled))
    return (*chain.from_iterable(same), *_distinct(hurting))


def _distinct(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    found: list[Statement] = []
    for each in statements:
        if each not in found:
            found.append(each)
    return tuple(found)


def _look(drilled: Drilled) -> tuple[Statement, ...]:
    """See, in every Region, whether it is well and whether anybody is in the way."""
    flags = [f"arn:aws:s3:::{each.bucket('evacuation')}" for each in drilled.places]
    secret, here = drilled.secret_arn, drilled.here
    return (
        Statement(
            actions=["lambda:GetFunctionConcurrency", "lambda:ListTags"],
            resources=[_function(each, "predict") for each in drilled.places],
        ),
        # What is about composite alarms IAM grants for all or for none:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
        Statement(actions=["cloudwatch:DescribeAlarms"], resources=["*"]),
        Statement(actions=["s3:GetObject"], resources=[f"{arn}/{FLAGS}" for arn in flags]),
        Statement(actions=["s3:ListBucket"], resources=flags),
        Statement(
            actions=["ssm:GetParameter"],
            resources=[
                f"arn:aws:ssm:{here.region}:{here.stack.account_id}:parameter{parameter_name(here)}"
            ],
        ),
        *(read_secret(secret, drilled.key_arn, here.region) if secret else ()),
    )


def _remember(drilled: Drilled) -> tuple[Statement, ...]:
    """Keep a drill's memory, and give observers the word to lead clients back.

    What an item says IAM cannot tell apart: that no drill says more than that is the function's.
    """
    here = drilled.here
    table = arn_by_name(here)
    return (
        Statement(
            actions=["dynamodb:GetItem", "dynamodb:Query"],
            resources=[table],
            condition=_items(DRILLS),
        ),
        Statement(
            actions=["dynamodb:PutItem"], resources=[table], condition=_items(DRILLS, INTENTS)
        ),
        use_key(drilled.key_arn, "Decrypt", service=f"dynamodb.{here.region}.amazonaws.com"),
    )


def _report(drilled: Drilled) -> tuple[Statement, ...]:
    """Write journals, see by their names which were written, and when the first could have been."""
    journals = drilled.journals
    return (
        Statement(actions=["s3:PutObject"], resources=[f"{journals.bucket_arn}/{JOURNALS}*"]),
        Statement(actions=["s3:ListBucket"], resources=[journals.bucket_arn]),
        journals.use_key("GenerateDataKey"),
        Statement(actions=["states:DescribeStateMachine"], resources=[machine_arn(drilled.here)]),
        Statement(actions=["sns:Publish"], resources=[topic_arn(drilled.here)]),
        use_key(
            drilled.key_arn,
            *("Decrypt", "GenerateDataKey"),
            service=f"sns.{drilled.here.region}.amazonaws.com",
        ),
    )


def _write(drilled: Drilled) -> tuple[Statement, ...]:
    """Make numbered writes where clients are led away from, see where they are copied, delete them.

    Every experiment that a schedule may run leads clients away.
    """
    buckets = [f"arn:aws:s3:::{each.bucket('predictions')}" for each in drilled.places]
    left = Encrypted(
        bucket_arn=f"arn:aws:s3:::{drilled.first.bucket('predictions')}",
        key_arn=drilled.first_key_arn,
        region=drilled.first.region,
    )
    return (
        Statement(
            actions=["s3:DeleteObject", "s3:PutObject"],
            resources=[f"{left.bucket_arn}/{WRITES}"],
        ),
        Statement(
            actions=["s3:ListBucket"],
            resources=buckets,
            condition={"StringLike": {"s3:prefix": WRITES}},
        ),
        left.use_key("GenerateDataKey"),
    )


def _throttle(drilled: Drilled) -> tuple[Statement, ...]:
    """Stop the function that serves in one Region, and let it run again."""
    return (_stop(_function(drilled.first, "predict")),)


def _stop_observers(drilled: Drilled) -> tuple[Statement, ...]:
    """Stop whoever watches that Region as well."""
    regions = [each.region for each in drilled.places]
    watching = watchers_of(drilled.first.region, regions)
    observers = [_function(each, "observer") for each in drilled.places if each.region in watching]
    return (
        *_throttle(drilled),
        *map(_stop, observers),
        Statement(actions=["lambda:GetFunctionConcurrency"], resources=observers),
    )


def _stop(function_arn: str) -> Statement:
    return Statement(
        actions=["lambda:DeleteFunctionConcurrency", "lambda:PutFunctionConcurrency"],
        resources=[function_arn],
    )


def _flag(drilled: Drilled) -> tuple[Statement, ...]:
    """Set the flag, here, that evacuates the other Region; and take it away."""
    arn = f"arn:aws:s3:::{drilled.here.bucket('evacuation')}"
    flag = Encrypted(bucket_arn=arn, key_arn=drilled.key_arn, region=drilled.here.region)
    return (
        Statement(
            actions=["s3:DeleteObject", "s3:PutObject"],
            resources=[f"{arn}/evacuation/{drilled.first.region}"],
        ),
        flag.use_key("Decrypt", "GenerateDataKey"),
    )


def _nothing(_: Drilled) -> tuple[Statement, ...]:
    return ()


_NEEDS: Final[Mapping[str, Callable[[Drilled], tuple[Statement, ...]]]] = {
    "region-loss": _throttle,
    # A word to the observers is all it takes.
    "evacuation-and-return": _nothing,
    "dns-switchover": _flag,
    "observer-dead": _stop_observers,
}


def _function(names: RegionNames, what: str) -> str:
    return f"arn:aws:lambda:{names.region}:{names.stack.account_id}:function:{names.name(what)}"


def _items(*partitions: str) -> dict[str, dict[str, list[str]]]:
    return {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": list(partitions)}}
