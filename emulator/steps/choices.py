"""Choice rules: comparisons of what a path names, joined by And, Or and Not. Pure.

https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

import operator
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from emulator.steps import paths
from emulator.steps.paths import PathError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Rule = Mapping[str, Any]

_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_MANY: Final = ("And", "Or")


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_stamp(value: Any) -> bool:
    return isinstance(value, str) and _STAMP.fullmatch(value) is not None


def _is_null(value: Any) -> bool:
    return value is None


_KINDS: Final[dict[str, Callable[[Any], bool]]] = {
    "String": _is_text,
    "Numeric": _is_number,
    "Boolean": _is_boolean,
    "Timestamp": _is_stamp,
}
_TESTS: Final[dict[str, Callable[[Any], bool]]] = {
    **{f"Is{kind}": test for kind, test in _KINDS.items()},
    "IsNull": _is_null,
}
COMPARISONS: Final[dict[str, tuple[str, Callable[[Any, Any], bool]]]] = {
    f"{kind}{name}": (kind, compare)
    for kind in _KINDS
    for name, compare in _ORDER.items()
    if kind != "Boolean" or name == "Equals"
}
_OPERATORS: Final = frozenset(
    {
        *COMPARISONS,
        *(f"{name}Path" for name in COMPARISONS),
        *_TESTS,
        "IsPresent",
        "StringMatches",
    }
)


def problems(rule: Any, at: str, *, top: bool = True) -> Iterator[tuple[str, str]]:
    """Everything wrong with a rule: where, and what. Only the top one has `Next`."""
    if not isinstance(rule, dict):
        yield at, "A choice rule must be an object"
        return
    members = dict(cast("dict[str, Any]", rule))
    members.pop("Comment", None)
    if (members.pop("Next", None) is not None) is not top:
        yield at, "A choice rule has a Next at the top, and nowhere else"
    for name in (each for each in (*_MANY, "Not") if each in members):
        inner = members.pop(name)
        if members:
            yield at, f"{name} stands alone, not beside {', '.join(sorted(members))}"
        elif name == "Not":
            yield from problems(inner, f"{at}/Not", top=False)
        elif not isinstance(inner, list) or not inner:
            yield f"{at}/{name}", f"{name} must be a list of at least one rule"
        else:
            for index, each in enumerate(cast("list[Any]", inner)):
                yield from problems(each, f"{at}/{name}[{index}]", top=False)
        return
    yield from _comparison_problems(members, at)


def _comparison_problems(members: dict[str, Any], at: str) -> Iterator[tuple[str, str]]:
    variable = members.pop("Variable", None)
    unknown = sorted(set(members) - _OPERATORS)
    if unknown:
        yield f"{at}/{unknown[0]}", f'Field "{unknown[0]}" is not supported'
    elif len(members) != 1:
        yield at, f"Exactly one comparison is expected; got {sorted(members) or 'none'}"
    else:
        ((name, expected),) = members.items()
        of_path = [expected] if name.endswith("Path") else []
        for path in (variable, *of_path):
            try:
                paths.steps(str(path))
            except PathError as error:
                yield at, f"{error}"
        if not _fits(name, expected):
            yield f"{at}/{name}", f"{name} is {expected!r}, which it cannot be compared with"


def _fits(name: str, expected: Any) -> bool:
    if name in _TESTS or name == "IsPresent":
        return isinstance(expected, bool)
    if name.endswith("Path") or name == "StringMatches":
        return isinstance(expected, str)
    return _KINDS[COMPARISONS[name][0]](expected)


def holds(rule: Rule, data: Any, context: Any) -> bool:
    """Whether a rule holds; a value of another type than its comparison's never does.

    Raises:
        PathError: A path of a comparison names nothing (`IsPresent` asks whether it does).
    """
    if "And" in rule:
        return all(holds(each, data, context) for each in rule["And"])
    if "Or" in rule:
        return any(holds(each, data, context) for each in rule["Or"])
    if "Not" in rule:
        return not holds(rule["Not"], data, context)
    return _comparison_holds(rule, data, context)


def _comparison_holds(rule: Rule, data: Any, context: Any) -> bool:
    name = next(each for each in rule if each in _OPERATORS)
    expected = rule[name]
    if name == "IsPresent":
        return _present(rule["Variable"], data, context) is expected
    value = paths.read(rule["Variable"], data, context)
    if name in _TESTS:
        return _TESTS[name](value) is bool(expected)
    if name == "StringMatches":
        return isinstance(value, str) and _like(str(expected), value)
    if name.endswith("Path"):
        expected = paths.read(expected, data, context)
    return _compare(name.removesuffix("Path"), value, expected)


def _compare(name: str, value: Any, expected: Any) -> bool:
    kind, compare = COMPARISONS[name]
    if not (_KINDS[kind](value) and _KINDS[kind](expected)):
        return False
    if kind == "Timestamp":
        return compare(moment(value), moment(expected))
    return compare(value, expected)


def moment(text: str) -> datetime:
    """A timestamp as the language writes it (RFC 3339, a capital T and Z)."""
    if not _is_stamp(text):
        raise ValueError(f"{text!r} is no timestamp")
    return datetime.fromisoformat(text)


def _present(path: str, data: Any, context: Any) -> bool:
    try:
        paths.read(path, data, context)
    except PathError:
        return False
    return True


def _like(pattern: str, value: str) -> bool:
    """A star stands for any characters, one behind a backslash for itself."""
    parts = re.split(r"(\\\\|\\\*|\*)", pattern)
    known = {"*": ".*", r"\*": r"\*", r"\\": r"\\"}
    return (
        re.fullmatch("".join(known.get(each, re.escape(each)) for each in parts), value) is not None
    )
