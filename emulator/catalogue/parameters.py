"""From a resource's inputs to the parameters of an API call, driven by the botocore shapes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from emulator.botocore_model import service_model
from emulator.catalogue import convert
from emulator.engine.request import RefusedError
from emulator.engine.wire import Values, is_asset

if TYPE_CHECKING:
    from botocore.model import Shape

    from emulator.catalogue.model import Call, Input, ResourceType, Subject, Template


def build(subject: Subject, call: Call) -> tuple[Values, Values]:
    """Parameters of the call, and what each input became in them: to be found when read back."""
    shape = _shape(subject.kind, call)
    members: Values = {}
    became: Values = {}
    for name in sorted(sent_by(subject.kind, call)):
        if subject.get(name) is not None:
            became[name] = _place_input(subject, name, shape, members, call.attributes)
    for name in call.triggers() - became.keys():
        value = _shown_as(subject, name)
        if value is not None:
            became[name] = value
    params: Values = {call.under: members} if call.under else members
    merge(params, filled(call.extra, subject))
    return params, became


def sent_by(kind: ResourceType, call: Call) -> frozenset[str]:
    """Names of the inputs that `call` sends."""
    if call.only is not None:
        return frozenset(call.only.split())
    shape = _shape(kind, call)
    return frozenset(
        name
        for name, each in kind.inputs.items()
        if (each.attribute and call.attributes) or _fits(shape, name, each)
    )


def filled(template: Template, subject: Subject) -> Values:
    """A template with its sources computed; what comes to nothing is left out."""
    members: Values = {}
    for key, leaf in template.items():
        if isinstance(leaf, Mapping):
            value: Any = filled(cast("Template", leaf), subject) or None
        elif isinstance(leaf, list):
            items = cast("list[Any]", leaf)
            value = [each(subject) if callable(each) else each for each in items]
        else:
            value = leaf(subject) if callable(leaf) else leaf
        if value is not None:
            members[key] = value
    return members


def merge(params: Values, more: Mapping[str, Any]) -> None:
    """Put `more` into `params`, block by block."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(params.get(key), dict):
            merge(params[key], cast("Values", value))
        else:
            params[key] = value


def _shape(kind: ResourceType, call: Call) -> Any:
    model = service_model(call.service or kind.service).operation_model(call.operation)
    shape: Any = model.input_shape
    return shape.members[call.under] if call.under else shape


def _place_input(
    subject: Subject, name: str, shape: Shape, members: Values, attributes: str
) -> Any:
    """Put one input where the call takes it; returns what it became."""
    rule, value = subject.kind.inputs[name], subject.inputs[name]
    if rule.attribute:
        text = convert.as_text(value)
        members.setdefault(attributes, []).append({"Key": rule.attribute, "Value": text})
        return text
    if rule.spread:
        return _place_block(rule, value, shape, members)
    found = _place(shape, name, rule)
    if found is None:
        raise LookupError(f"{subject.kind.type}: no member of {shape.name} takes {name!r}")
    converted = _converted(subject, name, found[1])
    _insert(members, found[0], converted)
    return converted


def _place_block(rule: Input, value: Values, shape: Shape, members: Values) -> Values:
    unknown = sorted(value.keys() - rule.spread.keys())
    if unknown:
        known = ", ".join(rule.spread)
        raise RefusedError(f"block has no {', '.join(map(repr, unknown))}; it has {known}")
    heads: list[str] = []
    for inner, path in rule.spread.items():
        if value.get(inner) is not None:
            _insert(members, path, convert.to_aws(value[inner], _at(shape, path), {}))
            heads.append(path.partition(".")[0])
    return {head: members[head] for head in heads}


def _converted(subject: Subject, name: str, shape: Shape) -> Any:
    rule, value = subject.kind.inputs[name], subject.inputs[name]
    if is_asset(value):
        return subject.content(value) if subject.content else b""
    if rule.json and not isinstance(value, str):
        value = json.dumps(value)
    if rule.convert:
        value = rule.convert(value)
    try:
        return convert.to_aws(value, shape, subject.kind.renames)
    except convert.NoMemberError as error:
        raise RefusedError(f"input {name!r}: {error}") from error


def _shown_as(subject: Subject, name: str) -> Any:
    """What an input sent by a template should read back as; None where that is not known."""
    rule, value = subject.kind.inputs.get(name), subject.get(name)
    if rule is None or value is None or rule.unread or is_asset(value):
        return None
    if rule.convert:
        return rule.convert(value)
    items = cast("list[Any]", value) if isinstance(value, list) else [value]
    plain = rule.json or not any(isinstance(each, dict | list) for each in items)
    return value if plain else None


def _fits(shape: Shape, name: str, rule: Input) -> bool:
    if rule.attribute:
        return False
    if rule.spread:
        return _at(shape, next(iter(rule.spread.values()))) is not None
    return _place(shape, name, rule) is not None


def _place(shape: Shape, name: str, rule: Input) -> tuple[str, Shape] | None:
    """The AWS member (a dotted path where nested) an input goes to, and its shape."""
    if "." in rule.aws:
        found = _at(shape, rule.aws)
        return None if found is None else (rule.aws, found)
    member = convert.member(shape, rule.aws or name, {})
    return None if member is None else (member, _at(shape, member))


def _at(shape: Shape, path: str) -> Any:
    """The shape at a dotted path of exact member names; None when there is none."""
    current: Any = shape
    for step in path.split("."):
        current = getattr(current, "members", {}).get(step)
    return current


def _insert(members: Values, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for step in parents:
        members = members.setdefault(step, {})
    members[last] = value
