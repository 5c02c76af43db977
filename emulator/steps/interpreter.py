"""Runs one execution, state by state, on the emulated clock.

Waits, time-outs and retries count in emulated time. An execution of a lost Region stands still: it
takes no step until the Region is back, and finds then what has run out meanwhile.
https://states-language.net/spec.html
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from emulator.steps import choices, errors, paths, templates
from emulator.steps.errors import OvertimeError, StateError
from emulator.steps.history import LONGEST
from emulator.steps.intrinsics import IntrinsicError
from emulator.steps.paths import PathError
from emulator.steps.retrying import Retries, catcher

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Coroutine, Mapping

    from emulator.steps.history import History

    State = Mapping[str, Any]

PAYLOAD_LIMIT_BYTES: Final = 256 * 1024
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


class Grounds(Protocol):
    """What an execution runs on."""

    def now_s(self) -> float:
        """Emulated Unix time."""
        ...

    async def sleep(self, emulated_s: float) -> None:
        """Let emulated time pass."""
        ...

    async def present(self) -> None:
        """Return once the Region is not lost."""
        ...

    def perform(self, resource: str, parameters: Any) -> Coroutine[Any, Any, Any]:
        """Carry out a task; its answer, or a StateError."""
        ...

    async def within(self, work: Coroutine[Any, Any, Any], limit_s: float | None) -> Any:
        """The outcome of work; TimeoutError when it takes more than `limit_s` emulated seconds."""
        ...


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How an execution ended by itself."""

    status: str
    """`SUCCEEDED`, `FAILED` or `TIMED_OUT`."""
    output: Any = None
    error: str | None = None
    cause: str | None = None


