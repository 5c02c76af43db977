"""Zonal shifts that somebody starts.

https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-autoshift.how-it-works.precedence.html:
one shift of a resource is applied at a time; one that a customer starts interrupts a practice run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.zonal import shown
from emulator.zonal.errors import conflict, invalid, not_found
from emulator.zonal.state import Shift

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.zonal.resources import Resources
    from emulator.zonal.state import Ledger, Values

_UNITS_S: Final = {"m": 60, "h": 3_600}
LONGEST_S: Final = 72 * 3_600
"""https://docs.aws.amazon.com/arc-zonal-shift/latest/api/API_StartZonalShift.html"""


class Shifts:
    """Operations on zonal shifts; each takes a Region and a call's parameters."""

    def __init__(self, resources: Resources, ledger: Ledger) -> None:
        self._resources = resources
        self._ledger = ledger

    def operations(self) -> Mapping[str, Callable[[str, Values], Values]]:
        """Every operation by its name."""
        return {
            "StartZonalShift": self.start,
            "UpdateZonalShift": self.update,
            "CancelZonalShift": self.cancel,
            "ListZonalShifts": self.list_all,
            "ListAutoshifts": self.list_autoshifts,
        }

    def start(self, region: str, params: Values) -> Values:
        """StartZonalShift."""
        balancer = self._resources.managed(region, params["resourceIdentifier"])
        zone_id = self._resources.zone_of(balancer, params["awayFrom"])
        lasts_s = _seconds(params["expiresIn"])
        running = self._ledger.applied(balancer.arn)
        if running is not None and running.kind == "ZONAL_SHIFT":
            raise conflict(
                "ZonalShiftAlreadyExists",
                f"{balancer.arn} is shifted away from {running.away_from} already; update or "
                f"cancel zonal shift {running.id}",
                shift_id=running.id,
            )
        if running is not None:
            self._ledger.end(running, "CANCELED", outcome="INTERRUPTED")
        now_s = self._ledger.now_s()
        shift = Shift(
            resource_arn=balancer.arn,
            region=region,
            kind="ZONAL_SHIFT",
            away_from=zone_id,
            comment=params["comment"],
            started_s=now_s,
            expires_s=now_s + lasts_s,
        )
        self._ledger.start(shift)
        return shown.shift(shift)

    def update(self, region: str, params: Values) -> Values:
        """UpdateZonalShift: a new expiry, counted from now, or a new comment."""
        shift = self._active(region, params["zonalShiftId"])
        if "expiresIn" in params:
            shift.expires_s = self._ledger.now_s() + _seconds(params["expiresIn"])
        shift.comment = params.get("comment", shift.comment)
        return shown.shift(shift)

    def cancel(self, region: str, params: Values) -> Values:
        """CancelZonalShift, of a practice run too."""
        shift = self._active(region, params["zonalShiftId"])
        practised = shift.kind == "PRACTICE_RUN"
        self._ledger.end(shift, "CANCELED", outcome="INTERRUPTED" if practised else None)
        return shown.shift(shift)

    def list_all(self, region: str, params: Values) -> Values:
        """ListZonalShifts."""
        wanted, resource = params.get("status"), params.get("resourceIdentifier")
        return {
            "items": [
                shown.summary(each)
                for each in self._ledger.shifts(region)
                if wanted in (None, each.status) and resource in (None, each.resource_arn)
            ]
        }

    @staticmethod
    def list_autoshifts(region: str, params: Values) -> Values:
        """ListAutoshifts: AWS has started none."""
        del region, params
        return {"items": []}

    def _active(self, region: str, shift_id: str) -> Shift:
        shift = self._ledger.shift(region, shift_id)
        if shift is None:
            raise not_found(f"There is no zonal shift {shift_id} in {region}")
        if shift.status != "ACTIVE":
            raise conflict(
                "ZonalShiftStatusNotActive",
                f"Zonal shift {shift_id} is {shift.status}",
                shift_id=shift_id,
            )
        return shift


def _seconds(expires_in: str) -> int:
    lasts_s = int(expires_in[:-1]) * _UNITS_S[expires_in[-1]]
    if lasts_s > LONGEST_S:
        raise invalid("InvalidExpiresIn", f"{expires_in} is longer than three days (72h)")
    return lasts_s
