"""The ground of a drill, from the topology that was read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.experiments.core.ground import Ground, GroundError, Place
from resilience.objectives import CONNECT_TIMEOUT_S, RESPONSE_TIMEOUT_S, recovery_bounds
from resilience.topology_reader import GLOBAL_REGION

if TYPE_CHECKING:
    from resilience.aws import Aws
    from resilience.topology import Region, Topology


def account_of(aws: Aws, region: str = GLOBAL_REGION) -> str:
    """Ask whose credentials these are. Raises `AwsError`."""
    return str(aws.call("sts", "get_caller_identity", region=region)["Account"])


def ground_of(topology: Topology, account: str, *, slack_s: float = 0.0) -> Ground:
    """Make a ground of a topology.

    Args:
        topology: The stack.
        account: Twelve digits.
        slack_s: What the machine that probes may be late, in seconds of the drill's clock.

    Raises:
        GroundError: the stack has no table to remember drills in.
    """
    if topology.table_name is None:
        raise GroundError(f"stack {topology.stack} has no table: deploy this project's program")
    timing, watcher = topology.timing, topology.standby.observer
    return Ground(
        account=account,
        project=topology.project,
        stack=topology.stack,
        predict_name=topology.predict_name,
        table=topology.table_name,
        places=tuple(_place(topology, region) for region in topology.order),
        rto_s=topology.objectives.rto_s,
        rpo_s=topology.objectives.rpo_s,
        availability_ratio=topology.objectives.availability_ratio,
        ceiling_s=recovery_bounds(timing).ceiling_s,
        turn_s=timing.interval_s * timing.failure_threshold
        + CONNECT_TIMEOUT_S
        + RESPONSE_TIMEOUT_S,
        ttl_s=timing.record_ttl_s,
        hold_s=topology.primary.failback_hold_s,
        look_s=0.0 if watcher is None else watcher.look_s,
        agreement_s=0.0 if watcher is None else watcher.agreement_s,
        slack_s=slack_s,
        routing=topology.routing,
    )


def _place(topology: Topology, region: Region) -> Place:
    return Place(
        region=region.region,
        name=region.regional_name,
        function=region.function.name,
        alias=region.function.alias,
        listener_arn=region.listener.arn,
        load_balancer_arn=region.load_balancer.arn,
        zones=region.load_balancer.zones,
        release_bucket=region.release_bucket.name,
        prediction_bucket=region.prediction_bucket.name,
        evacuation_bucket=region.evacuation_bucket,
        deep_check_id=region.deep_check.id,
        watchers=tuple(each.region for each in topology.watchers(region.region)),
        observer=None if region.observer is None else region.observer.function,
    )
