"""What a Region sees of its own service to clients.

Availability counts what clients got: failures of the load balancer (a crash, a timeout or a
throttle of the function becomes a 502 or 503 there) and failures that the handler answered itself.
Health checks are not in the handler's count, or their many good answers would hide clients' bad
ones; a failure of the load balancer counts whoever asked, because clients met it too.
"""

from dataclasses import dataclass
from functools import partial
from typing import Final

import pulumi

from infra.settings.watching import WatchingSettings
from infra.watching.alarm import Alarm, Maths, Page, Watch
from infra.watching.signals import Balancer, OwnMetrics, of_function

PAGE: Final = "region-impaired"

_FAILED_SHARE: Final = (
    "(FILL(failed, 0) + FILL(balancer, 0)) / (FILL(requests, 0) + FILL(balancer, 0))"
)
# Of fewer requests, a hundredth is not one.
_MANY: Final = 100
_SLOWNESS: Final = f"IF(requests >= {_MANY}, slowest, middle)"


@dataclass(frozen=True, kw_only=True)
class Serving:
    """What serves clients in one Region.

    Attributes:
        balancer: The load balancer and the target group that predicts.
        function_name: The prediction function.
        own: The Region's own metrics.
    """

    balancer: Balancer
    function_name: pulumi.Input[str]
    own: OwnMetrics


def failed_share(serving: Serving) -> Maths:
    """Return the share of requests that failed, 0 to 1; no number while there are none."""
    return Maths(
        expression=_FAILED_SHARE,
        label="failed requests, share",
        metrics={
            "failed": serving.own.of_handler("Failed", "Sum"),
            "requests": serving.own.of_handler("Requests", "Sum"),
            "balancer": serving.balancer.of_balancer("HTTPCode_ELB_5XX_Count", "Sum"),
        },
    )


def slowness(serving: Serving) -> Maths:
    """Return how slow replies are, in seconds; no number while there are none."""
    of = partial(serving.balancer.of_targets, "TargetResponseTime")
    return Maths(
        expression=_SLOWNESS,
        label="reply time, s",
        metrics={"slowest": of("p99"), "middle": of("p50"), "requests": of("SampleCount")},
    )


def serving_watch(serving: Serving, settings: WatchingSettings) -> Watch:
    """Return the alarms on what clients of a Region get from it."""
    alarms = (
        Alarm(
            slug="availability",
            means="Clients of this Region get errors.",
            signal=failed_share(serving),
            comparison="GreaterThanThreshold",
            threshold=settings.error_ratio,
            missing="notBreaching",
            because="without requests nobody was failed; an idle Region is asked by canaries",
        ),
        Alarm(
            slug="latency",
            means="One request in a hundred to this Region is slower than is agreed; of few"
            " requests, every other one.",
            signal=slowness(serving),
            comparison="GreaterThanThreshold",
            threshold=settings.latency_ms / 1000,
            of=(3, 5),
            missing="notBreaching",
            because="without requests nobody waited",
        ),
        Alarm(
            slug="throttles",
            means="The prediction function is refused capacity.",
            signal=of_function("Throttles", "Sum", serving.function_name),
            comparison="GreaterThanThreshold",
            threshold=0,
            missing="notBreaching",
            because="Lambda says nothing of a function that nobody invokes",
        ),
        Alarm(
            slug="not-ready",
            means="This Region tells health checkers that it cannot predict.",
            signal=serving.own.of_handler("Unready", "Sum"),
            comparison="GreaterThanThreshold",
            threshold=0,
            missing="notBreaching",
            because="it is said only when it happens; a Region that cannot even say it is seen by"
            " the others' canaries",
        ),
    )
    page = Page(
        slug=PAGE,
        means="This Region serves its clients badly.",
        alarms=tuple(alarm.name for alarm in alarms),
    )
    return Watch(alarms=alarms, page=page)
