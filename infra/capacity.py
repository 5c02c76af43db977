"""A function's capacity, and whether the account's quota carries it in every Region.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.settings import Settings
from infra.settings.capacity import CapacitySettings

# Lambda keeps this much for functions without a reservation: all of a stack's others.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
LEAST_UNRESERVED: Final = 100

_SERVICE: Final = "lambda"
_CONCURRENT_EXECUTIONS: Final = "L-B99A9384"


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What one function is given ahead of its load. The default is nothing: on demand.

    Attributes:
        reserved: Concurrency kept for it, and its ceiling; 0: none.
        provisioned: Environments kept started behind its alias; 0: none.
        snap_start: Whether its versions start from a snapshot.
        stable_version: The version that gets what the newest does not; empty: the newest gets all.
        canary_weight: Share of requests that the newest version gets beside a stable one.
    """

    reserved: int = 0
    provisioned: int = 0
    snap_start: bool = False
    stable_version: str = ""
    canary_weight: float = 0.0


def capacity_in(region: str, settings: CapacitySettings) -> Capacity:
    """Return what the prediction function is given in a Region."""
    return Capacity(
        reserved=settings.reserved_concurrency,
        provisioned=settings.provisioned_concurrency,
        snap_start=settings.snap_start,
        stable_version=dict(settings.stable_versions).get(region, ""),
        canary_weight=settings.canary_weight,
    )


def demand(settings: CapacitySettings) -> int:
    """Return the concurrency that a failover demands of one Region's quota."""
    largest = max(
        settings.reserved_concurrency, settings.provisioned_concurrency, settings.whole_load
    )
    return largest + LEAST_UNRESERVED


class QuotaError(pulumi.RunError):
    """An account cannot carry the whole load in a Region; names every such Region.

    Attributes:
        quotas: The quota of each Region where it is too small.
        demand: What a failover demands there.
    """

    def __init__(self, quotas: Mapping[str, float], demanded: int) -> None:
        lines = [
            f"{region}: Lambda's quota of concurrent executions is {quota:g}; expected at least"
            f" {demanded}, {demanded - LEAST_UNRESERVED} for the whole load and"
            f" {LEAST_UNRESERVED} that Lambda keeps unreserved; request an increase of {_SERVICE}"
            f" {_CONCURRENT_EXECUTIONS} there, or lower understudy:reservedConcurrency and what is"
            " expected of a Region"
            for region, quota in quotas.items()
        ]
        super().__init__("\n  ".join(["a failover would overload what is left:", *lines]))
        self.quotas = dict(quotas)
        self.demand = demanded


def refuse_small_quotas(settings: Settings) -> None:
    """Refuse a stack whose failover the account could not carry.

    Refused rather than doubted: AWS would refuse the reservation itself, in the middle of a deploy
    and with the other Region done. A Region that does not answer is only doubted, for the day that
    it is lost and the others must be deployed.

    Raises:
        QuotaError: If a Region's quota is too small.
    """
    demanded = demand(settings.capacity)
    quotas = {region: _quota(region) for region in settings.regions}
    small = {
        region: quota for region, quota in quotas.items() if quota is not None and quota < demanded
    }
    if small:
        raise QuotaError(small, demanded)


def _quota(region: str) -> float | None:
    try:
        found = aws.servicequotas.get_service_quota(
            service_code=_SERVICE, quota_code=_CONCURRENT_EXECUTIONS, region=region
        )
    except Exception as error:  # noqa: BLE001 - Pulumi raises plain exceptions for a failed call
        pulumi.log.warn(
            f"{region}: whether its quota carries the whole load is not known ({error})"
        )
        return None
    return found.value
