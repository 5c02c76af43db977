"""From what one look saw to what one decision is made from. Pure.

Nothing here decides, and nothing guesses: what was not seen is a signal without an answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from resilience.failover import (
    FLAGGED,
    NEVER,
    Gates,
    Inputs,
    IntentKind,
    Peer,
    Phase,
    Place,
    Settings,
    Sighting,
    Signal,
)
from resilience.functions.observer_memory import GarbledError, Markers, Memory, intent_of, memory_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from resilience.failover import Brain, Intent


@dataclass(frozen=True, kw_only=True)
class Config:
    """What an observer is deployed with.

    Attributes:
        place: Its Region, the Regions by preference, its deputy.
        watched: The Regions it watches.
        names: Where each watched Region answers clients.
        verdicts: The name at which Route 53 tells what it thinks of each Region.
        release: The digest of the release that its own Region serves.
        settings: How long is long enough.
        look_s: How often it looks.
        caught_up_s: A marker that took longer than this there and back is replication behind.
    """

    place: Place
    watched: tuple[str, ...]
    names: Mapping[str, str]
    verdicts: Mapping[str, str]
    release: str
    settings: Settings
    look_s: float
    caught_up_s: float


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a golden request to a Region came to."""

    well: bool
    release: str = ""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything one look saw; None and what is missing is what was tried and gave no answer.

    Attributes:
        began_s: When it began to look: no signal is younger.
        at_s: When it had looked.
        peers: The other Regions' items.
        intents: Operators' words, by the Region that they are about.
        probes: Answers of the watched Regions.
        verdicts: Route 53's word on every Region.
        flags: Whether this Region's own flag on each watched one is there.
        capacity: Whether a Region answered many at once; asked only while it is failing back.
        markers: The newest marker of another Region's that was replicated here, and what it acks.
    """

    began_s: float
    at_s: float
    peers: Mapping[str, Mapping[str, Any]]
    intents: Mapping[str, Mapping[str, Any]]
    probes: Mapping[str, Probe | None]
    verdicts: Mapping[str, bool | None]
    flags: Mapping[str, bool | None]
    capacity: Mapping[str, bool | None] = field(default_factory=dict)
    markers: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What a look comes to: the inputs of a decision, and what else is to be remembered.

    `exchanging` are the Regions to send a marker to; `troubles` is what could not be understood.
    """

    inputs: Inputs
    beats: Mapping[str, tuple[int, float]]
    markers: Markers
    exchanging: tuple[str, ...]
    troubles: tuple[str, ...]


def understand(memory: Memory, seen: Seen, config: Config) -> Understood:
    """Turn a look into the inputs of a decision."""
    troubles: list[str] = []
    others = _others(seen, config, troubles)
    beats = _beats(memory, others, seen.at_s)
    markers = _markers(memory.markers, seen)
    intents = _intents(seen, troubles)
    promote = intents.get(config.place.region)
    promoted = promote is not None and promote.kind is IntentKind.PROMOTE
    inputs = Inputs(
        at_s=seen.at_s,
        observer=_signal(seen, well=_well(seen, config)),
        sightings=tuple(
            _sighting(target, seen, config, markers, intents.get(target))
            for target in config.watched
        ),
        peers={
            region: Peer(
                region=region,
                beat=brain.epoch.beat,
                claim=brain.epoch.claim,
                ack=brain.epoch.ack,
                seen_at_s=beats[region][1],
            )
            for region, brain in others.items()
        },
        promote=promote if promoted else None,
    )
    return Understood(
        inputs=inputs,
        beats=beats,
        markers=markers,
        exchanging=exchanging(memory.brain, others, config),
        troubles=tuple(troubles),
    )


def exchanging(brain: Brain, others: Mapping[str, Brain], config: Config) -> tuple[str, ...]:
    """Name the Regions to exchange markers with: where one has evacuated the other."""

    def flagged(watcher: Brain | None, target: str) -> bool:
        watch = None if watcher is None else watcher.watches.get(target)
        return watch is not None and watch.phase in FLAGGED

    here = config.place.region
    return tuple(
        each
        for each in config.place.order
        if each != here and (flagged(brain, each) or flagged(others.get(each), here))
    )


