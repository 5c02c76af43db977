"""Intrinsic functions of templates, such as `States.Format('drill-{}', $.id)`.

Those that the emulator knows are in `FUNCTIONS`; others are refused by name.
https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from emulator.steps import paths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class IntrinsicError(ValueError):
    """A call that is malformed, not emulated, or fails."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A function with its arguments."""

    function: str
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, kw_only=True)
class Path:
    """An argument that is read from the input or the context object."""

    path: str


@dataclass(frozen=True, kw_only=True)
class Literal:
    """An argument that stands as it is."""

    value: Any


Argument: TypeAlias = Call | Path | Literal

_NAME: Final = re.compile(r"\s*(States\.\w+)\(")
_TEXT: Final = re.compile(r"\s*'((?:[^'\\]|\\.)*)'")
_PATH: Final = re.compile(r"\s*(\$(?:[^,()'\s]|'[^']*')*)")
_CONSTANT: Final = re.compile(r"\s*(null|true|false|-?\d+(?:\.\d+)?)")
_COMMA: Final = re.compile(r"\s*,")
_END: Final = re.compile(r"\s*\)")


def parse(text: str) -> Call:
    """Read a call.

    Raises:
        IntrinsicError: It is malformed, or a function is not emulated.
    """
    call, rest = _call(text)
    if rest.strip():
        raise IntrinsicError(f"{text!r} goes on after its end: {rest!r}")
    return call


def evaluate(call: Call, data: Any, context: Any) -> Any:
    """What a call comes to.

    Raises:
        IntrinsicError: Its arguments do not fit.
        PathError: An argument's path names nothing.
    """
    values = [_value(each, data, context) for each in call.arguments]
    return FUNCTIONS[call.function](*values)


def _value(argument: Argument, data: Any, context: Any) -> Any:
    if isinstance(argument, Call):
        return evaluate(argument, data, context)
    if isinstance(argument, Path):
        return paths.read(argument.path, data, context)
    return argument.value


def _call(text: str) -> tuple[Call, str]:
    match = _NAME.match(text)
    if match is None:
        raise IntrinsicError(f"{text!r} is no call of an intrinsic function")
    function = match[1]
    if function not in FUNCTIONS:
        known = ", ".join(sorted(FUNCTIONS))
        raise IntrinsicError(f"intrinsic function {function} is not emulated; known are {known}")
    arguments, rest = [], text[match.end() :]
    while (end := _END.match(rest)) is None:
        if arguments:
            comma = _COMMA.match(rest)
            if comma is None:
                raise IntrinsicError(f"expected , or ) in {text!r} before {rest!r}")
            rest = rest[comma.end() :]
        argument, rest = _argument(rest)
        arguments.append(argument)
    return Call(function=function, arguments=tuple(arguments)), rest[end.end() :]


def _argument(text: str) -> tuple[Argument, str]:
    if _NAME.match(text):
        return _call(text)
    if found := _TEXT.match(text):
        return Literal(value=re.sub(r"\\([^{}])", r"\1", found[1])), text[found.end() :]
    if found := _PATH.match(text):
        paths.steps(found[1])
        return Path(path=found[1]), text[found.end() :]
    if found := _CONSTANT.match(text):
        return Literal(value=json.loads(found[1])), text[found.end() :]
    raise IntrinsicError(f"expected an argument in {text!r}")


def _format(template: Any, *values: Any) -> str:
    """Every `{}` is filled in; braces behind a backslash stay."""
    if not isinstance(template, str):
        raise IntrinsicError(f"States.Format takes a text first, not {template!r}")
    parts = re.split(r"(?<!\\)\{\}", template)
    if len(parts) != len(values) + 1:
        raise IntrinsicError(
            f"States.Format has {len(parts) - 1} places in {template!r} and {len(values)} values"
        )
    shown = [each if isinstance(each, str) else json.dumps(each) for each in values]
    filled = [text for pair in zip(parts, [*shown, ""], strict=True) for text in pair]
    plain = {0: lambda text: re.sub(r"\\([{}])", r"\1", text), 1: str}
    return "".join(plain[index % 2](text) for index, text in enumerate(filled))


def _json_to_string(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _string_to_json(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        raise IntrinsicError(f"States.StringToJson takes JSON, not {text!r}") from error


def _add(*values: Any) -> int:
    if len(values) != 2 or not all(isinstance(each, int | float) for each in values):  # noqa: PLR2004  # two numbers
        raise IntrinsicError(f"States.MathAdd takes two numbers, not {values!r}")
    return round(values[0]) + round(values[1])


def _array(*values: Any) -> list[Any]:
    return list(values)


def _uuid() -> str:
    return str(uuid.uuid4())


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "States.Array": _array,
    "States.Format": _format,
    "States.JsonToString": _json_to_string,
    "States.MathAdd": _add,
    "States.StringToJson": _string_to_json,
    "States.UUID": _uuid,
}
