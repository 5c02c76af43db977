"""Drills by the clock: where they run from, how they end, and who hears when they do not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from policy.rule import Said, alone, each, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.graph import Graph, Resource

_JOURNALS: Final = "journals"
_ROLLBACK: Final = "Rollback"
_AGE: Final = "DrillAge"
_LAMBDA: Final = "arn:aws:states:::lambda:invoke"
_ALL: Final = "States.ALL"


@each("Bucket")
def journals_are_locked(bucket: Resource, graph: Graph) -> Iterator[str]:
    """A bucket of journals is locked: in production by a lock that nobody can take off.

    What a drill found is worth nothing to an audit if whoever failed it could take it away.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
    """
    if not str(bucket.get("bucket")).endswith(f"-{_JOURNALS}"):
        return
    if not bucket.get("objectLockEnabled"):
        yield "knows no locks, and could not be given one later"
    locks = [
        lock
        for lock in graph.all("BucketObjectLockConfiguration")
        if bucket in graph.behind(lock, "bucket", "Bucket")
    ]
    kept = [lock.object("rule").get("defaultRetention") or {} for lock in locks]
    if not any(each_kept.get("days") for each_kept in kept):
        yield "locks nothing that is written to it"
    for each_kept in kept:
        if graph.production and each_kept.get("mode") != "COMPLIANCE":
            yield f"is locked by {each_kept.get('mode')}, which an administrator can take off"


def _states(machine: Resource) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = json.loads(str(machine.get("definition")))["States"]
    return found


def _follow(state: Mapping[str, Any]) -> Iterator[str]:
    """Every state that a state may lead to, whatever it says or however it fails."""
    for key in ("Next", "Default"):
        if key in state:
            yield str(state[key])
    for branch in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield str(branch["Next"])


def _before(states: Mapping[str, Mapping[str, Any]], start: str, end: str) -> set[str]:
    """The states that may be run before another one is."""
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name == end or name in seen:
            continue
        seen.add(name)
        ahead += _follow(states[name])
    return {name for name in seen if end in _reached(states, name)}


def _reached(states: Mapping[str, Mapping[str, Any]], start: str) -> set[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name not in seen:
            seen.add(name)
            ahead += _follow(states[name])
    return seen - {start}


@alone("StateMachine", optional=True)
def drills_roll_back_whatever_fails(machine: Resource) -> Iterator[str]:
    """Every step of a drill's machine is tried again, and leads to the rollback when it fails.

    A drill that dies with its fault still in is the outage it was to prevent, at an hour when
    nobody watches.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    states = _states(machine)
    if _ROLLBACK not in states:
        yield "has no state that takes back what it did"
        return
    start = str(json.loads(str(machine.get("definition")))["StartAt"])
    before = _before(states, start, _ROLLBACK)
    for name, state in states.items():
        if state.get("Resource") != _LAMBDA:
            continue
        if not any(_ALL in retry["ErrorEquals"] for retry in state.get("Retry", ())):
            yield f"tries {name} once and never again"
        if not state.get("TimeoutSeconds"):
            yield f"waits for {name} for ever"
        caught = [c["Next"] for c in state.get("Catch", ()) if _ALL in c["ErrorEquals"]]
        if name in before and caught != [_ROLLBACK]:
            yield f"goes to {caught or 'nowhere'} when {name} fails, and not to the rollback"


@alone("ExperimentTemplate", optional=True)
def faults_stop_when_clients_are_hurt(template: Resource) -> Iterator[str]:
    """Every template of AWS FIS has an alarm that stops it.

    Without one an experiment runs its time out, whatever it turns out to break.

    Source: https://docs.aws.amazon.com/fis/latest/userguide/stop-conditions.html
    """
    alarms = [
        one
        for one in template.asked("stopConditions") or []
        if one.get("source") == "aws:cloudwatch:alarm" and one.get("value")
    ]
    if not alarms:
        yield "is stopped by nothing"


@whole
def drills_run_from_where_they_do_not_hurt(graph: Graph) -> Iterator[Said]:
    """What starts and runs a drill stands in the same Region, and not in the one it hurts first.

    A drill that loses the Region it runs in can neither watch nor take back what it did.

    Source: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/static-stability.html
    """
    first = graph.regions[0]
    for machine in graph.all("StateMachine"):
        if machine.region == first:
            yield machine, f"runs in {first}, which is hurt first"
        schedules = [
            schedule
            for schedule in graph.all("Schedule")
            if machine in graph.behind(schedule, "target", "StateMachine")
        ]
        if not [each_one for each_one in schedules if each_one.get("state") != "DISABLED"]:
            yield machine, "is started by no schedule"
        for schedule in schedules:
            if schedule.region != machine.region:
                yield schedule, f"starts a drill of {machine.region}"
        if not _runners(machine, graph):
            yield machine, f"calls no function of {machine.region}"


@whole
def drills_that_stop_are_noticed(graph: Graph) -> Iterator[Said]:
    """Where drills run by the clock, their age is told on a schedule, and silence is an alarm.

    A drill that never runs fails nothing: that recovery was last proven a year ago says nobody.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    for machine in graph.all("StateMachine"):
        region = machine.region
        alarms = graph.matching("MetricAlarm", region=region, metricName=_AGE)
        if not alarms:
            yield machine, f"has no alarm in {region} that looks at {_AGE}"
        for alarm in alarms:
            if alarm.get("treatMissingData") != "breaching":
                yield alarm, "takes silence for a drill that passed"
        runners = {function.name for function in _runners(machine, graph)}
        asks = [
            rule
            for rule in graph.matching("EventRule", region=region)
            if rule.get("scheduleExpression")
            and runners & {function.name for function in _called_by(rule, graph)}
        ]
        if not asks:
            yield machine, "has a function that nobody asks how old its last drill is"


@whole
def drills_that_are_killed_are_taken_back(graph: Graph) -> Iterator[Said]:
    """An execution that is stopped or times out has its function called for what it left.

    Neither runs a state any more: the machine's own rollback is not among what is promised then.

    Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    for machine in graph.all("StateMachine"):
        ended = [
            rule
            for rule in graph.matching("EventRule", region=machine.region)
            if {"ABORTED", "TIMED_OUT"} <= _statuses(rule) and _called_by(rule, graph)
        ]
        if not ended:
            yield machine, "leaves what it changed when it is stopped or times out"


def _statuses(rule: Resource) -> set[str]:
    pattern = json.loads(str(rule.get("eventPattern") or "{}"))
    if pattern.get("source") != ["aws.states"]:
        return set()
    return set(pattern.get("detail", {}).get("status", ()))


def _called_by(rule: Resource, graph: Graph) -> list[Resource]:
    return [
        function
        for target in graph.matching("EventTarget", region=rule.region)
        if rule in graph.behind(target, "rule", "EventRule")
        for alias in graph.behind(target, "arn", "Alias")
        for function in graph.behind(alias, "functionName", "Function")
    ]


def _runners(machine: Resource, graph: Graph) -> list[Resource]:
    """The functions whose aliases a machine's definition names."""
    text = str(machine.get("definition"))
    return [
        function
        for alias in graph.matching("Alias", region=machine.region)
        if f'"{alias.get("arn")}"' in text
        for function in graph.behind(alias, "functionName", "Function")
    ]
