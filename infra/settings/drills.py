"""Settings of drills: what they may break, which run by the clock, when, and how it is kept."""

from dataclasses import dataclass
from typing import Final

from infra.settings import fields, opening_hours, windows
from infra.settings.backup import COMPLIANCE
from infra.settings.reading import Reading
from infra.settings.schedule import schedule

GOVERNANCE: Final = "governance"

HARMLESS: Final = ("evacuation-and-return", "dns-switchover")
"""Experiments that do what an operator does on any day, and break nothing."""

HURTING: Final = ("region-loss", "observer-dead")
"""Experiments that break something of the stack, and mend it, by one call each."""

_EXPERIMENTS: Final = (*HARMLESS, *HURTING)
_LONGEST_S: Final = 86_400
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DefaultRetention.html
_LONGEST_DAYS: Final = 36_500
_LONGEST_OVERDUE_DAYS: Final = 366
_DAY_MIN: Final = 24 * 60
# A drill takes a quarter of an hour, and the stack is left alone for as long again.
_SHORTEST_GAP_MIN: Final = 30
# A drill that is a few hours late, or is tried again the next day, is no news.
_LATE_DAYS: Final = 1


@dataclass(frozen=True, kw_only=True)
class DrillSettings:
    """How a stack is drilled; `Pulumi.yaml` says what each setting means.

    Attributes:
        scheduled: Whether drills run by the clock.
        injections: Whether experiments may break something of the stack.
        experiments: Which run by the clock, one after the other.
        schedule: When.
        windows: When any drill may run, every week; always if there are none.
        blackout_dates: On which dates none may.
        stop_s: Longest outage that clients may see before a drill is stopped.
        overdue_days: Age at which the last drill that passed proves nothing any more.
        journal_lock: Who can take a journal away before its time: an administrator, or nobody.
        journal_days: How long journals are locked, and kept.
    """

    scheduled: bool
    injections: bool
    experiments: tuple[str, ...]
    schedule: str
    windows: tuple[str, ...]
    blackout_dates: tuple[str, ...]
    stop_s: int
    overdue_days: int
    journal_lock: str
    journal_days: int

    @property
    def locked_for_good(self) -> bool:
        """Whether journals outlive the stack: nobody can delete them before their time."""
        return self.scheduled and self.journal_lock == COMPLIANCE


def read(reading: Reading) -> DrillSettings:
    """Read the group."""
    return DrillSettings(
        scheduled=reading.read("drillsScheduled", fields.boolean),
        injections=reading.read("drillInjections", fields.boolean),
        experiments=reading.read("drillExperiments", _experiments),
        schedule=reading.read("drillSchedule", _schedule),
        windows=reading.read("drillWindows", opening_hours.opening_hours),
        blackout_dates=reading.read("drillBlackoutDates", windows.dates),
        stop_s=reading.read("drillStopSeconds", fields.integer(1, _LONGEST_S)),
        overdue_days=reading.read("drillOverdueDays", fields.integer(1, _LONGEST_OVERDUE_DAYS)),
        journal_lock=reading.read("drillJournalLock", fields.choice(GOVERNANCE, COMPLIANCE)),
        journal_days=reading.read("drillJournalDays", fields.integer(1, _LONGEST_DAYS)),
    )


def contradictions(reading: Reading) -> None:
    """Note what contradicts another setting."""
    raw = reading.raw
    if reading.sound("drillStopSeconds", "rtoSeconds"):
        _check_stop(reading)
    if raw.get("drillsScheduled") != "true":
        return
    if raw.get("production") == "true" and raw.get("drillJournalLock") == GOVERNANCE:
        reading.note(
            "drillJournalLock",
            f'"{COMPLIANCE}" with production "true": what a drill proved is worth nothing if'
            " somebody could take it away",
            f"set it to {COMPLIANCE}",
        )
    if reading.sound("drillExperiments"):
        _check_experiments(reading)
    if reading.sound("drillSchedule", "drillWindows", "drillOverdueDays"):
        _check_times(reading)


def _check_stop(reading: Reading) -> None:
    stop_s, rto_s = (int(reading.raw[key]) for key in ("drillStopSeconds", "rtoSeconds"))
    if stop_s < rto_s:
        reading.note(
            "drillStopSeconds",
            f"at least rtoSeconds, {rto_s}: a drill that is stopped sooner can prove nothing",
            "raise it, or lower rtoSeconds",
        )


def _check_experiments(reading: Reading) -> None:
    chosen = _experiments(reading.raw["drillExperiments"])
    if not chosen:
        reading.note(
            "drillExperiments",
            'one or more with drillsScheduled "true"',
            "name an experiment, or switch the schedule off",
        )
    hurting = [each for each in chosen if each in HURTING]
    if hurting and reading.raw.get("drillInjections") == "false":
        reading.note(
            "drillExperiments",
            f'with drillInjections "false" none that breaks something; {hurting[0]} does',
            f"take {', '.join(HARMLESS)}, or set drillInjections to true",
        )


def _check_times(reading: Reading) -> None:
    found = schedule(reading.raw["drillSchedule"])
    open_ = opening_hours.opening_hours(reading.raw["drillWindows"])
    closed = [
        moment
        for moment in sorted(found.moments)
        if open_ and not any(opening_hours.within(moment, window) for window in open_)
    ]
    if closed:
        reading.note(
            "drillSchedule",
            f"a time within drillWindows, which {closed[0]} is not: that drill would be refused",
            "move it, or widen drillWindows",
        )
    days = int(reading.raw["drillOverdueDays"])
    if days * _DAY_MIN < found.longest_gap_min + _LATE_DAYS * _DAY_MIN:
        reading.note(
            "drillOverdueDays",
            f"more than the {found.longest_gap_days:g} days that drillSchedule leaves between two"
            " drills, and one to be late",
            "raise it, or drill more often",
        )


def doubts(settings: DrillSettings, *, production: bool) -> tuple[str, ...]:
    """Say what is legal and looks wrong."""
    if production and not settings.scheduled:
        return ("drillsScheduled is false: nothing proves that this production stack recovers",)
    return ()


def _experiments(text: str) -> tuple[str, ...]:
    found = windows.strings(text, "experiments")
    for each in found:
        if each not in _EXPERIMENTS:
            raise fields.FieldError(
                f"experiments that may run unattended ({', '.join(_EXPERIMENTS)}); {each} is none"
            )
    return found


def _schedule(text: str) -> str:
    """Read when drills start: one at a time, and often enough to prove anything."""
    found = schedule(text)
    if found.shortest_gap_min < _SHORTEST_GAP_MIN:
        raise fields.FieldError(
            f"{_SHORTEST_GAP_MIN} min or more between two drills, not {found.shortest_gap_min} min"
        )
    if found.longest_gap_days >= _LONGEST_OVERDUE_DAYS:
        raise fields.FieldError(
            f"a drill every {_LONGEST_OVERDUE_DAYS - _LATE_DAYS} days or sooner, not up to"
            f" {found.longest_gap_days:g} days apart"
        )
    return text
