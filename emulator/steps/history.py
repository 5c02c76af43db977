"""The history of one execution, as GetExecutionHistory shows it.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from emulator.steps.errors import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.steps.errors import StateError

LONGEST: Final = 25_000
"""Events of an execution; one more ends it.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""
_INCLUDED: Final = {"truncated": False}


class History:
    """Events in order, numbered from 1. Written by one execution, read by any thread."""

    def __init__(self, now_s: Callable[[], float], region: str) -> None:
        self._now_s = now_s
        self._region = region
        self.events: list[dict[str, Any]] = []

    @property
    def full(self) -> bool:
        """Whether there is room for its end only."""
        return len(self.events) >= LONGEST - 1

    def note(self, kind: str, member: str = "", **details: Any) -> None:
        """Add an event that happens now; `member` holds its details."""
        number = len(self.events) + 1
        event = {
            "timestamp": self._now_s(),
            "type": kind,
            "id": number,
            "previousEventId": number - 1,
        }
        shown = {name: value for name, value in details.items() if value is not None}
        self.events.append(event | ({member: shown} if member else {}))

    def entered(self, kind: str, name: str, data: Any) -> None:
        """A state begins."""
        self.note(
            f"{kind}StateEntered",
            "stateEnteredEventDetails",
            name=name,
            input=text(data),
            inputDetails=_INCLUDED,
        )

    def exited(self, kind: str, name: str, output: Any) -> None:
        """A state is done."""
        self.note(
            f"{kind}StateExited",
            "stateExitedEventDetails",
            name=name,
            output=text(output),
            outputDetails=_INCLUDED,
        )

    def scheduled(self, resource: str, parameters: Any, limit_s: float | None) -> None:
        """A task is asked for, and starts."""
        kind, name = _of(resource)
        self.note(
            "TaskScheduled",
            "taskScheduledEventDetails",
            resourceType=kind,
            resource=name,
            region=self._region,
            parameters=text(parameters),
            timeoutInSeconds=None if limit_s is None else int(limit_s),
        )
        self.note("TaskStarted", "taskStartedEventDetails", resourceType=kind, resource=name)

    def task_succeeded(self, resource: str, output: Any) -> None:
        """A task has answered."""
        kind, name = _of(resource)
        self.note(
            "TaskSucceeded",
            "taskSucceededEventDetails",
            resourceType=kind,
            resource=name,
            output=text(output),
            outputDetails=_INCLUDED,
        )

    def task_failed(self, resource: str, error: StateError) -> None:
        """A task has failed, or taken too long."""
        kind, name = _of(resource)
        late = error.name == TIMEOUT
        self.note(
            "TaskTimedOut" if late else "TaskFailed",
            "taskTimedOutEventDetails" if late else "taskFailedEventDetails",
            resourceType=kind,
            resource=name,
            error=error.name,
            cause=error.cause,
        )

    @staticmethod
    def stamp(at_s: float) -> str:
        """A moment as the context object writes it."""
        return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def text(data: Any) -> str:
    """JSON as the API shows it."""
    return json.dumps(data, separators=(",", ":"))


def _of(resource: str) -> tuple[str, str]:
    """Type and name of `arn:aws:states:::lambda:invoke`."""
    kind, _, name = resource.removeprefix("arn:aws:states:::").partition(":")
    return kind, name
