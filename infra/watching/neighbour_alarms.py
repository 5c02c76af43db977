"""What a Region's canary sees of the others: the only view of a Region that outlives it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from infra.settings.watching import WatchingSettings
from infra.watching.alarm import MINUTE_S, Alarm, Page, Watch, sum_of, worst_of
from infra.watching.signals import OwnMetrics

PAGE: Final = "neighbour-impaired"

# A deploy goes from Region to Region; when it takes longer than this, it has stopped half-way.
_DEPLOY_MINUTES: Final = 15


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """Whom a canary looks at.

    Attributes:
        own: The metrics of the Region that the canary runs in.
        targets: The other Regions.
    """

    own: OwnMetrics
    targets: Sequence[str]


def neighbour_watch(neighbours: Neighbours, settings: WatchingSettings) -> Watch:
    """Return the alarms of one Region on the others."""
    period_s = settings.canary_minutes * MINUTE_S
    failures = tuple(_failure(neighbours, target, period_s) for target in neighbours.targets)
    alarms = (*failures, _wrong_answers(neighbours, period_s), _mismatch(neighbours, settings))
    page = Page(
        slug=PAGE,
        means="Another Region does not answer as it should, seen from this one.",
        alarms=tuple(alarm.name for alarm in alarms),
    )
    return Watch(alarms=alarms, page=page)


def _failure(neighbours: Neighbours, target: str, period_s: int) -> Alarm:
    return Alarm(
        slug="canary-failure",
        about=target,
        means=f"The canary here gets no good answer from {target}.",
        signal=neighbours.own.of_canary("CanarySuccess", "Minimum", target=target),
        comparison="LessThanThreshold",
        threshold=1,
        period_s=period_s,
        missing="notBreaching",
        because="a canary that says nothing has an alarm of its own, canary-silent",
    )


def _wrong_answers(neighbours: Neighbours, period_s: int) -> Alarm:
    metrics = {
        f"wrong{n}": neighbours.own.of_canary("CanaryWrongAnswers", "Sum", target=target)
        for n, target in enumerate(neighbours.targets)
    }
    return Alarm(
        slug="wrong-answers",
        means="Another Region answers golden requests wrongly, under our own release.",
        signal=sum_of(metrics, label="wrong answers"),
        comparison="GreaterThanThreshold",
        threshold=0,
        of=(1, 3),
        period_s=period_s,
        missing="notBreaching",
        because="a canary that says nothing has an alarm of its own, canary-silent",
    )


def _mismatch(neighbours: Neighbours, settings: WatchingSettings) -> Alarm:
    metrics = {
        f"mismatch{n}": neighbours.own.of_canary("CanaryReleaseMismatch", "Maximum", target=target)
        for n, target in enumerate(neighbours.targets)
    }
    periods = max(2, ceil(_DEPLOY_MINUTES / settings.canary_minutes))
    return Alarm(
        slug="release-mismatch",
        means="Regions have served different releases for longer than a deploy takes.",
        signal=worst_of(metrics, label="another release"),
        comparison="GreaterThanOrEqualToThreshold",
        threshold=1,
        of=(periods, periods),
        period_s=settings.canary_minutes * MINUTE_S,
        missing="notBreaching",
        because="a Region that does not answer shows no release, and has canary-failure",
    )
