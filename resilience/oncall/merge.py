"""Puts together what the table says in several Regions: the newest word of each observer. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resilience.failover import FLAGGED, IntentKind, Phase, Settings, holds
from resilience.oncall.sight import EpochSight, TableLag, WatcherSight, WordSight

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from resilience.failover import Watch
    from resilience.oncall.table_view import Observed, OpenWord, TableView
    from resilience.topology import Topology


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The table as all Regions that could be read have it together.

    `at` is the latest time that any of them told; None if none could be read.
    """

    at: datetime | None
    observers: Mapping[str, Observed]
    lags: tuple[TableLag, ...]
    words: tuple[OpenWord, ...]
    last_drill: dict[str, str] | None
    garbled: tuple[str, ...]

    def age_s(self, observer: str) -> float | None:
        """Tell how long ago an observer wrote its item, as far as any Region knows."""
        found = self.observers.get(observer)
        if found is None or self.at is None:
            return None
        # AWS dates its replies to the second; what was written meanwhile is not of the future.
        return max((self.at - found.written_at).total_seconds(), 0.0)


def merge(views: Sequence[TableView]) -> Merged:
    """Merge what could be read."""
    observers: dict[str, Observed] = {}
    words: dict[str, OpenWord] = {}
    drills: dict[str, dict[str, str]] = {}
    for view in views:
        for name, observed in view.observers.items():
            if name not in observers or observed.written_at > observers[name].written_at:
                observers[name] = observed
        for word in view.words:
            known = words.get(word.intent.target)
            if known is None or word.written_at > known.written_at:
                words[word.intent.target] = word
        for drill in view.drills:
            # A copy that is behind may not have the verdict yet.
            if drill["verdict"] or drill["id"] not in drills:
                drills[drill["id"]] = dict(drill)
    last = max(drills.values(), key=lambda each: each["began_at"], default=None)
    return Merged(
        at=max((view.at for view in views), default=None),
        observers=observers,
        lags=_lags(views),
        words=tuple(words[target] for target in sorted(words)),
        last_drill=last,
        garbled=tuple(dict.fromkeys(each for view in views for each in view.garbled)),
    )


def _lags(views: Sequence[TableView]) -> tuple[TableLag, ...]:
    """Hold each copy of an observer's item against the item where it is written."""
    own = {view.region: view.observers.get(view.region) for view in views}
    found: list[TableLag] = []
    for view in views:
        for name, copy in view.observers.items():
            item = own.get(name)
            if name == view.region or item is None:
                continue
            lag_s = max((item.written_at - copy.written_at).total_seconds(), 0.0)
            found.append(TableLag(source=name, destination=view.region, lag_s=round(lag_s, 1)))
    return tuple(found)


def watchers_of(merged: Merged, region: str) -> tuple[WatcherSight, ...]:
    """List what the observers think of a Region."""
    found = [
        (name, observed.memory.brain.watches[region])
        for name, observed in sorted(merged.observers.items())
        if region in observed.memory.brain.watches
    ]
    return tuple(
        WatcherSight(
            watcher=name,
            phase=watch.phase.value,
            reading=watch.reading.value,
            held=watch.held,
            told=watch.told,
        )
        for name, watch in found
    )


def epoch_of(topology: Topology, merged: Merged) -> EpochSight | None:
    """Say who claimed the epoch last, and whether it holds it now; None if nobody has."""
    claim = _last_claim(merged)
    if claim is None or merged.at is None:
        return None
    number, holder = claim
    settings = settings_of(topology, holder)
    epoch = merged.observers[holder].memory.brain.epoch
    # The reply's date is cut to the second: what was confirmed within it is not of the future.
    at_s = max(merged.at.timestamp(), epoch.confirmed_at_s)
    held = settings is not None and holds(epoch, at_s, settings)
    return EpochSight(number=number, holder=holder, holds=held)


def _last_claim(merged: Merged) -> tuple[int, str] | None:
    """Give the highest number of the epoch that was claimed, and by which Region."""
    claims = [
        (observed.memory.brain.epoch.claim.number, name)
        for name, observed in merged.observers.items()
        if observed.memory.brain.epoch.claim is not None
    ]
    return max(claims, default=None)


def settings_of(topology: Topology, region: str) -> Settings | None:
    """Give how a Region's observer is set; None where there is none."""
    found = next((each.observer for each in topology.regions if each.region == region), None)
    if found is None:
        return None
    return Settings(
        agreement_s=found.agreement_s,
        hold_down_s=found.hold_down_s,
        stale_after_s=found.stale_after_s,
        lease_s=found.lease_s,
    )


def word_sights(merged: Merged) -> tuple[WordSight, ...]:
    """List the words that count, and which are done."""
    return tuple(
        WordSight(
            kind=word.intent.kind.value,
            target=word.intent.target,
            by=word.intent.by,
            reason=word.intent.reason,
            forced=word.intent.forced,
            written_at=word.written_at,
            expires_at=word.expires_at,
            done=is_done(merged, word),
        )
        for word in merged.words
    )


def is_done(merged: Merged, word: OpenWord) -> bool:
    """Tell whether every observer that watches the target has done what a word asks.

    A `promote` is done by the Region that it is about.
    """
    intent = word.intent
    if intent.kind is IntentKind.PROMOTE:
        there = merged.observers.get(intent.target)
        return there is not None and there.memory.brain.promoted == intent.id
    watches = _watches(merged, intent.target)
    return bool(watches) and all(
        watch.done == intent.id or _as_asked(watch, intent.kind) for watch in watches
    )


def is_spent(merged: Merged, word: OpenWord) -> bool:
    """Tell whether a word was carried out once and things have changed since.

    Observers do nothing more about it: who wants the same again has to say it again.
    """
    intent = word.intent
    if intent.kind is IntentKind.PROMOTE:
        claim = _last_claim(merged)
        return is_done(merged, word) and claim is not None and claim[1] != intent.target
    if intent.kind not in {IntentKind.EVACUATE, IntentKind.FAILBACK}:
        return False
    return any(
        watch.done == intent.id and not _as_asked(watch, intent.kind)
        for watch in _watches(merged, intent.target)
    )


def _watches(merged: Merged, target: str) -> list[Watch]:
    """List what the observers remember of a Region that they watch."""
    return [
        observed.memory.brain.watches[target]
        for observed in merged.observers.values()
        if target in observed.memory.brain.watches
    ]


def _as_asked(watch: Watch, kind: IntentKind) -> bool:
    """Tell whether things are as a word wants them, by whosever hand."""
    if kind is IntentKind.EVACUATE:
        return watch.phase is Phase.EVACUATED
    return kind is IntentKind.FAILBACK and watch.phase not in FLAGGED
