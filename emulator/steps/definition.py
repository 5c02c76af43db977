"""Definitions of state machines: read, and refused as AWS refuses them. Pure.

What the emulator does not run (`Map`, `Parallel`, JSONata, services other than `TASKS`) is refused
by name too. The codes are those that CreateStateMachine and ValidateStateMachineDefinition were
seen to answer; `MISSING_END_STATE` is unverified.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from emulator.steps import choices, templates
from emulator.steps.paths import PathError
from emulator.steps.paths import steps as path_steps
from emulator.steps.retrying import problems as retry_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    State = Mapping[str, Any]

SCHEMA: Final = "SCHEMA_VALIDATION_FAILED"
TARGET: Final = "MISSING_TRANSITION_TARGET"
NO_END: Final = "MISSING_END_STATE"
LONGEST_S: Final = 99_999_999
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

TASKS: Final = {
    "arn:aws:states:::lambda:invoke": frozenset(
        {"FunctionName", "Payload", "InvocationType", "Qualifier", "LogType"}
    ),
    "arn:aws:states:::sns:publish": frozenset({"TopicArn", "Message", "Subject"}),
}
"""Resources of Task states, with the parameters of each that are emulated."""

_COMMON: Final = frozenset({"Type", "Comment", "QueryLanguage"})
_FLOW: Final = frozenset({"InputPath", "OutputPath"})
_NEXT: Final = frozenset({"Next", "End"})
_FIELDS: Final = {
    "Task": _FLOW
    | _NEXT
    | {
        "Resource",
        "Parameters",
        "ResultSelector",
        "ResultPath",
        "Retry",
        "Catch",
        "TimeoutSeconds",
        "TimeoutSecondsPath",
    },
    "Wait": _FLOW | _NEXT | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Pass": _FLOW | _NEXT | {"Result", "Parameters", "ResultPath"},
    "Choice": _FLOW | {"Choices", "Default"},
    "Succeed": _FLOW,
    "Fail": frozenset({"Error", "ErrorPath", "Cause", "CausePath"}),
}
_TOP: Final = frozenset(
    {"StartAt", "States", "Comment", "Version", "TimeoutSeconds", "QueryLanguage"}
)
_ENDS: Final = ("Succeed", "Fail")
_WAITS: Final = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
_PATHS: Final = (
    "InputPath",
    "OutputPath",
    "ResultPath",
    "SecondsPath",
    "TimestampPath",
    "TimeoutSecondsPath",
    "ErrorPath",
    "CausePath",
)
_NULLABLE: Final = ("InputPath", "OutputPath", "ResultPath")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with a definition, as a diagnostic of the API shows it."""

    code: str
    message: str
    location: str

    def __str__(self) -> str:
        """As an error of CreateStateMachine says it."""
        return f"{self.code}: {self.message} at {self.location}"


def read(text: str) -> tuple[Mapping[str, Any], list[Problem]]:
    """A definition, and everything wrong with it."""
    try:
        found = json.loads(text)
    except ValueError as error:
        return {}, [Problem(code="INVALID_JSON_DESCRIPTION", message=str(error), location="/")]
    if not isinstance(found, dict):
        return {}, [_schema("/", "A definition must be an object")]
    machine = cast("dict[str, Any]", found)
    return machine, list(_problems(machine))


def _schema(location: str, message: str) -> Problem:
    return Problem(code=SCHEMA, message=message, location=location)


