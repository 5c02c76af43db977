"""What was raised while a rehearsal ran: the stack's own alarms, on the run's timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.records import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from resilience.stage import StageEvent

CHANGED: Final = "alarm.changed"
LOST: Final = "fault.lost"
RAISED, OVER = "alarm.raised", "alarm.over"
_ALARM: Final = "ALARM"


def of_run(
    events: Iterable[StageEvent], prefix: str, at_unix_s: Callable[[float], float]
) -> Iterator[Event]:
    """Yield what the stack's alarms raised and ended since the run began.

    Alarms that were up before it (a new stack has no backup yet) are no news of it.
    """
    for event in events:
        name = str(event.facts.get("alarm", ""))
        before, state = event.facts.get("before"), event.facts.get("state")
        at_s = at_unix_s(event.at_unix_s)
        if event.kind != CHANGED or not name.startswith(prefix) or at_s < 0:
            continue
        if _ALARM in (before, state):
            kind = RAISED if state == _ALARM else OVER
            region = str(event.facts["region"])
            what = f"{name.removeprefix(prefix)} in {region}"
            word = "is up" if kind == RAISED else "is over"
            yield Event(at_s=at_s, kind=kind, detail=f"alarm {what} {word}", region=region)


def note(timeline: Iterable[Event]) -> list[str]:
    """Say in one sentence which alarms were raised from the first loss on; nothing if none was."""
    told = sorted(timeline, key=lambda event: event.at_s)
    since = next((n for n, event in enumerate(told) if event.kind == LOST), len(told))
    raised = dict.fromkeys(
        event.detail.removeprefix("alarm ").removesuffix(" is up")
        for event in told[since:]
        if event.kind == RAISED
    )
    return [f"alarms raised from the loss on: {', '.join(raised)}"] if raised else []
