"""What a target gets of an event: all of it, a part, a constant, or a filled template. Pure.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.watch.bus import Envelope

_VARIABLE: Final = re.compile(r"<([\w.-]+)>")
_STEP: Final = re.compile(r"\.([\w-]+)|\[(\d+)\]|\['([^']+)'\]")
_ABSENT: Final = object()


def body_of(target: Mapping[str, Any], event: Envelope, rule_arn: str) -> str:
    """The text that a target gets."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath") is not None:
        found = at_path(event, str(target["InputPath"]))
        return json.dumps(None if found is _ABSENT else found)
    transformer = target.get("InputTransformer")
    if transformer:
        return filled(
            str(transformer["InputTemplate"]),
            transformer.get("InputPathsMap") or {},
            event,
            rule_arn,
        )
    return json.dumps(event)


def filled(template: str, paths: Mapping[str, str], event: Envelope, rule_arn: str) -> str:
    """A template with its variables filled in.

    Within quotes a variable is plain text; elsewhere it is a JSON value. What a path does not find
    becomes nothing.
    """
    values: dict[str, Any] = {name: at_path(event, path) for name, path in paths.items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {key: each for key, each in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1], _ABSENT)
        quoted = _quotes(template[: match.start()]) % 2 == 1
        if found is _ABSENT:
            return "" if quoted else '""'
        if not quoted:
            return json.dumps(found)
        text = found if isinstance(found, str) else json.dumps(found)
        return json.dumps(text)[1:-1]

    return _VARIABLE.sub(value, template)


def at_path(event: Any, path: str) -> Any:
    """What lies at a JSON path of names and indices (`$.detail.items[0]`)."""
    rest = path.removeprefix("$")
    current = event
    while rest:
        step = _STEP.match(rest)
        if step is None:
            return _ABSENT
        name = step[1] or step[3]
        try:
            current = current[name] if name is not None else current[int(step[2])]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
        rest = rest[step.end() :]
    return current


def _quotes(text: str) -> int:
    return len(re.findall(r'(?<!\\)"', text))