class Interpreter:
    """One execution. `context` is its context object; `State` is kept in it."""

    def __init__(
        self,
        machine: Mapping[str, Any],
        context: dict[str, Any],
        history: History,
        grounds: Grounds,
        *,
        began_s: float,
        chance: random.Random,
    ) -> None:
        self._machine = machine
        self._context = context
        self._history = history
        self._grounds = grounds
        self._chance = chance
        limit_s = machine.get("TimeoutSeconds")
        self._deadline_s = None if limit_s is None else began_s + limit_s

    async def run(self, data: Any) -> Ended:
        """Run from the first state to the end; never raises for what a definition does."""
        name: str | None = self._machine["StartAt"]
        try:
            while name is not None:
                await self._grounds.present()
                self._look_at_deadline()
                self._look_at_length()
                data, name = await self._visit(name, data)
        except OvertimeError:
            return Ended(status="TIMED_OUT")
        except StateError as error:
            return Ended(status="FAILED", error=error.name, cause=error.cause)
        return Ended(status="SUCCEEDED", output=data)

    async def _visit(self, name: str, data: Any) -> tuple[Any, str | None]:
        """One state: its output, and the state that follows."""
        state: State = self._machine["States"][name]
        entered_s = self._grounds.now_s()
        self._context["State"] = {
            "Name": name,
            "EnteredTime": self._history.stamp(entered_s),
            "RetryCount": 0,
        }
        self._history.entered(state["Type"], name, data)
        try:
            output, following = await self._carry_out(state, data)
        except PathError as error:
            raise StateError(errors.RUNTIME, f"{error} (state {name!r})") from error
        except IntrinsicError as error:
            raise StateError(errors.INTRINSIC, f"{error} (state {name!r})") from error
        _check_size(output)
        await self._grounds.present()
        self._history.exited(state["Type"], name, output)
        return output, following

    async def _carry_out(self, state: State, data: Any) -> tuple[Any, str | None]:
        if state["Type"] == "Fail":
            raise self._failure(state, data)
        following = state.get("Next")
        shown = self._read(state.get("InputPath", "$"), data)
        match state["Type"]:
            case "Task":
                return await self._task(state, data, shown)
            case "Wait":
                await self._pass(self._wait_s(state, shown))
                result = shown
            case "Pass":
                result = self._passed(state, data, shown)
            case "Choice":
                following = self._chosen(state, shown)
                result = shown
            case _:
                result = shown
        return self._read(state.get("OutputPath", "$"), result), following

    def _failure(self, state: State, data: Any) -> StateError:
        said = {
            name: str(self._read(state[f"{name}Path"], data))
            if f"{name}Path" in state
            else str(state.get(name, ""))
            for name in ("Error", "Cause")
        }
        return StateError(said["Error"], said["Cause"])

    def _passed(self, state: State, data: Any, shown: Any) -> Any:
        result = state.get("Result", shown)
        if "Parameters" in state:
            result = templates.fill(state["Parameters"], shown, self._context)
        return _placed(state, data, result)

    def _chosen(self, state: State, shown: Any) -> str:
        for rule in state["Choices"]:
            if choices.holds(rule, shown, self._context):
                return str(rule["Next"])
        if "Default" in state:
            return str(state["Default"])
        raise StateError(errors.NO_CHOICE, "No choice rule holds, and there is no Default")

    def _wait_s(self, state: State, shown: Any) -> float:
        if "Seconds" in state:
            return float(state["Seconds"])
        if "SecondsPath" in state:
            return self._seconds(state["SecondsPath"], shown)
        text = state.get("Timestamp")
        if text is None:
            text = self._read(state["TimestampPath"], shown)
        try:
            return choices.moment(text).timestamp() - self._grounds.now_s()
        except (TypeError, ValueError) as error:
            raise StateError(errors.RUNTIME, f"{text!r} is no timestamp to wait for") from error

    def _seconds(self, path: str, shown: Any) -> float:
        value = self._read(path, shown)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            message = f"{path} is {value!r}; expected a whole number of seconds, 0 or more"
            raise StateError(errors.RUNTIME, message)
        return float(value)

    async def _task(self, state: State, data: Any, shown: Any) -> tuple[Any, str | None]:
        retries = Retries(state.get("Retry", ()), self._chance)
        while True:
            try:
                result = await self._attempt(state, shown)
            except StateError as error:
                wait_s = retries.wait_s(error)
                if wait_s is None:
                    return self._caught(state, data, error)
            else:
                output = self._read(state.get("OutputPath", "$"), _placed(state, data, result))
                return output, state.get("Next")
            await self._pass(wait_s)
            self._context["State"]["RetryCount"] += 1

    async def _attempt(self, state: State, shown: Any) -> Any:
        self._look_at_length()
        resource = str(state["Resource"])
        parameters = templates.fill(state.get("Parameters", shown), shown, self._context)
        limit_s = state.get("TimeoutSeconds")
        if "TimeoutSecondsPath" in state:
            limit_s = self._seconds(state["TimeoutSecondsPath"], shown)
        self._history.scheduled(resource, parameters, limit_s)
        try:
            result = await self._timed(self._grounds.perform(resource, parameters), limit_s)
            _check_size(result)
        except StateError as error:
            self._history.task_failed(resource, error)
            raise
        self._history.task_succeeded(resource, result)
        if "ResultSelector" in state:
            return templates.fill(state["ResultSelector"], result, self._context)
        return result

    async def _timed(self, work: Coroutine[Any, Any, Any], limit_s: float | None) -> Any:
        """The task's answer, unless the task's time or the execution's is over before it."""
        left_s = self._left_s()
        limits = [each for each in (limit_s, left_s) if each is not None]
        try:
            return await self._grounds.within(work, min(limits, default=None))
        except TimeoutError as error:
            await self._grounds.present()
            self._look_at_deadline()
            raise StateError(errors.TIMEOUT, f"The task takes more than {limit_s} s") from error
        finally:
            await self._grounds.present()

    def _caught(self, state: State, data: Any, error: StateError) -> tuple[Any, str | None]:
        found = catcher(state.get("Catch", ()), error)
        if found is None:
            raise error
        told = {"Error": error.name, "Cause": error.cause}
        return _placed(found, data, told), str(found["Next"])

    async def _pass(self, seconds: float) -> None:
        """Let emulated time pass, of the execution's own time at most.

        Raises:
            OvertimeError: It is over.
        """
        left_s = self._left_s()
        await self._grounds.sleep(seconds if left_s is None else min(seconds, left_s))
        await self._grounds.present()
        self._look_at_deadline()

    def _left_s(self) -> float | None:
        if self._deadline_s is None:
            return None
        return max(self._deadline_s - self._grounds.now_s(), 0.0)

    def _look_at_deadline(self) -> None:
        if self._deadline_s is not None and self._grounds.now_s() >= self._deadline_s:
            raise OvertimeError

    def _look_at_length(self) -> None:
        if self._history.full:
            message = f"The execution reached the maximum number of history events ({LONGEST})."
            raise StateError(errors.RUNTIME, message)

    def _read(self, path: str | None, data: Any) -> Any:
        return {} if path is None else paths.read(path, data, self._context)


def _placed(state: State, data: Any, result: Any) -> Any:
    """A result where ResultPath says: in place of the input by default, nowhere for null."""
    path = state.get("ResultPath", "$")
    if path is None:
        return data
    try:
        return paths.put(path, data, result)
    except PathError as error:
        raise StateError(errors.RESULT_PATH, str(error)) from error


def _check_size(value: Any) -> None:
    size = len(json.dumps(value).encode())
    if size > PAYLOAD_LIMIT_BYTES:
        message = f"{size} bytes are more than a state may pass on ({PAYLOAD_LIMIT_BYTES})"
        raise StateError(errors.TOO_LARGE, message)


async def first_of(work: Coroutine[Any, Any, Any], sleep: Awaitable[None]) -> Any:
    """The outcome of work; TimeoutError when the sleep is over first."""
    doing, waiting = asyncio.ensure_future(work), asyncio.ensure_future(sleep)
    try:
        await asyncio.wait({doing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise TimeoutError
    finally:
        for each in (doing, waiting):
            each.cancel()
        await asyncio.gather(doing, waiting, return_exceptions=True)
