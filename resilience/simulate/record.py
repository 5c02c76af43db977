"""What a simulation found, as the journal keeps it. Nothing in it depends on when or where it ran.

A recovery that never came has no number: a statistic that falls on one is None.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Model):
    """One statistic, and the seed of the scenario that it was measured in."""

    value: float | None
    seed: int


class Spread(_Model):
    """How one measurement is spread: each statistic is one scenario's own (nearest rank).

    `worst` is the longest recovery or loss, and the lowest availability; the percentiles count
    towards the worst.
    """

    count: int
    median: Figure
    p95: Figure
    p99: Figure
    worst: Figure


class PartShare(_Model):
    """One part of the recovery time: its median and 99th percentile over the outages."""

    name: str
    median_s: float
    p99_s: float


class ClassResult(_Model):
    """What came of the scenarios of one fault class, or of all (`name` is then "all").

    `recovery` is over those that cost an outage; `never` of them had not recovered at the end.
    """

    name: str
    judged: bool
    scenarios: int
    outages: int
    never: int
    violated: int
    events: int
    recovery: Spread | None
    data_loss: Spread
    availability: Spread
    parts: list[PartShare]


class Broken(_Model):
    """A rule that was broken: how often, and the smallest scenario found that still breaks it."""

    rule: str
    scenarios: int
    first_seed: int
    at_s: float
    detail: str
    replay: str
    command: str


class WhatIf(_Model):
    """One setting changed, and nothing else: what it does on the same seeds, and what it costs.

    `month_usd` is how much more a month costs, None for what cannot be bought. `unavailable_s` is
    the mean time without good replies in a scenario, over every class.
    """

    setting: str
    now: str
    then: str
    recovery_median_s: float | None
    recovery_p99_s: float | None
    unavailable_s: float
    saves_p99_s: float | None
    saves_unavailable_s: float
    month_usd: float | None
    cost_note: str


class Baseline(_Model):
    """The stack as it is, on the seeds that the changed ones were run on."""

    scenarios: int
    recovery_median_s: float | None
    recovery_p99_s: float | None
    unavailable_s: float


class PriceLine(_Model):
    """One price that was used."""

    what: str
    usd: float
    unit: str
    read_on: str
    source: str
    checked: str


class Curve(_Model):
    """Points of a distribution: this share of the outages of a class had ended by then."""

    name: str
    seconds: list[float]
    ratios: list[float]


class Simulation(_Model):
    """A whole simulation. `held` says which statistic of which class the objectives are held to."""

    scenarios: int
    seed: int
    classes: list[str]
    duration_s: float
    held: str
    results: list[ClassResult]
    broken: list[Broken]
    baseline: Baseline | None
    what_ifs: list[WhatIf]
    prices: list[PriceLine]
    curves: list[Curve]
    command: str
