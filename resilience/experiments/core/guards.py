"""What is asked before anything runs: each guard says why a drill must not, or nothing. Reads only.

A drill that is refused has changed nothing but its own memory.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from resilience.experiments.core.steady import impaired, reserved_concurrency
from resilience.experiments.core.world import CallError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.experiments.core.experiment import Experiment
    from resilience.experiments.core.ground import Ground
    from resilience.experiments.core.world import World

ALLOWING_TAG: Final = "understudy:drills"
ALLOWED: Final = "allowed"
STOPPING: Final = ("region-impaired",)
"""The alarms of a Region that end a drill which does not hit it."""

FORBIDDING: Final = (*STOPPING, "out-of-service")
"""The alarms that forbid a drill; the second watches every Region's health checks in one place."""

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """When drills may run, in UTC.

    Attributes:
        windows: Days and hours, as `mon-fri 09:00-16:00`; none means always.
        blackout_dates: Days on which none runs, as `2026-12-24`.
    """

    windows: tuple[str, ...] = ()
    blackout_dates: tuple[str, ...] = ()
    found_in: str = "options"


class CalendarError(Exception):
    """What a stack says of its drills cannot be read: a window, a date, the parameter itself."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a drill was asked for, to hold against what is there."""

    account: str = ""
    stack: str = ""
    calendar: Calendar = field(default_factory=Calendar)


def parameter_name(ground: Ground) -> str:
    """Name the parameter in which a stack says when drills may run, and when they stop."""
    return f"/{ground.project}/{ground.stack}/drills"


