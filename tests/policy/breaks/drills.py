"""Drills by the clock: how to break these rules, and what they then say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.policy.breaking import Broken, case, change, drop, first

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy import Graph

    Break = Callable[[Graph], None]


def clients_depend_on_it(graph: Graph) -> None:
    first(graph, "Zone").inputs["tags"]["production"] = "true"


def lock_for_no_days(graph: Graph) -> None:
    lock = first(graph, "BucketObjectLockConfiguration")
    lock.inputs["rule"]["defaultRetention"]["days"] = None


def state(name: str, **fields: Any) -> Break:
    """Give a state of the machine other fields; None takes one away, and the state without any."""

    def apply(graph: Graph) -> None:
        machine = first(graph, "StateMachine")
        told = json.loads(machine.inputs["definition"])
        if not fields:
            del told["States"][name]
        for key, value in fields.items():
            if value is None:
                del told["States"][name][key]
            else:
                told["States"][name][key] = value
        machine.inputs["definition"] = json.dumps(told)

    return apply


def move(kind: str, named: str) -> Break:
    return change(kind, named, region="us-east-1")


def forget_the_killed(graph: Graph) -> None:
    rule = first(graph, "EventRule", "aftermath")
    pattern = json.loads(rule.inputs["eventPattern"])
    pattern["detail"]["status"] = ["FAILED"]
    rule.inputs["eventPattern"] = json.dumps(pattern)


TO_REPORT = [{"ErrorEquals": ["States.ALL"], "Next": "Report"}]
ONLY_TIMEOUTS = [{"ErrorEquals": ["States.Timeout"], "Next": "Rollback"}]

BREAKS: tuple[Broken, ...] = (
    case(
        "journals-are-locked",
        "could not be given one later",
        change("Bucket", "journals", objectLockEnabled=None),
    ),
    case("journals-are-locked", "locks nothing", drop("BucketObjectLockConfiguration")),
    case("journals-are-locked", "locks nothing", lock_for_no_days),
    case("journals-are-locked", "which an administrator can take off", clients_depend_on_it),
    case(
        "drills-roll-back-whatever-fails",
        "goes to ['Report'] when Inject",
        state("Inject", Catch=TO_REPORT),
    ),
    case(
        "drills-roll-back-whatever-fails",
        "nowhere when Watch fails",
        state("Watch", Catch=ONLY_TIMEOUTS),
    ),
    case("drills-roll-back-whatever-fails", "tries Begin once", state("Begin", Retry=None)),
    case(
        "drills-roll-back-whatever-fails",
        "waits for SteadyBefore for ever",
        state("SteadyBefore", TimeoutSeconds=None),
    ),
    case("drills-roll-back-whatever-fails", "takes back what it did", state("Rollback")),
    case(
        "faults-stop-when-clients-are-hurt",
        "is stopped by nothing",
        change("ExperimentTemplate", stopConditions=[{"source": "none"}]),
    ),
    case(
        "drills-run-from-where-they-do-not-hurt",
        "runs in us-east-1, which is hurt first",
        move("StateMachine", "drills"),
    ),
    case(
        "drills-run-from-where-they-do-not-hurt",
        "starts a drill of us-west-2",
        move("Schedule", "drills"),
    ),
    case(
        "drills-run-from-where-they-do-not-hurt",
        "is started by no schedule",
        change("Schedule", "drills", state="DISABLED"),
    ),
    case(
        "drills-run-from-where-they-do-not-hurt",
        "calls no function of us-west-2",
        move("Alias", "drills-runner"),
    ),
    case(
        "drills-that-stop-are-noticed",
        "no alarm in us-west-2 that looks at DrillAge",
        drop("MetricAlarm", "drill-missing"),
    ),
    case(
        "drills-that-stop-are-noticed",
        "takes silence for a drill that passed",
        change("MetricAlarm", "drill-missing", treatMissingData="notBreaching"),
    ),
    case(
        "drills-that-stop-are-noticed",
        "nobody asks how old",
        drop("EventTarget", "drills-runner-hourly"),
    ),
    case("drills-that-are-killed-are-taken-back", "leaves what it changed", forget_the_killed),
    case(
        "drills-that-are-killed-are-taken-back",
        "leaves what it changed",
        drop("EventTarget", "drills-runner-aftermath"),
    ),
)
