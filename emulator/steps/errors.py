"""Errors: of executions, by the names that Retry and Catch know, and of the API.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from typing import Final

from emulator.door.rest_json import ServiceError

RUNTIME: Final = "States.Runtime"
TASK_FAILED: Final = "States.TaskFailed"
TIMEOUT: Final = "States.Timeout"
TOO_LARGE: Final = "States.DataLimitExceeded"
NO_CHOICE: Final = "States.NoChoiceMatched"
RESULT_PATH: Final = "States.ResultPathMatchFailure"
INTRINSIC: Final = "States.IntrinsicFailure"
PERMISSIONS: Final = "States.Permissions"


class StateError(Exception):
    """A state fails; `name` is what retriers and catchers match."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause


class OvertimeError(Exception):
    """The execution has taken longer than its machine lets it; nothing handles this."""


def refused(code: str, message: str) -> ServiceError:
    """A refusal of the API."""
    return ServiceError(code, message, status=400)
