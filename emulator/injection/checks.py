"""What AWS refuses of an experiment template, and what is not emulated of one.

https://docs.aws.amazon.com/fis/latest/userguide/experiment-templates.html. That the role and the
stop conditions' alarms are looked for when the template is made is unverified; without them no
experiment runs in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emulator.injection import actions
from emulator.injection.targets import SELECTION
from emulator.storage.roles import denial
from emulator.store.backends import ACCOUNT, region_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from emulator.injection.state import Values

SERVICE: Final = "fis.amazonaws.com"
ALARM: Final = "aws:cloudwatch:alarm"
_OPTIONS: Final = {"accountTargeting": "single-account"}


def problems(
    told: Values, region: str, alarm_state: Callable[[str, str], str | None]
) -> Iterator[str]:
    """Everything that is wrong with a template."""
    known: Mapping[str, Values] = told.get("targets") or {}
    for name, target in known.items():
        yield from (f"target {name}: {each}" for each in _of_target(target, region))
    yield from _of_actions(told.get("actions") or {}, known)
    for condition in told.get("stopConditions") or ():
        yield from _of_stop_condition(condition, region, alarm_state)
    reason = denial(told["roleArn"], (SERVICE,), (), source_arn=_any_experiment(region))
    if reason is not None:
        yield f"the role cannot be assumed by {SERVICE}: {reason}"
    for name, value in _OPTIONS.items():
        given = (told.get("experimentOptions") or {}).get(name, value)
        if given != value:
            yield f"experimentOptions.{name} {given!r} is not emulated; {value!r} is"


def _of_actions(told: Mapping[str, Values], targets: Mapping[str, Values]) -> Iterator[str]:
    if not told:
        yield "an experiment template needs at least one action"
    for name, action in told.items():
        yield from (f"action {name}: {each}" for each in _of_action(action, targets))
        for before in action.get("startAfter", ()):
            if before not in set(told) - {name}:
                yield f"action {name}: startAfter names {before!r}, which is no other action"
    if _in_circles(told):
        yield "the actions wait for each other in a circle (startAfter)"


def _any_experiment(region: str) -> str:
    return f"arn:aws:fis:{region}:{ACCOUNT}:experiment/*"


def _of_target(target: Values, region: str) -> Iterator[str]:
    types = sorted({each.resource_type for each in actions.KNOWN.values() if each.resource_type})
    if target["resourceType"] not in types:
        yield f"resource type {target['resourceType']!r} is not emulated; {', '.join(types)} are"
    if bool(target.get("resourceArns")) == bool(target.get("resourceTags")):
        yield "exactly one of resourceArns and resourceTags is expected"
    if SELECTION.fullmatch(target["selectionMode"]) is None:
        mode = target["selectionMode"]
        yield f"selectionMode {mode!r} is none of ALL, COUNT(n) and PERCENT(n)"
    for arn in target.get("resourceArns") or ():
        if region_of(arn) not in ("", region):
            yield f"{arn} is not in {region}; an experiment acts in its own Region"
    for name in ("filters", "parameters"):
        if target.get(name):
            yield f"{name} is not emulated"


def _of_action(action: Values, targets: Mapping[str, Values]) -> Iterator[str]:
    kind = actions.KNOWN.get(action["actionId"])
    if kind is None:
        known = ", ".join(sorted(actions.KNOWN))
        yield f"{action['actionId']!r} is not emulated; known are {known}"
        return
    parameters: dict[str, str] = action.get("parameters") or {}
    for name in sorted(kind.required - set(parameters)):
        yield f"parameter {name!r} is required"
    for name in sorted(set(parameters) - kind.required - kind.optional):
        yield f"parameter {name!r} is not known, or not emulated"
    for name, choices in kind.choices.items():
        if name in parameters and parameters[name] not in choices:
            value = parameters[name]
            yield f"{name} {value!r} is not emulated; {' and '.join(choices)} are"
    if "duration" in parameters:
        try:
            actions.duration_s(parameters["duration"])
        except ValueError as error:
            yield str(error)
    yield from _of_action_targets(kind, action.get("targets") or {}, targets)


def _of_action_targets(
    kind: actions.Action, given: Mapping[str, str], targets: Mapping[str, Values]
) -> Iterator[str]:
    wanted = {kind.target} if kind.target else set[str]()
    if set(given) != wanted:
        yield f"targets are {sorted(given)}; expected {sorted(wanted) or 'none'}"
    for name in given.values():
        found: Any = targets.get(name)
        if found is None:
            yield f"there is no target {name!r}"
        elif kind.resource_type and found["resourceType"] != kind.resource_type:
            yield f"target {name!r} is of {found['resourceType']}, not of {kind.resource_type}"


def _of_stop_condition(
    condition: Values, region: str, alarm_state: Callable[[str, str], str | None]
) -> Iterator[str]:
    source, value = condition["source"], condition.get("value", "")
    if source == "none":
        return
    if source != ALARM:
        yield f"stop condition {source!r} is neither none nor {ALARM}"
    elif region_of(value) != region:
        yield f"the alarm {value!r} of a stop condition is not in {region}"
    elif alarm_state(region, alarm_name(value)) is None:
        yield f"there is no alarm {value!r} for a stop condition"


def alarm_name(arn: str) -> str:
    """The name in an alarm's ARN, which may hold colons."""
    return arn.split(":", 6)[-1]


def _in_circles(told: Mapping[str, Values]) -> bool:
    waiting = {name: set(each.get("startAfter", ())) & set(told) for name, each in told.items()}
    while free := [name for name, before in waiting.items() if not before & set(waiting)]:
        for name in free:
            del waiting[name]
    return bool(waiting)
