"""Checks a call against its botocore model, including what botocore itself lets through.

botocore's own validation knows types and required members; the model also states patterns,
enumerations, lengths and ranges, which AWS enforces. Patterns are anchored at both ends, as AWS
does it. Values that are not known yet (`UNKNOWN`) pass.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, cast

import botocore.session
from botocore.loaders import create_loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Pulumi's marker for a value that a preview does not know yet."""

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "blob": (bytes, bytearray, str),
    "timestamp": (datetime, str, int, float),
}
_NUMBERS: Final = frozenset({"integer", "long", "float", "double"})
# Java's character classes, as far as AWS's models use them.
_CLASSES: Final = {
    r"\p{L}": r"a-zA-Z\u00aa-\u02ff\u0370-\u1fff\u2c00-\ud7ff\uf900-\uffef",
    r"\p{M}": r"\u0300-\u036f",
    r"\p{Z}": r"\s",
    r"\p{Zs}": r" \u00a0\u2000-\u200a",
    r"\p{S}": r"$+<=>^`|~\u00a2-\u00b4",
    r"\p{N}": r"0-9\u00b2\u00b3\u00b9",
    r"\p{P}": r"!-#%-*,-/:;?@\[-\]_{}\u00a1-\u00bf\u2010-\u2027",
    r"\p{Alnum}": r"a-zA-Z0-9",
    r"\p{Alpha}": r"a-zA-Z",
    r"\p{Digit}": r"0-9",
    r"\p{Graph}": r"!-~",
    r"\p{Print}": r" -~",
    r"\p{ASCII}": r"\x00-\x7f",
}

_session = botocore.session.Session()


def share() -> None:
    """Let every session of this process that is made from now on read a model only once.

    A model is megabytes of JSON, and nobody changes it once it is read; but each session of boto3
    has a loader of its own, and moto makes three sessions to list the Regions of EC2 alone.
    """
    loader = create_loader()
    botocore.session.create_loader = lambda *_: loader


@lru_cache(maxsize=64)
def service_model(service: str) -> ServiceModel:
    """The botocore model of a service (`elbv2`), loaded once."""
    return _session.get_service_model(service)


def problems(service: str, operation: str, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Everything about a call that its model forbids, each with its path; empty when fit.

    Raises:
        botocore.model.OperationNotFoundError: The service has no such operation.
    """
    model: Any = service_model(service).operation_model(operation)
    shape = model.input_shape
    if shape is None:
        return tuple(f"{name}: {operation} takes no parameters" for name in params)
    return tuple(_check(shape, params, ""))


def _check(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if value == UNKNOWN:
        return
    if isinstance(shape, StructureShape):
        yield from _check_structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _check_list(shape, value, path)
    elif isinstance(shape, MapShape):
        yield from _check_map(shape, value, path)
    else:
        yield from _check_scalar(shape, value, path)


def _check_structure(shape: StructureShape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path or shape.name} is {value!r}; expected a structure {shape.name}"
        return
    given = cast("Mapping[str, Any]", value)
    members = cast("Mapping[str, Shape]", shape.members)
    for name in cast("list[str]", shape.required_members):
        if name not in given:
            yield f"{_join(path, name)} is missing; it is required"
    for name, each in given.items():
        if name not in members:
            yield f"{_join(path, name)} is not a member of {shape.name}"
        else:
            yield from _check(members[name], each, _join(path, name))


def _check_list(shape: ListShape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path} is {value!r}; expected a list"
        return
    items = cast("list[Any]", value)
    yield from _check_range(shape, len(items), f"{path} has {len(items)} items", "items")
    member = cast("Shape", shape.member)
    for index, each in enumerate(items):
        yield from _check(member, each, f"{path}[{index}]")


def _check_map(shape: MapShape, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path} is {value!r}; expected a map"
        return
    for key, each in cast("Mapping[str, Any]", value).items():
        yield from _check(cast("Shape", shape.key), key, f"{path} key {key!r}")
        yield from _check(cast("Shape", shape.value), each, _join(path, key))


def _check_scalar(shape: Shape, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    expected = _TYPES[kind]
    fits = bool(isinstance(value, expected) or hasattr(value, "read"))
    if not fits or (isinstance(value, bool) and kind != "boolean"):
        yield f"{path} is {value!r}; expected a {kind}"
        return
    if kind in _NUMBERS:
        number = cast("float", value)
        yield from _check_range(shape, number, f"{path} is {number}", "")
    elif kind == "string":
        yield from _check_text(shape, str(value), path)


def _check_range(shape: Shape, size: float, said: str, unit: str) -> Iterator[str]:
    limits = _metadata(shape)
    low, high = limits.get("min"), limits.get("max")
    if low is not None and size < low:
        yield f"{said}; expected at least {low:g} {unit}".rstrip()
    if high is not None and size > high:
        yield f"{said}; expected at most {high:g} {unit}".rstrip()


def _check_text(shape: Shape, value: str, path: str) -> Iterator[str]:
    yield from _check_range(shape, len(value), f"{path} has {len(value)} characters", "characters")
    allowed = _metadata(shape).get("enum")
    if allowed and value not in allowed:
        yield f"{path} is {value!r}; expected one of {', '.join(allowed)}"
    pattern = _metadata(shape).get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield f"{path} is {value!r}; expected a match of {pattern}"


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """A model's pattern (Java's dialect) as a Python one.

    Raises:
        re.error: The pattern uses what neither Python nor the translation knows.
    """
    for java, python in _CLASSES.items():
        pattern = pattern.replace(java, python)
        pattern = pattern.replace(java.replace("{", "{Is"), python)
    # A class next to a dash (`[\\w-/]`) is a dash in Java, a bad range in Python; surrogate pairs
    # are Java's way to write what Python writes as one character.
    pattern = re.sub(r"(\\[wds])-(?=[^\]])", r"\1\\-", pattern)
    pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010ffff")
    # `(?s)` and the like may stand anywhere in Java, only first in Python.
    flags = "".join(sorted(set("".join(re.findall(r"\(\?([ims]+)\)", pattern)))))
    pattern = re.sub(r"\(\?[ims]+\)", "", pattern)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `[[` is literal in both dialects
        return re.compile(f"(?{flags}:{pattern})" if flags else pattern)


def _metadata(shape: Any) -> Mapping[str, Any]:
    """Required members, limits, enumeration and pattern of a shape."""
    return shape.metadata


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
