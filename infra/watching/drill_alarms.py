"""What wakes somebody when nothing proves any more that the stack recovers.

A page of its own: a new stack has no age for an hour, and must not hide behind that what else may
be wrong with the means of recovery.
"""

from typing import Final

from infra.drills.names import DRILL_AGE
from infra.watching.alarm import Alarm, Page, Watch
from infra.watching.signals import OwnMetrics

PAGE: Final = "recovery-unproven"

_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400
# The age is told every hour; one that is late is no alarm. The least of them counts, so that what
# has been done about it ends the alarm at once.
_AGE_HOURS: Final = 3


def drill_watch(own: OwnMetrics, *, overdue_days: int) -> Watch:
    """Return the alarm on drills that none has passed of for so many days, and its page."""
    missing = Alarm(
        slug="drill-missing",
        means="No drill of this stack has passed for too long.",
        signal=own.of_drills(DRILL_AGE, "Minimum"),
        comparison="GreaterThanThreshold",
        threshold=overdue_days * _DAY_S,
        of=(1, 1),
        period_s=_AGE_HOURS * _HOUR_S,
        missing="breaching",
        because="the age is told every hour, drill or no drill: silence means that nobody looks",
    )
    page = Page(
        slug=PAGE,
        means="That this stack recovers was not shown lately.",
        alarms=(missing.name,),
    )
    return Watch(alarms=(missing,), page=page)
