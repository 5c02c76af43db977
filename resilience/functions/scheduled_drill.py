"""The deployed drill: one step of it at a time, as a state machine asks; and what it leaves behind.

| event | what is done |
| --- | --- |
| a step of the machine | it is done; the first chooses the experiment, the last writes a journal |
| the first step | before that, what a dead drill left is taken back, kept and told |
| an execution ended badly | what it changed is taken back, whatever state it died in |
| once an hour | tells how long ago a drill last passed |

Standard library, boto3 from Lambda's runtime, and what is packed beside it.
"""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import boto3

from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.core.guards import Asked
from resilience.experiments.core.memory import Drill
from resilience.experiments.core.record import journal_of
from resilience.experiments.core.stepper import Stepper
from resilience.experiments.core.steps import Answer
from resilience.functions import drill_age, drill_journals
from resilience.functions.drill_ground import Plan, plan_of
from resilience.functions.drill_journals import Kept, kept_in, name_of, next_in_turn
from resilience.functions.drill_world import RATE_PER_S, FunctionWorld
from resilience.functions.metric_line import say

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_TURN: Final = "in-turn"
"""What a schedule asks for: the experiment whose turn it is (`infra/drills/start.py`)."""

_STATUS_CHANGE: Final = "Step Functions Execution Status Change"
_SUBJECT_MAX_LENGTH: Final = 100
_TOLD: Final = 500

_SSM: Final[Any] = boto3.client("ssm")
_S3: Final[Any] = boto3.client("s3")


