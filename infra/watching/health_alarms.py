"""What Route 53 thinks of each Region: alarms that can stand in us-east-1 only.

Route 53 publishes the metrics of health checks there, wherever the checked thing is. When
us-east-1 is lost these alarms are lost with it; failover itself is not, because health checks and
answers are a global data plane. What then still wakes someone are the other Regions' own alarms
and their canaries' (`neighbour_alarms`).
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
"""

from collections.abc import Mapping
from typing import Final

import pulumi

from infra.watching.alarm import Alarm, Page, Watch
from infra.watching.signals import of_health_check

PAGE: Final = "out-of-service"


def health_watch(serving_check_ids: Mapping[str, pulumi.Input[str]]) -> Watch:
    """Return one alarm for each Region's serving check, which its records follow."""
    alarms = tuple(
        Alarm(
            slug="health-check",
            about=region,
            means=f"Route 53 leads no clients to {region}: it is unhealthy, or evacuated.",
            signal=of_health_check(check_id),
            comparison="LessThanThreshold",
            threshold=1,
            of=(1, 1),
            missing="ignore",
            because="Route 53 always says it: silence is CloudWatch's, and the last word stands",
        )
        for region, check_id in serving_check_ids.items()
    )
    page = Page(
        slug=PAGE,
        means="Route 53 has taken a Region out of service.",
        alarms=tuple(alarm.name for alarm in alarms),
    )
    return Watch(alarms=alarms, page=page)
