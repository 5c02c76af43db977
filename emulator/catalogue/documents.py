"""What AWS shows of a resource: compared with what was sent, turned into outputs. Pure."""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

import jmespath

from emulator.catalogue import convert
from emulator.engine.wire import UNKNOWN, Values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.catalogue.model import Input, Output, Subject

_SHORT: Final = 120


def search(path: str, document: Any) -> Any:
    """What lies at a JMESPath; None when nothing does."""
    return _compiled(path).search(document)


def outputs(subject: Subject, document: Values) -> Values:
    """A resource's outputs: its inputs, what AWS filled in, what the catalogue computes."""
    kind = subject.kind
    subject = dataclasses.replace(subject, document=document)
    shown = {
        name: convert.from_aws(search(_path(each, name), document))
        for name, each in kind.inputs.items()
        if name not in subject.inputs and not each.unread and not each.spread
    }
    computed = {name: value_of(each, subject) for name, each in kind.outputs.items()}
    tags = {"tags": dict(subject.tags), "tagsAll": dict(subject.tags)} if kind.tags else {}
    missing = dict.fromkeys(kind.not_computed.split(), UNKNOWN)
    region = {"region": subject.region} if kind.scope == "region" else {}
    known = {key: each for key, each in (shown | computed).items() if each is not None}
    return missing | region | tags | known | subject.inputs


def value_of(rule: Output, subject: Subject) -> Any:
    """An output, from the subject's document."""
    return rule(subject) if callable(rule) else search(rule, subject.document)


def dropped(subject: Subject, sent: Values, document: Values) -> Iterator[str]:
    """Each input that was sent and is not what AWS shows."""
    for name, value in sent.items():
        rule = subject.kind.inputs[name]
        shown = None if rule.unread else search(_path(rule, name), document)
        if not rule.unread and not _kept(rule, value, shown):
            yield f"input {name!r} was sent as {_short(value)} and reads back as {_short(shown)}"
    rule = subject.kind.tags
    if rule and subject.tags and as_tags(search(rule.at, document)) != dict(subject.tags):
        yield f"tags were sent as {dict(subject.tags)!r} and read back differently"


def as_tags(shown: Any) -> dict[str, str]:
    """Tags in either of AWS's forms (a list of Key/Value, a map) as a map."""
    if isinstance(shown, dict):
        return cast("dict[str, str]", shown)
    return {
        each["Key"]: each.get("Value", "") for each in cast("list[dict[str, str]]", shown or [])
    }


@lru_cache(maxsize=2048)
def _compiled(path: str) -> Any:
    return jmespath.compile(path)


def _path(rule: Input, name: str) -> str:
    if rule.spread:
        return rule.read or "@"
    if rule.attribute:
        return f"attributes[?Key=='{rule.attribute}'].Value | [0]"
    return rule.read or rule.aws or convert.pascal(name)


def _kept(rule: Input, sent: Any, shown: Any) -> bool:
    if rule.superset:
        items = cast("list[Any]", shown or [])
        return all(any(convert.covers(each, item) for each in items) for item in sent)
    return convert.covers(shown, sent, ordered=rule.ordered, document=rule.json)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 3]}..."
