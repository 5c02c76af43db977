"""What an alarm is, as plain data: a signal, a threshold, and what silence means.

Nothing here is left to a default of CloudWatch's. What missing data means is different for each
signal, so each alarm states it with its reason; the docs' table is made from both.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import pulumi

Missing = Literal["notBreaching", "breaching", "ignore"]
Comparison = Literal["GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"]

MINUTE_S: Final = 60
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
METRICS_IN_AN_ALARM: Final = 10


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric and how its samples of a period become a number.

    Attributes:
        namespace: `AWS/Lambda`, or the stack's own.
        name: Its name there.
        stat: `Sum`, `Maximum`, `p99` ...
        dimensions: All of them: a metric with fewer is another metric.
    """

    namespace: str
    name: str
    stat: str
    dimensions: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True)
class Maths:
    """A number made of several metrics.

    Attributes:
        expression: In CloudWatch's metric math, over the names below.
        label: What it is called on a graph.
        metrics: By the names that the expression uses.
    """

    expression: str
    label: str
    metrics: Mapping[str, Metric]


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm.

    Attributes:
        slug: Its runbook page, `docs/how-to/runbooks/<slug>.md`.
        means: What it means when it fires, one sentence for whoever is woken.
        signal: What it watches.
        comparison: How the signal is compared with the threshold.
        threshold: The number it is compared with.
        missing: What a period without data counts as.
        because: Why that.
        of: How many of the last how many periods must be beyond the threshold.
        about: What ends its name, if there are several with its slug in a Region.
        period_s: Length of a period.
    """

    slug: str
    means: str
    signal: Metric | Maths
    comparison: Comparison
    threshold: float
    missing: Missing
    because: str
    of: tuple[int, int] = (2, 3)
    about: str | None = None
    period_s: int = MINUTE_S

    @property
    def name(self) -> str:
        """What ends the alarm's name."""
        return self.slug if self.about is None else f"{self.slug}-{self.about}"


@dataclass(frozen=True, kw_only=True)
class Page:
    """A composite alarm: what somebody is woken for.

    Attributes:
        slug: Its runbook page, and what ends its name.
        means: What it means when it fires.
        alarms: Any of these, by the ends of their names.
        unless: While this page is open, this one waits: it would only say the same again.
    """

    slug: str
    means: str
    alarms: tuple[str, ...]
    unless: str | None = None

    def rule(self, prefix: str) -> str:
        """Return its rule, over the full names of its alarms in the same Region."""
        return " OR ".join(f'ALARM("{prefix}-{name}")' for name in self.alarms)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Alarms and the page that they make up."""

    alarms: tuple[Alarm, ...]
    page: Page = field(kw_only=True)


def described(means: str, slug: str, *, runbook_base_url: str) -> str:
    """Return the description of an alarm: what it means, then where it says what to do."""
    return f"{means} Runbook: {runbook_base_url}/{slug}"


def worst_of(metrics: Mapping[str, Metric], *, label: str) -> Metric | Maths:
    """Return the largest of several metrics, at each moment; one alone is itself."""
    return _over("MAX", metrics, label)


def sum_of(metrics: Mapping[str, Metric], *, label: str) -> Metric | Maths:
    """Return the sum of several metrics, at each moment; one alone is itself."""
    return _over("SUM", metrics, label)


def _over(function: str, metrics: Mapping[str, Metric], label: str) -> Metric | Maths:
    if len(metrics) == 1:
        return next(iter(metrics.values()))
    return Maths(expression=f"{function}(METRICS())", label=label, metrics=metrics)
