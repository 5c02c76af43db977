"""The service's errors, as its API spells them.

https://docs.aws.amazon.com/fis/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from emulator.door.rest_json import ServiceError


class InjectionError(Exception):
    """An action that cannot be carried out: its experiment fails, and says why."""


def invalid(message: str) -> ServiceError:
    """A value that is not taken."""
    return ServiceError("ValidationException", message, status=400)


def not_found(message: str) -> ServiceError:
    """A template or an experiment that does not exist."""
    return ServiceError("ResourceNotFoundException", message, status=404)


def conflict(message: str) -> ServiceError:
    """A call that does not fit what there is."""
    return ServiceError("ConflictException", message, status=409)
