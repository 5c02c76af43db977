"""What of a sight needs a person: pure rules, one a kind of trouble. Nothing here looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resilience.failover import FLAGGED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.oncall.sight import RegionSight, Sight

_FLAGGED = {phase.value for phase in FLAGGED}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is too long, from the stack's own settings, in seconds."""

    observer_silent_s: float
    behind_s: float


@dataclass(frozen=True, kw_only=True)
class Concern:
    """Something that a person must look at: about what, and what it is."""

    about: str
    what: str


def concerns(sight: Sight, limits: Limits) -> tuple[Concern, ...]:
    """List everything that needs a person, what matters most first."""
    found = [
        *_serving(sight),
        *(each for region in sight.regions for each in _region(region, limits)),
        *_epoch(sight),
        *_parity(sight),
        *_behind(sight, limits),
        *_words(sight),
        *_tested(sight),
        *(Concern(about="the table", what=each) for each in sight.garbled),
        *_unseen(sight),
    ]
    return tuple(dict.fromkeys(found))


def _serving(sight: Sight) -> Iterator[Concern]:
    region = next((each for each in sight.regions if each.serves), None)
    if region is not None and region.probe is not None and not region.probe.well:
        yield Concern(
            about=region.region,
            what=f"clients are sent there and are not served: {region.probe.detail}",
        )


def _region(region: RegionSight, limits: Limits) -> Iterator[Concern]:
    for what in (*_health(region), *_watched(region), *_reserve(region, limits)):
        yield Concern(about=region.region, what=what)


def _health(region: RegionSight) -> Iterator[str]:
    if region.probe is not None and not region.probe.well and not region.serves:
        yield f"does not serve: {region.probe.detail}"
    if region.verdict is False:
        yield "Route 53 finds it unhealthy"
    if region.flagged_by:
        yield f"evacuated, by the flag in {', '.join(region.flagged_by)}"


def _watched(region: RegionSight) -> Iterator[str]:
    for watch in region.watchers:
        if watch.phase in _FLAGGED and watch.watcher not in region.flagged_by:
            yield f"{watch.watcher} means to keep traffic away: {watch.phase}"
        if watch.told:
            yield f"{watch.watcher} refuses: {watch.told}"
        if watch.held:
            yield f"{watch.watcher} holds: automation is off"


def _reserve(region: RegionSight, limits: Limits) -> Iterator[str]:
    age_s = region.observer_age_s
    if age_s is not None and age_s > limits.observer_silent_s:
        yield f"its observer has been silent for {age_s:.0f} s"
    if region.carries is not None and not region.carries.carries:
        yield f"does not carry the whole load: {region.carries.why}"
    for alarm in region.firing or ():
        yield f"alarm {alarm.name} since {alarm.since:%H:%M:%S}"


def _epoch(sight: Sight) -> Iterator[Concern]:
    epoch = sight.epoch
    if epoch is not None and not epoch.holds:
        yield Concern(
            about="the epoch",
            what=f"nobody holds it: {epoch.holder} claimed {epoch.number}, and its lease has ended",
        )


def _parity(sight: Sight) -> Iterator[Concern]:
    codes = {each.region: each.code_sha256 for each in sight.regions if each.code_sha256}
    if len(set(codes.values())) > 1:
        each = ", ".join(f"{region} {code[:12]}" for region, code in codes.items())
        yield Concern(about="the model", what=f"the Regions do not serve the same code: {each}")


def _behind(sight: Sight, limits: Limits) -> Iterator[Concern]:
    for lag in sight.table_lags:
        if lag.lag_s > limits.behind_s:
            what = f"{lag.destination} is {lag.lag_s:.0f} s behind {lag.source}"
            yield Concern(about="the table", what=what)
    for way in sight.copying:
        if way.lag_s is not None and way.lag_s > limits.behind_s:
            what = f"{way.destination} is {way.lag_s:.0f} s behind {way.source}"
            yield Concern(about=way.what, what=what)


def _words(sight: Sight) -> Iterator[Concern]:
    for word in sight.words:
        if not word.done and word.kind not in {"resume", "promote"}:
            what = f"{word.kind} was asked by {word.by} and is not done ({word.reason})"
            yield Concern(about=word.target, what=what)


def _tested(sight: Sight) -> Iterator[Concern]:
    test = sight.last_restore_test
    if test is not None and test.verdict == "FAILED":
        yield Concern(about="backups", what=f"the last restore test failed, in {test.region}")
    drill = sight.last_drill
    if drill is not None and drill["verdict"] in {"missed", "broken"}:
        yield Concern(about="drills", what=f"the last one is {drill['verdict']}: {drill['id']}")


def _unseen(sight: Sight) -> Iterator[Concern]:
    """Name what could not be seen: of a Region in one line, with the first reason."""
    of_regions: set[str] = set()
    for region in (each.region for each in sight.regions):
        here = [each for each in sight.unseen if each.what.endswith(f" of {region}")]
        of_regions.update(each.what for each in here)
        if here:
            names = ", ".join(each.what.removesuffix(f" of {region}") for each in here)
            yield Concern(about=region, what=f"not seen: {names} ({here[0].why})")
    for each in sight.unseen:
        if each.what not in of_regions:
            yield Concern(about=each.what, what=f"not seen: {each.why}")
