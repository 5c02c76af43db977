"""Values between Pulumi's names and AWS's, driven by the botocore shapes.

Pulumi says `defaultActions`, AWS `DefaultActions`; names are matched without regard to case, in
the singular or the plural. A block that pulumi-aws shows as an object may be a list of one in
AWS, and the other way round. Numbers and booleans given as text follow the shape.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from botocore.model import ListShape, MapShape, Shape, StructureShape

if TYPE_CHECKING:
    from collections.abc import Mapping


class NoMemberError(LookupError):
    """A name that the shape has no member for."""

    def __init__(self, name: str, shape: Shape) -> None:
        members = ", ".join(cast("Any", shape).members)
        super().__init__(f"{name} has no counterpart in {shape.name}; it has {members}")


def member(shape: Shape, name: str, renames: Mapping[str, str]) -> str | None:
    """The AWS name of the member that Pulumi calls `name`; None when there is none."""
    if not isinstance(shape, StructureShape):
        return None
    members = cast("Mapping[str, Shape]", shape.members)
    wanted = renames.get(name, name)
    if wanted in members:
        return wanted
    lower = {each.lower(): each for each in members}
    word = wanted.lower()
    candidates = (word, word + "s", word.removesuffix("s"), word.removesuffix("es"))
    return next((lower[each] for each in candidates if each in lower), None)


def to_aws(value: Any, shape: Shape, renames: Mapping[str, str]) -> Any:
    """`value` as the AWS API takes it.

    Raises:
        NoMemberError: A nested name that the shape does not know.
    """
    if isinstance(shape, StructureShape):
        return _structure(value, shape, renames)
    if isinstance(shape, ListShape):
        items = cast("list[Any]", value) if isinstance(value, list) else [value]
        return [to_aws(each, cast("Shape", shape.member), renames) for each in items]
    if isinstance(shape, MapShape):
        inner = cast("Shape", shape.value)
        return {key: to_aws(each, inner, renames) for key, each in value.items()}
    return _scalar(value, shape.type_name)


def _structure(value: Any, shape: StructureShape, renames: Mapping[str, str]) -> Any:
    if isinstance(value, list) and len(cast("list[Any]", value)) == 1:
        value = cast("list[Any]", value)[0]
    if not isinstance(value, dict):
        return value  # left for the model check, which names the path
    members = cast("Mapping[str, Shape]", shape.members)
    converted: dict[str, Any] = {}
    for name, each in cast("dict[str, Any]", value).items():
        if each is None:
            continue
        found = member(shape, name, renames)
        if found is None:
            raise NoMemberError(name, shape)
        converted[found] = to_aws(each, members[found], renames)
    return converted


def _scalar(value: Any, kind: str) -> Any:
    if kind == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "string" and isinstance(value, int | float):
        return str(value)
    if kind in ("integer", "long") and isinstance(value, str) and value.lstrip("-").isdigit():
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def from_aws(value: Any) -> Any:
    """An AWS value under Pulumi's names: `VpcId` becomes `vpcId`, at every depth."""
    if isinstance(value, list):
        return [from_aws(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {camel(key): from_aws(each) for key, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return str(value)  # timestamps


def camel(name: str) -> str:
    """`VpcId` as `vpcId`, `DNSName` as `dnsName`."""
    head = 0
    while head < len(name) and name[head].isupper():
        head += 1
    if head > 1 and head < len(name):
        head -= 1
    return name[:head].lower() + name[head:]


def pascal(name: str) -> str:
    """`vpcId` as `VpcId`."""
    return name[:1].upper() + name[1:]


def covers(shown: Any, sent: Any, *, ordered: bool = False, document: bool = False) -> bool:
    """Whether what AWS shows holds all that was sent: more members are fine, others are not.

    Scalars are compared as text (AWS answers "true" for true), lists as sets unless `ordered`.
    """
    if document:
        return bool(_parsed(shown) == _parsed(sent))
    if isinstance(sent, dict):
        return _covers_block(shown, cast("dict[str, Any]", sent), ordered=ordered)
    if isinstance(sent, list):
        return _covers_list(shown, cast("list[Any]", sent), ordered=ordered)
    return as_text(shown) == as_text(sent)


def _covers_block(shown: Any, sent: dict[str, Any], *, ordered: bool) -> bool:
    if not isinstance(shown, dict):
        return not sent and shown is None
    seen = cast("dict[str, Any]", shown)
    return all(covers(seen.get(key), each, ordered=ordered) for key, each in sent.items())


def _covers_list(shown: Any, sent: list[Any], *, ordered: bool) -> bool:
    if not isinstance(shown, list):
        return not sent and shown is None
    seen = cast("list[Any]", shown)
    if len(seen) != len(sent):
        return False
    if ordered:
        return all(covers(a, b, ordered=True) for a, b in zip(seen, sent, strict=True))
    return all(any(covers(a, b) for a in seen) for b in sent)


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def as_text(value: Any) -> str:
    """A scalar as AWS writes it in text: true, false, whole numbers without a point."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
