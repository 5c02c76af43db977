"""AWS list prices of what a recovery setting costs: us-east-1, US dollars, no free tier.

Dated, and each with where it is from. `checked` says how far: "AWS" was read on AWS's own page or
in its price list, "second hand" is what several others write down that AWS's page says (its tables
are filled in by a script, which the copy that was read lacks), "not verified" is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

HOURS_A_MONTH: Final = 730.0
SECONDS_A_MONTH: Final = HOURS_A_MONTH * 3600

_ROUTE_53: Final = "https://aws.amazon.com/route53/pricing/"
_LAMBDA: Final = "https://aws.amazon.com/lambda/pricing/"


@dataclass(frozen=True, kw_only=True)
class Price:
    """One line of a price list. `read_on` is the date of the copy that was read."""

    what: str
    usd: float
    unit: str
    read_on: str
    source: str
    checked: Literal["AWS", "second hand", "not verified"]


HEALTH_CHECK: Final = Price(
    what="health check of an endpoint in AWS",
    usd=0.50,
    unit="check and month",
    read_on="2026-09-20",
    source=_ROUTE_53,
    checked="AWS",
)
HEALTH_CHECK_FEATURE: Final = Price(
    what="optional feature of such a check: HTTPS, string match, fast interval (10 s)",
    usd=1.00,
    unit="feature, check and month",
    read_on="2026-09-20",
    source=_ROUTE_53,
    checked="AWS",
)
CALCULATED_CHECK: Final = Price(
    what="calculated health check",
    usd=0.50,
    unit="check and month",
    read_on="2026-09-20",
    source=_ROUTE_53,
    checked="not verified",
)
STANDARD_QUERIES: Final = Price(
    what="DNS queries: CNAME, failover records",
    usd=0.40,
    unit="million queries",
    read_on="2026-09-20",
    source=_ROUTE_53,
    checked="AWS",
)
LATENCY_QUERIES: Final = Price(
    what="DNS queries: latency records",
    usd=0.60,
    unit="million queries",
    read_on="2026-09-20",
    source=_ROUTE_53,
    checked="AWS",
)
ALIAS_QUERIES: Final = Price(
    what="DNS queries: alias to a load balancer",
    usd=0.0,
    unit="million queries",
    read_on="2026-09-20",
    source="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html",
    checked="AWS",
)
PROVISIONED_CONCURRENCY: Final = Price(
    what="provisioned concurrency, arm64",
    usd=0.0000033334,
    unit="GB and second kept",
    read_on="2026-05-05",
    source=_LAMBDA,
    checked="second hand",
)
LAMBDA_DURATION: Final = Price(
    what="Lambda duration, arm64, first tier",
    usd=0.0000133334,
    unit="GB and second run",
    read_on="2026-05-05",
    source=_LAMBDA,
    checked="AWS",
)
LAMBDA_REQUESTS: Final = Price(
    what="Lambda requests",
    usd=0.20,
    unit="million requests",
    read_on="2026-09-20",
    source=_LAMBDA,
    checked="AWS",
)

PRICES: Final[tuple[Price, ...]] = (
    HEALTH_CHECK,
    HEALTH_CHECK_FEATURE,
    CALCULATED_CHECK,
    STANDARD_QUERIES,
    LATENCY_QUERIES,
    ALIAS_QUERIES,
    PROVISIONED_CONCURRENCY,
    LAMBDA_DURATION,
    LAMBDA_REQUESTS,
)