def handle(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answer one event. Changes AWS state as the experiment says; idempotent."""
    kind = event.get("detail-type")
    if kind == "Scheduled Event":
        now = datetime.fromtimestamp(time.time(), UTC)
        return {"age_s": drill_age.tell(list(_kept()), _made(), now)}
    if kind == _STATUS_CHANGE:
        return _take_back(event["detail"])
    return _step(event)


def _step(event: dict[str, Any]) -> dict[str, Any]:
    plan, step, name = _plan(), str(event["step"]), str(event["drill"])
    stepper = _stepper(plan, name)
    if step == "begin":
        _finish_before(stepper, name)
    experiment = _experiment(stepper, plan, name, str(event["experiment"]))
    if step == "begin" and experiment not in plan.experiments:
        answer = _refuse(stepper, plan, name, experiment)
    else:
        answer = stepper.step(step, name, experiment, {})
    if step == "rollback" and (why := _broke(event)) and stepper.ledger.drill(name) is not None:
        stepper.give_up(name, why)
    if step == "report":
        unknown = Drill(
            id=name, experiment=experiment, verdict=answer.verdict or "broken", why=answer.why
        )
        _write(stepper, stepper.ledger.drill(name) or unknown)
    _say(answer, experiment)
    # A machine waits for whole seconds.
    return answer.to_json() | {"wait_s": math.ceil(answer.wait_s)}


def _experiment(stepper: Stepper, plan: Plan, name: str, asked: str) -> str:
    """Say which experiment a drill is: as it began, as it was asked for, or whose turn it is."""
    known = stepper.ledger.drill(name)
    if known is not None:
        return known.experiment
    return next_in_turn(plan.experiments, list(_kept())) if asked == IN_TURN else asked


def _refuse(stepper: Stepper, plan: Plan, name: str, experiment: str) -> Answer:
    """Refuse what this function was given no permission for, before anything is half done."""
    why = (
        f"{experiment} is none of the experiments that run here ({', '.join(plan.experiments)}):"
        " add it to understudy:drillExperiments, or run it from a laptop"
    )
    if stepper.ledger.drill(name) is None:
        now_s = stepper.world.now_s()
        drill = Drill(id=name, experiment=experiment, owner=stepper.owner, began_s=now_s)
        drill = replace(drill.saying(now_s, "drill.refused", why), verdict="refused", why=why)
        stepper.ledger.write(drill)
    return Answer(
        drill=name,
        experiment=experiment,
        step="begin",
        next="report",
        verdict="refused",
        why=why,
    )


def _broke(event: dict[str, Any]) -> str:
    """Say which state failed, if one did: the machine hands on what it knows."""
    error = event.get("so_far", {}).get("error")
    if not error:
        return ""
    return f"a step failed: {error.get('Error', '')}: {str(error.get('Cause', ''))[:_TOLD]}"


def _finish_before(stepper: Stepper, name: str) -> None:
    """Take back what another drill left whose hand is gone, keep its journal, and tell of it.

    The first step of a drill would take it back as well, and say nothing of it. The lock is given
    away last: a step that fails before is tried again, and comes here again.
    """
    left = stepper.unfinished()
    if left is None or left.id == name or left.step == "over":
        return
    taken = stepper.recover(left)
    _write(stepper, taken)
    _publish(
        stepper, f"Drill {taken.experiment}: {taken.verdict}", f"Drill {taken.id}: {taken.why}"
    )
    stepper.step("report", taken.id, taken.experiment, {})


def _take_back(ended: dict[str, Any]) -> dict[str, Any]:
    """Take back what an execution left that ended without its own rollback, and tell of it."""
    name, status = str(ended["name"]), str(ended["status"])
    stepper = _stepper(_plan(), name)
    found = stepper.ledger.drill(name)
    if found is None or found.step == "over":
        return {"drill": name, "status": status, "left": "nothing"}
    stepper.step("rollback", name, found.experiment, {})
    why = f"its execution ended as {status}, and what it had changed was taken back"
    stepper.give_up(name, why)
    stepper.step("report", name, found.experiment, {})
    _write(stepper, stepper.ledger.drill(name) or found)
    _publish(stepper, f"Drill {found.experiment}: broken", f"Drill {name}: {why}")
    return {"drill": name, "status": status, "left": "taken back"}


def _plan() -> Plan:
    reply = _SSM.get_parameter(Name=os.environ["UNDERSTUDY_DRILLS"])
    return plan_of(reply["Parameter"]["Value"])


def _stepper(plan: Plan, name: str) -> Stepper:
    """Make a hand on one drill; another one's is taken for alive until its lease is over."""
    catalogue = {each: CATALOGUE[each].stopped_after(plan.stop_s) for each in CATALOGUE}
    ground = plan.ground
    return Stepper(
        world=FunctionWorld(ground, os.environ),
        ground=ground,
        catalogue=catalogue,
        asked=Asked(account=ground.account, stack=ground.stack),
        owner=f"{os.environ.get('AWS_LAMBDA_FUNCTION_NAME', 'function')}:{name}",
        alive=lambda _: True,  # another execution is not seen from here: its lease decides
    )


def _say(answer: Answer, experiment: str) -> None:
    """Write what a step came to as one line; the last one's is a metric too."""
    facts: dict[str, Any] = {"level": "INFO", **answer.to_json()}
    if answer.next is None:
        facts |= {"DrillMet": int(answer.verdict == "met"), "Experiment": experiment}
        say("drill", facts, ["DrillMet"], [["Experiment"]])
    else:
        say("drill", facts, [], [])


def _write(stepper: Stepper, drill: Drill) -> None:
    """Put journal and report into the locked bucket; again is another version of the same."""
    began_s = drill.began_s or stepper.world.now_s()
    kept = Kept(
        at=datetime.fromtimestamp(began_s, UTC),
        experiment=drill.experiment,
        verdict=drill.verdict,
        drill=drill.id,
    )
    found = stepper.catalogue[drill.experiment]
    told = journal_of(stepper.world, stepper.ground, drill, found, RATE_PER_S)
    texts = {
        "journal.json": ("application/json", json.dumps(told, sort_keys=True)),
        "report.html": ("text/html; charset=utf-8", drill_journals.report(told, kept)),
    }
    for ending, (kind, text) in texts.items():
        _S3.put_object(
            Bucket=os.environ["UNDERSTUDY_JOURNAL_BUCKET"],
            Key=f"{name_of(kept)}{ending}",
            Body=text.encode(),
            ContentType=kind,
            # S3 takes nothing into a locked bucket without one.
            ChecksumAlgorithm="SHA256",
        )


def _kept() -> Iterator[Kept]:
    """The journals there are, by their names."""
    pages = _S3.get_paginator("list_objects_v2").paginate(
        Bucket=os.environ["UNDERSTUDY_JOURNAL_BUCKET"], Prefix=drill_journals.PREFIX
    )
    found = {kept_in(each["Key"]) for page in pages for each in page.get("Contents", ())}
    return (each for each in found if each is not None)


def _made() -> datetime:
    """When the stack's machine was made: no drill can be older."""
    machine = boto3.client("stepfunctions").describe_state_machine(
        stateMachineArn=os.environ["UNDERSTUDY_DRILL_MACHINE"]
    )
    made: datetime = machine["creationDate"]
    return made


def _publish(stepper: Stepper, subject: str, message: str) -> None:
    stepper.world.call(
        "sns",
        "publish",
        region=os.environ["AWS_REGION"],
        TopicArn=os.environ["UNDERSTUDY_TOPIC"],
        Subject=subject[:_SUBJECT_MAX_LENGTH],
        Message=message,
    )
