"""What a stack tells about itself: identifiers only. Everything else is read back from AWS."""

from collections.abc import Mapping

from infra.drills.drills import Drills
from infra.health import RegionHealth
from infra.naming import StackNames
from infra.region import Region
from infra.table import Table
from infra.traffic import Traffic
from infra.watching.watching import Watching
from infra.zone import Zone, predict_name, regional_name


def stack_outputs(  # noqa: PLR0913 - a stack has this many kinds of things
    names: StackNames,
    zone: Zone,
    traffic: Traffic,
    regions: Mapping[str, Region],
    table: Table,
    *,
    watching: Watching,
    drills: Drills,
) -> dict[str, object]:
    """Return the identifiers of a stack, its Regions in the settings' order."""
    return {
        "project": names.project,
        "stack": names.stack,
        "zoneId": zone.zone_id,
        "zoneName": zone.name,
        "predictName": predict_name(zone.name),
        "tableName": table.name,
        "regions": [
            region_outputs(serving, traffic.health[region], zone.name)
            | {"observerFunctionName": watching.observers[region].function_name}
            for region, serving in regions.items()
        ],
        "drills": drills.outputs,
    }


def region_outputs(region: Region, health: RegionHealth, zone_name: str) -> dict[str, object]:
    """Return the identifiers of what serves in one Region."""
    return {
        "region": region.names.region,
        "regionalName": regional_name(region.names.region, zone_name),
        "loadBalancerArn": region.load_balancer.arn,
        "listenerArn": region.load_balancer.listener_arn,
        "targetGroupArn": region.target.target_group_arn,
        "functionName": region.function.name,
        "aliasName": region.function.alias_name,
        "evacuationFunctionName": region.evacuation.function_name,
        "releaseBucket": region.releases.name,
        "predictionBucket": region.predictions.name,
        "evacuationBucket": region.evacuation.bucket_name,
        "deepCheckId": health.deep_check_id,
        "evacuationCheckIds": health.evacuation_check_ids,
        "servingCheckId": health.serving_check_id,
        "objectivesParameter": region.objectives.name,
    }
