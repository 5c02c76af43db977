"""What a program says about a resource: checked, completed, compared. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emulator.catalogue import convert
from emulator.catalogue.parameters import sent_by
from emulator.engine.request import RefusedError
from emulator.engine.wire import UNKNOWN, Values, is_asset, unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.catalogue.model import Input, ResourceType

_NAME_DIGITS: Final = 7


@dataclass(frozen=True, kw_only=True)
class Diff:
    """What separates two sets of inputs. `replace` names those that force a new resource."""

    changed: frozenset[str]
    replace: frozenset[str]


def check(kind: ResourceType, given: Values, *, name: str, urn: str, old: Values | None) -> Values:
    """Inputs with defaults and a physical name filled in; `old` are those deployed before.

    Raises:
        RefusedError: Inputs are unknown, unsupported or missing; all are named.
    """
    problems = [*_strange(kind, given), *_unsupported_values(kind, given)]
    inputs = {
        key: each.default
        for key, each in kind.inputs.items()
        if each.default is not None and key not in given
    } | given
    _fill_name(kind, inputs, name=name, urn=urn, old=old)
    problems += [
        f"required input {key!r} is missing (an output it was made from may have no value)"
        for key, each in kind.inputs.items()
        if each.required and key not in inputs
    ]
    if kind.check and not problems:
        problems += kind.check(inputs)
    if problems:
        raise RefusedError("; ".join(problems))
    return inputs


def renamed(kind: ResourceType, inputs: Values, given: Values, *, urn: str) -> Values:
    """Inputs for a replacement: a made-up name becomes another, so that both can exist."""
    rule = kind.name
    if rule is None or given.get(rule.input):
        return inputs
    before = str(inputs[rule.input])
    return inputs | {rule.input: _fresh(before[:-_NAME_DIGITS], f"{urn} {before}")}


def diff(kind: ResourceType, old: Values, new: Values) -> Diff:
    """Which inputs changed, and which of those need a new resource."""
    changed = frozenset(
        key
        for key in old.keys() | new.keys()
        if not _equal(kind.inputs.get(key), old.get(key), new.get(key))
    )
    updatable = updatable_inputs(kind)
    replace = frozenset(key for key in changed if not _can_update(kind, key, new, updatable))
    return Diff(changed=changed, replace=replace)


def updatable_inputs(kind: ResourceType) -> frozenset[str]:
    """Inputs that some update call takes."""
    names = {name for call in kind.update for name in call.triggers() or sent_by(kind, call)}
    return frozenset(names | ({"tags"} if kind.tags else set()))


def _strange(kind: ResourceType, given: Values) -> Iterator[str]:
    known = {*kind.inputs, *(("tags",) if kind.tags else ())}
    known |= {"region"} if kind.scope == "region" else set()
    for key in sorted(given.keys() - known):
        if key in kind.absent_inputs():
            yield f"input {key!r} is not supported by the emulator (see its coverage table)"
        else:
            yield f"input {key!r} is not known; {kind.type} knows {', '.join(sorted(known))}"


def _unsupported_values(kind: ResourceType, given: Values) -> Iterator[str]:
    for key, value in given.items():
        known = kind.inputs[key].values if key in kind.inputs else ()
        if known and value != UNKNOWN and value not in known:
            choices = " or ".join(repr(each) for each in known)
            yield f"input {key!r} is {value!r}; the emulator supports {choices}"


def _fill_name(
    kind: ResourceType, inputs: Values, *, name: str, urn: str, old: Values | None
) -> None:
    rule = kind.name
    if rule is None or inputs.get(rule.input):
        return
    prefix = str(inputs.get(f"{rule.input}Prefix") or f"{name}-")
    prefix = prefix[: rule.max_length - _NAME_DIGITS]
    prefix = prefix.lower() if rule.lower else prefix
    before = str((old or {}).get(rule.input, ""))
    inputs[rule.input] = before if before.startswith(prefix) else _fresh(prefix, urn)


def _fresh(prefix: str, seed: str) -> str:
    """A made-up name, the same for the same seed: a repeated run makes the same names."""
    return prefix + hashlib.sha256(seed.encode()).hexdigest()[:_NAME_DIGITS]


def _can_update(kind: ResourceType, key: str, new: Values, updatable: frozenset[str]) -> bool:
    if key not in kind.inputs:
        return key in updatable
    rule = kind.inputs[key]
    if rule.force_new:
        return False
    if key not in updatable:
        return bool(rule.unread)  # steers calls only: recording it is all there is to do
    if any(call.whole for call in kind.update):
        return True
    return new.get(key) is not None or rule.unset is not None or rule.default is not None


def _equal(rule: Input | None, old: Any, new: Any) -> bool:
    if rule is None or old is None or new is None:
        return old == new
    if next(unknown_paths(new), None) is not None:
        return False
    if rule.json:
        return convert.covers(old, new, document=True)
    if is_asset(old) and is_asset(new):
        return bool(old.get("hash") == new.get("hash"))
    return convert.covers(old, new, ordered=rule.ordered) and convert.covers(
        new, old, ordered=rule.ordered
    )
