"""Shifts as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.zonal.state import Shift, Values


def shift(each: Shift) -> Values:
    """A shift, as the calls that change one answer."""
    return _common(each) | {"status": each.status}


def summary(each: Shift) -> Values:
    """A shift in a list of them."""
    return shift(each) | _kind(each)


def in_resource(each: Shift) -> Values:
    """A shift that a resource's traffic follows now."""
    return _common(each) | {"appliedStatus": "APPLIED"} | _kind(each)


def _common(each: Shift) -> Values:
    return {
        "zonalShiftId": each.id,
        "resourceIdentifier": each.resource_arn,
        "awayFrom": each.away_from,
        "startTime": each.started_s,
        "expiryTime": each.expires_s,
        "comment": each.comment,
    }


def _kind(each: Shift) -> Values:
    outcome = {"practiceRunOutcome": each.outcome} if each.outcome is not None else {}
    return {"shiftType": each.kind} | outcome
