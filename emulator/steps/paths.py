"""Paths into JSON: reading what one names, and putting a result where one says. Pure.

`$` is the state's input, `$$` the context object. Of JSONPath the emulator knows names
(`$.drill.id`, `$['drill']`) and indices (`$.steps[0]`), and refuses the rest by name.
https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html
"""

from __future__ import annotations

import copy
import re
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast

Step: TypeAlias = str | int

_STEP: Final = re.compile(r"\.([^\W\d][\w-]*)|\['([^']*)'\]|\[(\d+)\]")


class PathError(ValueError):
    """A path that is malformed, not emulated, or names nothing."""


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[Step, ...]:
    """The names and indices of a path, after its `$` or `$$`.

    Raises:
        PathError: It is malformed, or uses what is not emulated.
    """
    rest = path.removeprefix("$").removeprefix("$")
    if not path.startswith("$"):
        raise PathError(f"path {path!r} must begin with $ or $$")
    found: list[Step] = []
    while rest:
        match = _STEP.match(rest)
        if match is None:
            raise PathError(
                f"path {path!r} is not emulated from {rest!r} on; names (.name, ['name']) and "
                "indices ([0]) are"
            )
        name, quoted, index = match.groups()
        found.append(int(index) if index is not None else name if name is not None else quoted)
        rest = rest[match.end() :]
    return tuple(found)


def read(path: str, data: Any, context: Any) -> Any:
    """What a path names.

    Raises:
        PathError: It names nothing.
    """
    current = context if path.startswith("$$") else data
    for step in steps(path):
        try:
            current = _inside(current, step)
        except (KeyError, IndexError, TypeError) as error:
            raise PathError(f"The JSONPath {path!r} could not be found in the input") from error
    return current


def put(path: str, data: Any, value: Any) -> Any:
    """A copy of `data` with `value` where a reference path says; objects are made on the way.

    Raises:
        PathError: Something that is no object stands in the way, or an index names nothing.
    """
    names = steps(path)
    if not names:
        return value
    whole = copy.deepcopy(data)
    current = whole
    for step in names[:-1]:
        current = _entered(path, current, step)
    last = names[-1]
    there = isinstance(current, dict) if isinstance(last, str) else _has(current, last)
    if not there:
        raise PathError(f"nothing can be put at {path!r}: {last!r} leads nowhere")
    current[last] = value
    return whole


def _has(current: Any, index: int) -> bool:
    return isinstance(current, list) and index < len(cast("list[Any]", current))


def _entered(path: str, current: Any, step: Step) -> Any:
    if isinstance(step, str) and isinstance(current, dict):
        return cast("dict[str, Any]", current).setdefault(step, {})
    try:
        return _inside(current, step)
    except (KeyError, IndexError, TypeError) as error:
        raise PathError(f"nothing can be put at {path!r}: {step!r} leads nowhere") from error


def _inside(current: Any, step: Step) -> Any:
    wanted = dict if isinstance(step, str) else list
    if not isinstance(current, wanted):
        raise TypeError(step)
    return cast("Any", current)[step]
