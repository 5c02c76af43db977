"""Who decides on a failover, and what that may touch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from policy.rule import Said, each, whole
from policy.rules.health import deep_checks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource

_OBSERVER: Final = "-observer"
_WELL, _NOT_WELL = "192.0.2.1", "192.0.2.2"
# Data planes alone: what these are about outlives any other Region, and any control plane.
_DATA_PLANE: Final = frozenset(
    {
        *("dynamodb:PutItem", "dynamodb:Query"),
        *("s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"),
        *("logs:CreateLogStream", "logs:PutLogEvents"),
        *("kms:Decrypt", "kms:GenerateDataKey"),
        *("sns:Publish", "sqs:SendMessage", "secretsmanager:GetSecretValue"),
    }
)


def _observes(function: Resource) -> bool:
    return str(function.get("name")).endswith(_OBSERVER)


@whole
def every_region_has_an_observer_that_is_started(graph: Graph) -> Iterator[Said]:
    """Every Region has an observer, which a schedule of that Region starts every minute.

    Whichever Region is lost, another must decide. A schedule that is switched off, or that stands
    in another Region, is noticed on the day when nothing is latched.

    Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-state.html
    """
    started = {
        (schedule.region, alias.region)
        for schedule in graph.all("Schedule")
        if schedule.get("state") != "DISABLED"
        and schedule.get("scheduleExpression") == "rate(1 minute)"
        for alias in graph.behind(schedule, "target", "Alias")
        for function in graph.behind(alias, "functionName", "Function")
        if _observes(function)
    }
    for region in graph.regions:
        if not graph.matching("Function", region=region) or not any(
            _observes(function) for function in graph.matching("Function", region=region)
        ):
            yield f"no observer stands in {region}"
        elif (region, region) not in started:
            yield f"nothing in {region} starts its observer every minute"


@each("Function")
def observers_touch_their_own_region_alone(function: Resource, graph: Graph) -> Iterator[str]:
    """An observer's role allows data-plane actions by name, on nothing of another Region.

    A decision that needs a control plane, or the other Region, cannot be made on the day that
    Region is lost. A write into another Region makes two Regions answer for one item.

    Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/appendix-a---partitional-service-guidance.html
    """
    if not _observes(function):
        return
    roles = graph.behind(function, "role", "Role")
    for policy in graph.all("RolePolicy"):
        if not any(role in roles for role in graph.behind(policy, "role", "Role")):
            continue
        for statement in policy.document("policy"):
            for action in _list(statement.get("Action")):
                if action not in _DATA_PLANE:
                    yield f"may {action} by {policy.name}"
            told = json.dumps(statement.get("Resource"))
            for other in graph.regions:
                if other != function.region and other in told:
                    yield f"reaches {other} by {policy.name}"


@whole
def verdicts_tell_of_the_deep_checks(graph: Graph) -> Iterator[Said]:
    """Each Region has a name that leads to one address while its deep check is well, else another.

    An observer reads Route 53's word there. Told of the serving check it would read its own
    flag, and keep it set for ever.

    Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-configuring.html
    """
    zone = str(graph.one("Zone").get("name")).rstrip(".")
    for region in graph.regions:
        name = f"verdict.{region}.{zone}"
        told = {
            str((record.asked("records") or [""])[0]): record
            for record in graph.matching("Record", name=name)
        }
        if set(told) != {_WELL, _NOT_WELL}:
            yield f"{name} leads to {', '.join(sorted(told)) or 'nothing'}"
            continue
        checks = graph.behind(told[_WELL], "healthCheckId", "HealthCheck")
        if checks != deep_checks(graph, region):
            yield told[_WELL], f"follows {', '.join(one.name for one in checks) or 'no check'}"
        roles = [str(told[each_].items("failoverRoutingPolicies")) for each_ in (_WELL, _NOT_WELL)]
        if "PRIMARY" not in roles[0] or "SECONDARY" not in roles[1]:
            yield told[_WELL], "is not what is told while the Region is well"


def is_verdict(record: Resource) -> bool:
    """Whether a record leads nobody anywhere: its answer alone counts."""
    return set(record.inputs.get("records") or ()) in ({_WELL}, {_NOT_WELL})


def _list(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())  # pyright: ignore[reportArgumentType, reportUnknownArgumentType, reportUnknownVariableType]  # JSON
