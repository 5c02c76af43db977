"""Managed resources: load balancers that take part in zonal shifts.

A load balancer registers itself once its attribute `zonal_shift.config.enabled` is on; cross-zone
load balancing may be on or off.
https://docs.aws.amazon.com/r53recovery/latest/dg/arc-zonal-shift.resource-types.app-load-balancers.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.zonal import shown
from emulator.zonal.errors import conflict, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.store import LoadBalancer, Store
    from emulator.zonal.state import Ledger, Values


class Resources:
    """Operations on managed resources; each takes a Region and a call's parameters."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self._ledger = ledger

    def operations(self) -> Mapping[str, Callable[[str, Values], Values]]:
        """Every operation by its name."""
        return {
            "GetManagedResource": self.get,
            "ListManagedResources": self.list_all,
            "UpdateZonalAutoshiftConfiguration": self.update_autoshift,
        }

    def managed(self, region: str, identifier: str) -> LoadBalancer:
        """The managed resource of a Region that an identifier names.

        Raises:
            ServiceError: It names none.
        """
        found = next((each for each in self._managed(region) if each.arn == identifier), None)
        if found is None:
            raise not_found(
                f"{identifier} is no managed resource in {region}: expected the ARN of a load "
                "balancer whose attribute zonal_shift.config.enabled is true"
            )
        return found

    def zone_of(self, balancer: LoadBalancer, zone_id: str) -> str:
        """A zone's id, where the load balancer stands in that zone.

        Raises:
            ServiceError: It does not.
        """
        if zone_id not in balancer.zone_ids:
            raise invalid(
                "InvalidAz",
                f"{zone_id} is no Availability Zone of {balancer.arn}; expected one of "
                f"{', '.join(balancer.zone_ids)}",
            )
        return zone_id

    def get(self, region: str, params: Values) -> Values:
        """GetManagedResource."""
        balancer = self.managed(region, params["resourceIdentifier"])
        configuration = self._ledger.configuration(balancer.arn)
        practice = configuration.practice
        return {
            **self._shown(balancer),
            "zonalAutoshiftStatus": configuration.autoshift,
            **({"practiceRunConfiguration": practice} if practice is not None else {}),
        }

    def list_all(self, region: str, params: Values) -> Values:
        """ListManagedResources."""
        del params
        items: list[Values] = []
        for balancer in self._managed(region):
            configuration = self._ledger.configuration(balancer.arn)
            items.append(
                {
                    **self._shown(balancer),
                    "availabilityZones": list(balancer.zone_ids),
                    "zonalAutoshiftStatus": configuration.autoshift,
                    "practiceRunStatus": "DISABLED"
                    if configuration.practice is None
                    else "ENABLED",
                }
            )
        return {"items": items}

    def update_autoshift(self, region: str, params: Values) -> Values:
        """UpdateZonalAutoshiftConfiguration."""
        balancer = self.managed(region, params["resourceIdentifier"])
        configuration = self._ledger.configuration(balancer.arn)
        if params["zonalAutoshiftStatus"] == "ENABLED" and configuration.practice is None:
            raise conflict(
                "PracticeConfigurationDoesNotExist",
                f"{balancer.arn} has no practice run configuration, which zonal autoshift needs",
            )
        configuration.autoshift = params["zonalAutoshiftStatus"]
        return {
            "resourceIdentifier": balancer.arn,
            "zonalAutoshiftStatus": configuration.autoshift,
        }

    def _managed(self, region: str) -> list[LoadBalancer]:
        balancers = self._store.load_balancers()
        return [each for each in balancers if each.region == region and each.zonal_shift]

    def _shown(self, balancer: LoadBalancer) -> Values:
        applied = self._ledger.applied(balancer.arn)
        away = applied.away_from if applied is not None else None
        return {
            "arn": balancer.arn,
            "name": balancer.name,
            "appliedWeights": {zone: float(zone != away) for zone in balancer.zone_ids},
            "zonalShifts": [shown.in_resource(applied)] if applied is not None else [],
            "autoshifts": [],
        }
