"""Templates (`Parameters`, `ResultSelector`): JSON whose `name.$` members are filled in. Pure.

https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from emulator.steps import intrinsics, paths
from emulator.steps.intrinsics import IntrinsicError
from emulator.steps.paths import PathError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILLED: Final = ".$"


def problems(template: Any, at: str) -> Iterator[tuple[str, str]]:
    """Everything wrong with a template: where, and what."""
    if isinstance(template, list):
        for index, each in enumerate(cast("list[Any]", template)):
            yield from problems(each, f"{at}[{index}]")
    if not isinstance(template, dict):
        return
    for name, each in cast("dict[str, Any]", template).items():
        place = f"{at}/{name}"
        if not name.endswith(_FILLED):
            yield from problems(each, place)
        elif not isinstance(each, str):
            yield place, f"The value for the field '{name}' must be a valid JSONPath"
        else:
            try:
                _check(each)
            except (PathError, IntrinsicError) as error:
                yield place, f"The value for the field '{name}' is not valid: {error}"


def fill(template: Any, data: Any, context: Any) -> Any:
    """A template with everything filled in.

    Raises:
        PathError: A path names nothing.
        IntrinsicError: A function's arguments do not fit.
    """
    if isinstance(template, list):
        return [fill(each, data, context) for each in cast("list[Any]", template)]
    if not isinstance(template, dict):
        return template
    return {
        name.removesuffix(_FILLED): _filled(str(each), data, context)
        if name.endswith(_FILLED)
        else fill(each, data, context)
        for name, each in cast("dict[str, Any]", template).items()
    }


def names(template: Any) -> frozenset[str]:
    """The top-level members that a template makes."""
    members = cast("dict[str, Any]", template) if isinstance(template, dict) else {}
    return frozenset(name.removesuffix(_FILLED) for name in members)


def _check(value: str) -> None:
    if value.startswith("$"):
        paths.steps(value)
    else:
        intrinsics.parse(value)


def _filled(value: str, data: Any, context: Any) -> Any:
    if value.startswith("$"):
        return paths.read(value, data, context)
    return intrinsics.evaluate(intrinsics.parse(value), data, context)
