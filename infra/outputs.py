"""What a stack tells about itself: identifiers only. Everything else is read back from AWS."""

from infra.health import RegionHealth
from infra.region import Region
from infra.zone import regional_name


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