def failing_back(brain: Brain) -> tuple[str, ...]:
    """Name the watched Regions whose capacity is to be asked for."""
    return tuple(
        target for target, watch in brain.watches.items() if watch.phase is Phase.FAILING_BACK
    )


def brains_of(peers: Mapping[str, Mapping[str, Any]], troubles: list[str]) -> dict[str, Brain]:
    """Read the other Regions' items; what is garbled is left out, and told."""
    found: dict[str, Brain] = {}
    for region, item in peers.items():
        try:
            found[region] = memory_of(item).brain
        except GarbledError as error:
            troubles.append(f"the item of {region} is garbled: {error}")
    return found


def _others(seen: Seen, config: Config, troubles: list[str]) -> dict[str, Brain]:
    known = {region: item for region, item in seen.peers.items() if region in config.place.order}
    known.pop(config.place.region, None)
    return brains_of(known, troubles)


def _beats(
    memory: Memory, others: Mapping[str, Brain], at_s: float
) -> dict[str, tuple[int, float]]:
    """Date each other Region's beat: a Region that does not beat any more grows old.

    One that is seen for the first time may be of long ago.
    """
    beats = dict(memory.beats)
    for region, brain in others.items():
        if region not in beats:
            beats[region] = (brain.epoch.beat, -inf)
        elif beats[region][0] != brain.epoch.beat:
            beats[region] = (brain.epoch.beat, at_s)
    return {region: beats[region] for region in others}


def _markers(known: Markers, seen: Seen) -> Markers:
    newest = dict(known.seen)
    acked = dict(known.acked)
    for region, (number, ack) in seen.markers.items():
        newest[region] = max(number, newest.get(region, 0))
        acked[region] = max(ack, acked.get(region, 0))
    return Markers(sent=known.sent, seen=newest, acked=acked)


def _intents(seen: Seen, troubles: list[str]) -> dict[str, Intent]:
    found: dict[str, Intent] = {}
    for target, item in seen.intents.items():
        try:
            intent = intent_of(item, seen.at_s)
        except GarbledError as error:
            troubles.append(f"the intent for {target} is garbled: {error}")
            continue
        if intent is not None:
            found[target] = intent
    return found


def _signal(seen: Seen, *, well: bool | None) -> Signal:
    return Signal(well=well, seen_at_s=seen.began_s)


def _well(seen: Seen, config: Config) -> bool:
    """An observer can judge if the name servers answer it and it can read its own flags."""
    names = any(word is not None for word in seen.verdicts.values())
    return names and all(seen.flags.get(target) is not None for target in config.watched)


def _sighting(
    target: str, seen: Seen, config: Config, markers: Markers, intent: Intent | None
) -> Sighting:
    probe = seen.probes.get(target)
    refuges = [seen.verdicts.get(each) for each in config.place.order if each != target]
    refuge = True if any(refuges) else None if None in refuges else False
    asked = target in seen.capacity
    return Sighting(
        target=target,
        probe=_signal(seen, well=None if probe is None else probe.well),
        verdict=_signal(seen, well=seen.verdicts.get(target)),
        refuge=_signal(seen, well=refuge),
        flag=_signal(seen, well=seen.flags.get(target)),
        gates=Gates(
            replication_caught_up=_signal(seen, well=_caught_up(target, seen, config, markers)),
            model_parity=_signal(seen, well=_parity(probe, config)),
            capacity=_signal(seen, well=seen.capacity[target]) if asked else NEVER,
        ),
        intent=None if intent is None or intent.kind is IntentKind.PROMOTE else intent,
    )


def _parity(probe: Probe | None, config: Config) -> bool | None:
    if probe is None or not probe.release:
        return None
    return probe.release == config.release


def _caught_up(target: str, seen: Seen, config: Config, markers: Markers) -> bool | None:
    """Whether a marker went there and back lately; it was numbered by this Region's clock."""
    if target not in markers.acked:
        return None
    age_s = seen.at_s - markers.acked[target]
    return None if age_s < 0 else age_s <= config.caught_up_s
