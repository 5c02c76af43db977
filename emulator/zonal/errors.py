"""The service's errors, as its API spells them.

https://docs.aws.amazon.com/arc-zonal-shift/latest/api/API_StartZonalShift.html#API_StartZonalShift_Errors
"""

from __future__ import annotations

from emulator.door.rest_json import ServiceError


def not_found(message: str) -> ServiceError:
    """A resource that is not managed, or a shift that does not exist."""
    return ServiceError("ResourceNotFoundException", message, status=404)


def invalid(reason: str, message: str) -> ServiceError:
    """A value that is not taken; `reason` is one of the API's own."""
    return ServiceError("ValidationException", message, status=400, facts={"reason": reason})


def conflict(reason: str, message: str, *, shift_id: str | None = None) -> ServiceError:
    """A call that does not fit what there is; `reason` is one of the API's own."""
    facts = {"reason": reason} | ({"zonalShiftId": shift_id} if shift_id else {})
    return ServiceError("ConflictException", message, status=409, facts=facts)