def _problems(machine: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _unknown(machine, _TOP, "")
    yield from _language(machine, "")
    if "TimeoutSeconds" in machine and not _whole(machine["TimeoutSeconds"], 1, LONGEST_S):
        yield _schema("/TimeoutSeconds", "TimeoutSeconds must be a positive whole number")
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        yield _schema("/States", "States must be an object with at least one state")
        return
    known = cast("dict[str, Any]", states)
    for name, state in known.items():
        at = f"/States/{name}"
        if isinstance(state, dict):
            yield from _state_problems(cast("State", state), known, at)
        else:
            yield _schema(at, "A state must be an object")
    if machine.get("StartAt") not in known:
        message = f"Missing 'StartAt' target: {machine.get('StartAt')}"
        yield Problem(code=TARGET, message=message, location="/StartAt")
        return
    yield from _unconnected(str(machine["StartAt"]), known)


def _unknown(members: Mapping[str, Any], known: frozenset[str], at: str) -> Iterator[Problem]:
    for name in sorted(set(members) - known):
        yield _schema(f"{at}/{name}", f'Field "{name}" is not supported')


def _language(members: Mapping[str, Any], at: str) -> Iterator[Problem]:
    language = members.get("QueryLanguage", "JSONPath")
    if language != "JSONPath":
        message = f"QueryLanguage {language!r} is not emulated; JSONPath is"
        yield _schema(f"{at}/QueryLanguage", message)


def _state_problems(state: State, states: Mapping[str, Any], at: str) -> Iterator[Problem]:
    kind = state.get("Type")
    if kind not in _FIELDS:
        known = ", ".join(sorted(_FIELDS))
        yield _schema(f"{at}/Type", f"Type {kind!r} is not emulated; known are {known}")
        return
    yield from _unknown(state, _COMMON | _FIELDS[kind], at)
    yield from _language(state, at)
    yield from _path_problems(state, at)
    for name in ("Parameters", "ResultSelector"):
        if name in state:
            for place, message in templates.problems(state[name], f"{at}/{name}"):
                yield _schema(place, message)
    if _FIELDS[kind] & _NEXT:
        yield from _transition_problems(state, at)
    for name, target in targets(state):
        if target not in states:
            message = f"Missing 'Next' target: {target}"
            yield Problem(code=TARGET, message=message, location=f"{at}/{name}")
    check = _CHECKS.get(str(kind))
    if check is not None:
        yield from check(state, at)


def _path_problems(state: State, at: str) -> Iterator[Problem]:
    for name in (each for each in _PATHS if each in state):
        path = state[name]
        if path is None and name in _NULLABLE:
            continue
        # The paths of a Fail state may be intrinsic functions; those are not emulated there.
        try:
            path_steps(str(path))
        except PathError as error:
            yield _schema(f"{at}/{name}", str(error))
            continue
        if name == "ResultPath" and str(path).startswith("$$"):
            yield _schema(f"{at}/{name}", "The context object cannot be written to")


def _transition_problems(state: State, at: str) -> Iterator[Problem]:
    if ("Next" in state) == (state.get("End") is True):
        yield _schema(at, "These fields exclude each other, and one is required: [Next, End]")


def targets(state: State) -> Iterator[tuple[str, str]]:
    """The states that one leads to, each with the field that says so."""
    if "Next" in state:
        yield "Next", str(state["Next"])
    if "Default" in state:
        yield "Default", str(state["Default"])
    for list_name in ("Choices", "Catch"):
        listed = state.get(list_name)
        for index, each in enumerate(cast("list[Any]", listed if isinstance(listed, list) else [])):
            if isinstance(each, dict) and "Next" in each:
                yield f"{list_name}[{index}]/Next", str(cast("State", each)["Next"])


def _unconnected(start: str, states: Mapping[str, Any]) -> Iterator[Problem]:
    """States that nothing leads to, and a machine that never ends."""
    reached: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name in reached or not isinstance(states.get(name), dict):
            continue
        reached.add(name)
        ahead.extend(target for _, target in targets(states[name]))
    for name in (each for each in states if each not in reached):
        message = f'State "{name}" is not reachable.'
        yield Problem(code=TARGET, message=message, location=f"/States/{name}")
    if not any(_is_end(states[name]) for name in reached):
        yield Problem(code=NO_END, message="No reachable state ends it", location="/States")


def _is_end(state: State) -> bool:
    return state.get("End") is True or state.get("Type") in _ENDS


def _task_problems(state: State, at: str) -> Iterator[Problem]:
    resource = state.get("Resource")
    if resource not in TASKS:
        known = ", ".join(TASKS)
        message = f"The resource {resource!r} is not emulated; known are {known}"
        yield _schema(f"{at}/Resource", message)
        return
    if state.get("Parameters") is not None and not isinstance(state["Parameters"], dict):
        yield _schema(f"{at}/Parameters", "Parameters must be an object")
    for name in sorted(templates.names(state.get("Parameters")) - TASKS[str(resource)]):
        message = f'The field "{name}" is not supported by Step Functions, or not emulated'
        yield _schema(f"{at}/Parameters", message)
    if "TimeoutSeconds" in state and "TimeoutSecondsPath" in state:
        yield _schema(at, "These fields exclude each other: [TimeoutSeconds, TimeoutSecondsPath]")
    if "TimeoutSeconds" in state and not _whole(state["TimeoutSeconds"], 1, LONGEST_S):
        yield _schema(f"{at}/TimeoutSeconds", "TimeoutSeconds must be a positive whole number")
    for place, message in retry_problems(state, at):
        yield _schema(place, message)


def _wait_problems(state: State, at: str) -> Iterator[Problem]:
    given = [name for name in _WAITS if name in state]
    if len(given) != 1:
        yield _schema(at, f"Exactly one of these fields is required: [{', '.join(_WAITS)}]")
    if "Seconds" in state and not _whole(state["Seconds"], 0, LONGEST_S):
        yield _schema(f"{at}/Seconds", f"Seconds must be a whole number of 0 to {LONGEST_S}")
    if "Timestamp" in state:
        try:
            choices.moment(str(state["Timestamp"]))
        except ValueError as error:
            yield _schema(f"{at}/Timestamp", str(error))


def _choice_problems(state: State, at: str) -> Iterator[Problem]:
    rules = state.get("Choices")
    if not isinstance(rules, list) or not rules:
        yield _schema(f"{at}/Choices", "Choices must be a list of at least one rule")
        return
    for index, rule in enumerate(cast("list[Any]", rules)):
        for place, message in choices.problems(rule, f"{at}/Choices[{index}]"):
            yield _schema(place, message)


def _pass_problems(state: State, at: str) -> Iterator[Problem]:
    if "Result" in state and "Parameters" in state:
        yield _schema(at, "Result and Parameters beside each other are not emulated")


def _fail_problems(state: State, at: str) -> Iterator[Problem]:
    for name in ("Error", "Cause"):
        if name in state and f"{name}Path" in state:
            yield _schema(at, f"These fields exclude each other: [{name}, {name}Path]")
        if not isinstance(state.get(name, ""), str):
            yield _schema(f"{at}/{name}", f"{name} must be a text")


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


_CHECKS: Final[Mapping[str, Callable[[State, str], Iterator[Problem]]]] = {
    "Task": _task_problems,
    "Wait": _wait_problems,
    "Choice": _choice_problems,
    "Pass": _pass_problems,
    "Fail": _fail_problems,
}
