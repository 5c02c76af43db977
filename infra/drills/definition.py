"""The state machine of a drill, as a plain function: steps, waits, and one way to the rollback.

Every state before the rollback leads there when it fails, is throttled or hangs; the rollback is
tried for an hour; and whatever came of it, what happened is reported and told. One function does
every step, and keeps what it must know between two of them in the stack's table, so that a state
may run twice.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

import json
from dataclasses import dataclass
from typing import Any, Final

State = dict[str, Any]

TASK_S: Final = 270
"""How long one step may take; the function itself ends sooner."""

# Far longer than any drill: a machine that is timed out runs no state any more. What it left is
# then taken back by the rule on its end (`infra.drills.aftermath`).
_LONGEST_S: Final = 4 * 3600
_INVOKE: Final = "arn:aws:states:::lambda:invoke"
_PUBLISH: Final = "arn:aws:states:::sns:publish"
_ANY: Final = "States.ALL"

_RETRY: Final = [
    {
        "ErrorEquals": [_ANY],
        "IntervalSeconds": 2,
        "BackoffRate": 2.0,
        "MaxAttempts": 4,
        "MaxDelaySeconds": 30,
    }
]
# An hour: nobody else takes it back, and a throttled API or a lost Region may last so long.
_RETRY_ROLLBACK: Final = [
    {
        "ErrorEquals": [_ANY],
        "IntervalSeconds": 5,
        "BackoffRate": 2.0,
        "MaxAttempts": 65,
        "MaxDelaySeconds": 60,
    }
]


@dataclass(frozen=True, kw_only=True)
class DrillMachine:
    """What the machine calls.

    Attributes:
        function_arn: The function that does the steps, by its alias.
        topic_arn: Who hears of the verdict.
    """

    function_arn: str
    topic_arn: str


def definition(machine: DrillMachine) -> str:
    """Return the machine's definition, as JSON text."""
    states: dict[str, State] = {
        **_forward("Begin", machine, "begin", {"steady-before": "SteadyBefore"}, "Report"),
        **_forward("SteadyBefore", machine, "steady-before", {"inject": "Inject"}, "Rollback"),
        **_forward("Inject", machine, "inject", {"watch": "Watch"}, "Rollback"),
        **_forward("Watch", machine, "watch", {}, "Rollback"),
        "Rollback": _step(machine, "rollback", "SteadyAfter", "Report", _RETRY_ROLLBACK),
        **_afterwards("SteadyAfter", machine),
        "Report": _step(machine, "report", "Tell", "TellOfFailure", _RETRY),
        "Tell": _tell(machine, "$.why", "Passed"),
        "TellOfFailure": _tell(machine, "States.JsonToString($.error)", "Broken"),
        **_ends(),
    }
    return json.dumps({"StartAt": "Begin", "TimeoutSeconds": _LONGEST_S, "States": states})


def _forward(
    name: str, machine: DrillMachine, step: str, leads: dict[str, str], otherwise: str
) -> dict[str, State]:
    """A step before the rollback: again after a wait, on to the next, or else the way out."""
    again, pause = f"After{name}", f"WaitTo{name}"
    choices = [_when(step, pause), *(_when(said, state) for said, state in leads.items())]
    return {
        name: _step(machine, step, again, "Rollback", _RETRY),
        again: {"Type": "Choice", "Choices": choices, "Default": otherwise},
        pause: {"Type": "Wait", "SecondsPath": "$.wait_s", "Next": name},
    }


def _afterwards(name: str, machine: DrillMachine) -> dict[str, State]:
    """The look at what the rollback left: again after a wait, then the report."""
    again, pause = f"After{name}", f"WaitTo{name}"
    return {
        name: _step(machine, "steady-after", again, "Report", _RETRY),
        again: {
            "Type": "Choice",
            "Choices": [_when("steady-after", pause)],
            "Default": "Report",
        },
        pause: {"Type": "Wait", "SecondsPath": "$.wait_s", "Next": name},
    }


def _step(
    machine: DrillMachine, step: str, following: str, on_failure: str, retry: list[State]
) -> State:
    """One call of the function, whose answer becomes the state's output.

    The drill is called as the execution is: the same in every step, whatever failed before.
    """
    payload = {
        "step": step,
        "drill.$": "$$.Execution.Name",
        "experiment.$": "$.experiment",
        "so_far.$": "$",
    }
    return {
        "Type": "Task",
        "Resource": _INVOKE,
        "Parameters": {"FunctionName": machine.function_arn, "Payload": payload},
        "OutputPath": "$.Payload",
        "TimeoutSeconds": TASK_S,
        "Retry": retry,
        "Catch": [{"ErrorEquals": [_ANY], "ResultPath": "$.error", "Next": on_failure}],
        "Next": following,
    }


def _tell(machine: DrillMachine, why: str, following: str) -> State:
    """The word to the topic. One that does not come through changes no verdict."""
    verdict = "$.verdict" if following == "Passed" else "'broken'"
    message = (
        f"States.Format('Drill {{}} ({{}}): {{}}. {{}}', $$.Execution.Name, $.experiment,"
        f" {verdict}, {why})"
    )
    return {
        "Type": "Task",
        "Resource": _PUBLISH,
        "Parameters": {
            "TopicArn": machine.topic_arn,
            "Subject.$": f"States.Format('Drill {{}}: {{}}', $.experiment, {verdict})",
            "Message.$": message,
        },
        "ResultPath": None,
        "TimeoutSeconds": TASK_S,
        "Retry": _RETRY,
        "Catch": [{"ErrorEquals": [_ANY], "ResultPath": "$.untold", "Next": following}],
        "Next": following,
    }


def _ends() -> dict[str, State]:
    """A refused drill is no failure of anything; one that missed is, and the console shows it."""
    return {
        "Passed": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.verdict", "StringEquals": verdict, "Next": "Over"}
                for verdict in ("met", "refused")
            ],
            "Default": "Missed",
        },
        "Over": {"Type": "Succeed"},
        "Missed": {"Type": "Fail", "ErrorPath": "$.verdict", "CausePath": "$.why"},
        "Broken": {"Type": "Fail", "Error": "broken", "Cause": "the drill could not be reported"},
    }


def _when(said: str, state: str) -> State:
    """Go to a state if the function says that this step is next."""
    return {"Variable": "$.next", "StringEquals": said, "Next": state}
