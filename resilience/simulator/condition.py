"""The condition one Region is in: what faults hold on it, and what it therefore answers.

What a client gets, what a health checker gets and what a neighbour's observer gets all follow
from the same condition, each by its own limits:

- A lost Region is silent: connections time out, nothing in it runs.
- A slow one answers late: too late for a checker after two seconds, for a client after its own.
- A throttled function is answered 502 by the load balancer, at once.
- Target health changes nothing here: a target group whose only target, a function, is unhealthy
  fails open, and the records do not evaluate it.
- A Region with a wrong model answers 200 and wrongly; its own golden prediction says so, so that
  it is not ready (`/health/ready`), but alive.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.objectives import CONNECT_TIMEOUT_S, RESPONSE_TIMEOUT_S
from resilience.simulator.checks import LIVE_PATH, READY_PATH

if TYPE_CHECKING:
    from resilience.simulator.checks import Endpoint
    from resilience.simulator.parameters import Parameters

READY_BODY: Final = '{"ready":true}'
NOT_READY_BODY: Final = '{"ready":false}'
LIVE_BODY: Final = '{"live":true}'
SET_BODY: Final = '{"evacuated":true}'
UNSET_BODY: Final = '{"evacuated":false}'

PROBE_TIMEOUT_S: Final = 2.0
"""How long an observer's probe waits, as `resilience.observer` does."""


class Condition:
    """Counts of the faults that hold on one Region now; several of a kind may overlap."""

    __slots__ = (
        "cold_s",
        "fail_ratios",
        "flags_out",
        "gone",
        "shortage_ratio",
        "slow_s",
        "throttled",
        "writes_out",
        "wrong",
        "zones_out",
    )

    def __init__(self) -> None:
        self.gone = 0
        self.slow_s = 0.0
        self.fail_ratios: list[float] = []
        self.zones_out = 0.0
        self.throttled = 0
        self.wrong = 0
        self.cold_s: list[float] = []
        self.shortage_ratio = 0.0
        self.flags_out = 0
        self.writes_out = 0

    @property
    def served_ratio(self) -> float:
        """Share of requests that reach the function and are answered, if late or wrongly."""
        if self.gone or self.throttled:
            return 0.0
        ratio = (1.0 - self.shortage_ratio) * (1.0 - min(self.zones_out, 1.0))
        for failing in self.fail_ratios:
            ratio *= 1.0 - failing
        return ratio

    def bad_ratio(self, parameters: Parameters) -> float:
        """Share of clients' requests that get no right answer in time."""
        late = parameters.request_s + self.slow_s > parameters.client_timeout_s
        return 1.0 if self.wrong or late else 1.0 - self.served_ratio

    def silent(self, parameters: Parameters) -> bool:
        """Whether requests time out, so that clients give their connections up."""
        return self.gone > 0 or parameters.request_s + self.slow_s > parameters.client_timeout_s

    def probe_ratio(self, parameters: Parameters) -> float:
        """Share of an observer's golden requests that are answered right in time."""
        late = parameters.request_s + self.slow_s > PROBE_TIMEOUT_S
        return 0.0 if self.wrong or late else self.served_ratio

    def look(self, endpoint: Endpoint, *, flagged: bool, request_s: float) -> tuple[float, float]:
        """Give the share of looks that pass a check here, and when their results are known.

        Args:
            endpoint: What is asked.
            flagged: Whether the flag that it asks for stands.
            request_s: How long a request takes when nothing is slow.
        """
        if self.gone:
            return 0.0, CONNECT_TIMEOUT_S
        if request_s + self.slow_s > RESPONSE_TIMEOUT_S:
            return 0.0, RESPONSE_TIMEOUT_S
        reached = 1.0 - min(self.zones_out, 1.0)
        if endpoint.about is not None:
            body = SET_BODY if flagged else UNSET_BODY
            answered = 0.0 if self.flags_out else reached
        elif endpoint.path == READY_PATH:
            body = NOT_READY_BODY if self.wrong else READY_BODY
            answered = 0.0 if self.wrong else self.served_ratio
        elif endpoint.path == LIVE_PATH:
            body, answered = LIVE_BODY, self.served_ratio
        else:
            return 0.0, 0.0
        return (answered if endpoint.accepts(body) else 0.0), 0.0