def calendar_of(world: World, ground: Ground, otherwise: Calendar) -> Calendar:
    """Read when drills may run: the stack's own parameter, or what was given instead.

    Raises:
        CalendarError: the parameter holds something else.
        CallError: it cannot be read.
    """
    name, text = parameter_name(ground), _told(world, ground)
    if text is None:
        return otherwise
    try:
        raw: dict[str, Any] = json.loads(text)
        return Calendar(
            windows=tuple(raw["windows"]),
            blackout_dates=tuple(raw["blackout_dates"]),
            found_in=name,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CalendarError(
            f"parameter {name} holds no drill calendar ({error!r}): expected "
            '{"windows": ["mon-fri 09:00-16:00"], "blackout_dates": ["2026-12-24"]}'
        ) from error


def stop_s_of(world: World, ground: Ground) -> float | None:
    """Read the longest outage of clients that the stack's own parameter allows; None without one.

    Raises:
        CalendarError: the parameter holds something else.
        CallError: it cannot be read.
    """
    text = _told(world, ground)
    try:
        raw: dict[str, Any] = {} if text is None else json.loads(text)
        stop_s = None if "stop_s" not in raw else float(raw["stop_s"])
    except (TypeError, ValueError) as error:
        raise _no_stop(ground, repr(error)) from error
    if stop_s is not None and not stop_s > 0:
        raise _no_stop(ground, f"got {stop_s:g}")
    return stop_s


def _no_stop(ground: Ground, why: str) -> CalendarError:
    return CalendarError(
        f"parameter {parameter_name(ground)} does not say when a drill stops ({why}): expected "
        '"stop_s": seconds above 0, as the program writes it from drillStopSeconds'
    )


def _told(world: World, ground: Ground) -> str | None:
    """Read the stack's parameter; None if there is none. Raises `CallError`."""
    name = parameter_name(ground)
    try:
        reply = world.call("ssm", "get_parameter", region=ground.standby.region, Name=name)
    except CallError as error:
        if error.absent:
            return None
        raise
    return str(reply["Parameter"]["Value"])


def closed(calendar: Calendar, at_s: float) -> str:
    """Say why no drill may run now; nothing if one may. Raises `CalendarError`."""
    now = datetime.fromtimestamp(at_s, UTC)
    if f"{now:%Y-%m-%d}" in calendar.blackout_dates:
        return f"{now:%Y-%m-%d} is a blackout date ({calendar.found_in})"
    if calendar.windows and not any(_within(window, now) for window in calendar.windows):
        return (
            f"it is {now:%a %H:%M} UTC, and drills run {', '.join(calendar.windows)} "
            f"({calendar.found_in})"
        )
    return ""


def refusals(
    world: World, ground: Ground, experiment: Experiment, asked: Asked, hit: str
) -> tuple[str, ...]:
    """Say every reason why this drill must not run."""
    try:
        return tuple(_refusals(world, ground, experiment, asked, hit))
    except (CallError, CalendarError) as error:
        return (f"what must be known before a drill cannot be read: {error}",)


def _refusals(
    world: World, ground: Ground, experiment: Experiment, asked: Asked, hit: str
) -> Iterator[str]:
    if asked.account and asked.account != ground.account:
        yield f"this is account {ground.account}: expected {asked.account}"
    if asked.stack and asked.stack != ground.stack:
        yield f"this is stack {ground.stack}: expected {asked.stack}"
    if why := closed(calendar_of(world, ground, asked.calendar), world.now_s()):
        yield why
    for place in ground.places if experiment.hurts else ():
        if _tag(world, ground, place.region, place.function) != ALLOWED:
            yield (
                f"{place.function} in {place.region} is not tagged {ALLOWING_TAG}={ALLOWED}: "
                "nothing of this stack may be broken"
            )
    yield from impaired(world, ground)
    for place in ground.places:
        for alarm in ringing(world, ground, place.region, FORBIDDING):
            yield f"alarm {alarm} in {place.region} is up"
    if not experiment.spares:
        yield from _without_capacity(world, ground, hit)


def _without_capacity(world: World, ground: Ground, hit: str) -> Iterator[str]:
    """Hold that each other Region could take what the one that is hit may serve."""
    needed = reserved_concurrency(world, ground.place(hit))
    for place in ground.places:
        has = reserved_concurrency(world, place)
        if place.region != hit and has is not None and (needed is None or has < needed):
            yield (
                f"{place.region} has reserved concurrency {has}, less than the "
                f"{'unlimited' if needed is None else needed} of {hit}: it could not take its load"
            )


def ringing(world: World, ground: Ground, region: str, alarms: tuple[str, ...]) -> tuple[str, ...]:
    """Name those of the stack's alarms that are up in a Region. Raises `CallError`."""
    reply = world.call(
        "cloudwatch",
        "describe_alarms",
        region=region,
        AlarmNames=[f"{ground.prefix}{each}" for each in alarms],
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
    )
    found = (*reply.get("MetricAlarms", ()), *reply.get("CompositeAlarms", ()))
    return tuple(each["AlarmName"] for each in found if each["StateValue"] == "ALARM")


def _tag(world: World, ground: Ground, region: str, function: str) -> str:
    arn = f"arn:aws:lambda:{region}:{ground.account}:function:{function}"
    tags = world.call("lambda", "list_tags", region=region, Resource=arn).get("Tags", {})
    return str(tags.get(ALLOWING_TAG, ""))


def _within(window: str, now: datetime) -> bool:
    """Tell whether `mon-fri 09:00-16:00` holds now; the end is not within."""
    try:
        days, hours = window.lower().split()
        first, _, last = days.partition("-")
        begins, ends = hours.split("-")
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        from_min, until_min = _minutes(begins), _minutes(ends)
    except ValueError as error:
        raise CalendarError(
            f"window {window!r} cannot be read: expected days and hours in UTC, as "
            "mon-fri 09:00-16:00"
        ) from error
    day, minute = now.weekday(), now.hour * 60 + now.minute
    on_day = start <= day <= end if start <= end else day >= start or day <= end
    return on_day and from_min <= minute < until_min


def _minutes(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    if not (0 <= hour <= 24 and 0 <= minute < 60):  # noqa: PLR2004 - a day's hours and minutes
        raise ValueError(text)
    return hour * 60 + minute
