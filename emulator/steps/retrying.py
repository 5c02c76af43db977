"""What follows a failed task: tried again after a while, caught, or passed on. Pure.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from emulator.steps import paths
from emulator.steps.errors import RUNTIME, TASK_FAILED, TIMEOUT, TOO_LARGE, StateError
from emulator.steps.paths import PathError

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping, Sequence

ALL: Final = "States.ALL"
LONGEST_DELAY_S: Final = 31_622_400
_NEVER_HANDLED: Final = (RUNTIME,)
_NOT_UNDER_ALL: Final = (RUNTIME, TOO_LARGE)
_RETRIER: Final = frozenset(
    {
        "ErrorEquals",
        "IntervalSeconds",
        "MaxAttempts",
        "BackoffRate",
        "MaxDelaySeconds",
        "JitterStrategy",
        "Comment",
    }
)
_CATCHER: Final = frozenset({"ErrorEquals", "Next", "ResultPath", "Comment"})


class Retries:
    """The retriers of one visit of a state, each with the tries it has left."""

    def __init__(self, retriers: Sequence[Mapping[str, Any]], chance: random.Random) -> None:
        self._retriers = retriers
        self._tried = [0] * len(retriers)
        self._chance = chance

    def wait_s(self, error: StateError) -> float | None:
        """How long to wait before the next try; None when there is none."""
        for index, retrier in enumerate(self._retriers):
            if not matches(retrier, error):
                continue
            tried = self._tried[index]
            if tried >= retrier.get("MaxAttempts", 3):
                return None
            self._tried[index] += 1
            wait_s: float = retrier.get("IntervalSeconds", 1)
            wait_s *= retrier.get("BackoffRate", 2.0) ** tried
            wait_s = min(wait_s, retrier.get("MaxDelaySeconds", LONGEST_DELAY_S))
            full = retrier.get("JitterStrategy") == "FULL"
            return self._chance.uniform(0.0, wait_s) if full else wait_s
        return None


def catcher(catchers: Sequence[Mapping[str, Any]], error: StateError) -> Mapping[str, Any] | None:
    """The first catcher of an error; None without one."""
    return next((each for each in catchers if matches(each, error)), None)


def matches(handler: Mapping[str, Any], error: StateError) -> bool:
    """Whether a retrier or catcher is for an error.

    `States.TaskFailed` is every error but a time-out; `States.ALL` every one but those that
    nothing handles.
    """
    if error.name in _NEVER_HANDLED:
        return False
    for name in handler["ErrorEquals"]:
        if name == error.name:
            return True
        if name == TASK_FAILED and error.name != TIMEOUT:
            return True
        if name == ALL and error.name not in _NOT_UNDER_ALL:
            return True
    return False


def problems(state: Mapping[str, Any], at: str) -> Iterator[tuple[str, str]]:
    """Everything wrong with a state's Retry and Catch: where, and what."""
    for list_name, known in (("Retry", _RETRIER), ("Catch", _CATCHER)):
        listed = state.get(list_name, [])
        if not isinstance(listed, list):
            yield f"{at}/{list_name}", f"{list_name} must be a list"
            continue
        handlers = cast("list[Any]", listed)
        for index, each in enumerate(handlers):
            place, last = f"{at}/{list_name}[{index}]", index == len(handlers) - 1
            if not isinstance(each, dict):
                yield place, f"{list_name} holds objects"
                continue
            handler = cast("dict[str, Any]", each)
            for name in sorted(set(handler) - known):
                yield f"{place}/{name}", f'Field "{name}" is not supported'
            yield from _name_problems(handler, place, last=last)
            yield from (_retrier if list_name == "Retry" else _catcher)(handler, place)


def _name_problems(handler: Mapping[str, Any], at: str, *, last: bool) -> Iterator[tuple[str, str]]:
    names = handler.get("ErrorEquals")
    if not isinstance(names, list) or not names:
        yield f"{at}/ErrorEquals", "ErrorEquals must be a list of at least one error"
    elif ALL in names and (len(cast("list[Any]", names)) > 1 or not last):
        yield f"{at}/ErrorEquals", f"{ALL} stands alone, in the last of the list"


def _retrier(handler: Mapping[str, Any], at: str) -> Iterator[tuple[str, str]]:
    for name, low in (("IntervalSeconds", 1), ("MaxAttempts", 0), ("MaxDelaySeconds", 1)):
        value = handler.get(name, low)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            yield f"{at}/{name}", f"{name} must be a whole number from {low} on"
    rate = handler.get("BackoffRate", 1)
    if not isinstance(rate, int | float) or rate < 1:
        yield f"{at}/BackoffRate", "BackoffRate must be a number from 1.0 on"
    if handler.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
        yield f"{at}/JitterStrategy", "JitterStrategy must be FULL or NONE"
    longest = handler.get("MaxDelaySeconds")
    if isinstance(longest, int) and longest <= handler.get("IntervalSeconds", 1):
        yield f"{at}/MaxDelaySeconds", "MaxDelaySeconds must be more than IntervalSeconds"


def _catcher(handler: Mapping[str, Any], at: str) -> Iterator[tuple[str, str]]:
    if not isinstance(handler.get("Next"), str):
        yield f"{at}/Next", "A catcher needs a Next"
    path = handler.get("ResultPath", "$")
    try:
        paths.steps(str(path) if path is not None else "$")
    except PathError as error:
        yield f"{at}/ResultPath", str(error)
