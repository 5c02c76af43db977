"""One look of an observer: read, look, think, write down, and only then act.

| interrupted | what follows |
| --- | --- |
| before the write | nothing happened |
| the write is refused: another run wrote | this run's thoughts are void; the later run goes on |
| the write is lost, or its answer is | the next look reads what is there |
| between the write and a step | the step is not there, and the next look takes it again |
| a step comes late | it is not taken: what it was decided on is old by now |

What breaks a rule of `resilience.failover` is neither written nor done, but told.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from resilience import failover
from resilience.failover import Action, Step
from resilience.functions.observer_memory import (
    GarbledError,
    Markers,
    Memory,
    item_of,
    memory_of,
    version_of,
)
from resilience.functions.observer_senses import (
    Probe,
    Seen,
    brains_of,
    exchanging,
    failing_back,
    understand,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from resilience.functions.observer_memory import Item
    from resilience.functions.observer_senses import Config, Understood

    Think = Callable[..., tuple[failover.Brain, tuple[Step, ...]]]

LOOK_LIMIT_S: Final = 8.0
"""What has not answered by then has not answered."""

STEP_WITHIN_S: Final = 5.0
"""A step that comes later after its decision is not taken."""

_FLAG_STEPS: Final = {Action.SET_FLAG, Action.CLEAR_FLAG}
T = TypeVar("T")


class WorldError(Exception):
    """A call of the data plane was refused or got no answer."""


class World(Protocol):
    """All that an observer touches, in its own Region. Methods raise `WorldError`."""

    def now_s(self) -> float:
        """Unix time on this Region's clock."""
        ...

    def items(self) -> tuple[dict[str, Item], dict[str, Item]]:
        """Read all observers' items, this Region's as it was written last, and all intents."""
        ...

    def write(self, item: Item, *, over_version: int | None) -> bool:
        """Write this Region's item over the version that was read; False if it is another now.

        None is for where no item was, or none with a version.
        """
        ...

    def probe(self, target: str) -> Probe:
        """Ask a Region a golden request, as a client."""
        ...

    def many(self, target: str) -> bool:
        """Ask a Region many golden requests at once, and tell whether all were answered."""
        ...

    def verdict(self, region: str) -> bool:
        """Tell what Route 53 thinks of a Region's deep check."""
        ...

    def flag(self, target: str) -> bool:
        """Tell whether this Region's own flag on a target is there."""
        ...

    def set_flag(self, target: str, body: str) -> None:
        """Set the flag; idempotent."""
        ...

    def clear_flag(self, target: str) -> None:
        """Clear the flag; idempotent."""
        ...

    def marker(self, peer: str, after: int) -> tuple[int, int] | None:
        """Find the newest marker that a Region sent here, and what it acks; None without news."""
        ...

    def put_marker(self, peer: str, number: int, ack: int) -> None:
        """Send a marker."""
        ...

    def tell(self, subject: str, facts: Mapping[str, Any]) -> None:
        """Tell this Region's topic."""
        ...


class Ended(StrEnum):
    """What became of a look."""

    WRITTEN = "thought and written down"
    BLIND = "the table could not be read"
    UNWRITTEN = "what was thought could not be written down"
    SUPERSEDED = "a later run looks"
    RACED = "an earlier run wrote meanwhile"
    BROKEN = "a rule would have been broken"


@dataclass(frozen=True, kw_only=True)
class Run:
    """One invocation of the function: its id, and when it began on this Region's clock."""

    id: str
    since_s: float


@dataclass(frozen=True, kw_only=True)
class Look:
    """What came of a look, for the log. `memory` is what is remembered now."""

    ended: Ended
    memory: Memory
    steps: tuple[Step, ...] = ()
    undone: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()


def look(world: World, config: Config, run: Run, *, think: Think = failover.think) -> Look:
    """Look once; changes this Region's item, its flags and its markers, and nothing elsewhere."""
    began_s = world.now_s()
    troubles: list[str] = []
    try:
        items, intents = world.items()
    except WorldError as error:
        return Look(ended=Ended.BLIND, memory=Memory(), troubles=(str(error),))
    memory, version = _remembered(items.get(config.place.region), troubles)
    if _superseded(memory, run, began_s):
        return Look(ended=Ended.SUPERSEDED, memory=memory)
    seen = _see(world, config, memory, began_s=began_s, items=items, intents=intents)
    understood = understand(memory, seen, config)
    troubles += understood.troubles
    brain, steps = think(memory.brain, understood.inputs, config.place, config.settings)
    broken = failover.broken_rules(
        memory.brain, understood.inputs, brain, steps, config.place, config.settings
    )
    if broken:
        return Look(ended=Ended.BROKEN, memory=memory, troubles=(*troubles, *broken))
    after = _after(memory, understood, brain, run, seen.at_s)
    item = item_of(
        after,
        config.place.region,
        release=config.release,
        written_at=datetime.fromtimestamp(seen.at_s, UTC).isoformat(),
    )
    try:
        if not world.write(item, over_version=version):
            return Look(ended=Ended.RACED, memory=memory, troubles=tuple(troubles))
    except WorldError as error:
        return Look(ended=Ended.UNWRITTEN, memory=memory, troubles=(*troubles, str(error)))
    undone = (*_act(world, steps, seen.at_s), *_send(world, after, understood.exchanging))
    return Look(
        ended=Ended.WRITTEN, memory=after, steps=steps, undone=undone, troubles=tuple(troubles)
    )


def _remembered(item: Item | None, troubles: list[str]) -> tuple[Memory, int | None]:
    """Read what is remembered, and the version to write over; garbled is begun anew, and told."""
    if item is None:
        return Memory(), None
    try:
        memory = memory_of(item)
    except GarbledError as error:
        troubles.append(f"the own item is garbled and begun anew: {error}")
        try:
            version = version_of(item)
        except GarbledError:
            return Memory(), None
        return Memory(version=version), version
    return memory, memory.version


def _superseded(memory: Memory, run: Run, now_s: float) -> bool:
    """Of two runs the later one looks; of two at once the one with the higher id.

    A run that began in the future wrote before the clock was set back.
    """
    later = (memory.since_s, memory.run) > (run.since_s, run.id)
    return later and memory.since_s <= now_s


def _see(
    world: World,
    config: Config,
    memory: Memory,
    *,
    began_s: float,
    items: Mapping[str, Item],
    intents: Mapping[str, Item],
) -> Seen:
    """Look at everything at once; what does not answer within the limit is left out."""
    peers = {region: item for region, item in items.items() if region != config.place.region}
    # Hung threads hold nobody up: they end with their own timeouts.
    pool = ThreadPoolExecutor(max_workers=16)
    try:
        asked = {
            (what, about): pool.submit(ask, about)
            for what, ask, whom in _questions(world, config, memory, peers)
            for about in whom
        }
        done = wait(asked.values(), timeout=LOOK_LIMIT_S).done
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    answers = {
        key: None if future not in done or future.exception() else future.result()
        for key, future in asked.items()
    }

    def of(what: str) -> dict[str, Any]:
        return {about: answer for (kind, about), answer in answers.items() if kind == what}

    return Seen(
        began_s=began_s,
        at_s=world.now_s(),
        peers=peers,
        intents=intents,
        probes=of("probe"),
        verdicts=of("verdict"),
        flags=of("flag"),
        capacity=of("many"),
        markers={peer: found for peer, found in of("marker").items() if found is not None},
    )


def _questions(
    world: World, config: Config, memory: Memory, peers: Mapping[str, Item]
) -> tuple[tuple[str, Callable[[str], object], tuple[str, ...]], ...]:
    """List what a look asks, how, and about whom."""
    known = memory.markers.seen
    busy = exchanging(memory.brain, brains_of(peers, []), config)
    return (
        ("probe", world.probe, config.watched),
        ("verdict", world.verdict, config.place.order),
        ("flag", world.flag, config.watched),
        ("many", world.many, failing_back(memory.brain)),
        ("marker", lambda peer: world.marker(peer, known.get(peer, 0)), busy),
    )


def _after(
    memory: Memory, understood: Understood, brain: failover.Brain, run: Run, at_s: float
) -> Memory:
    sent = dict(understood.markers.sent)
    for peer in understood.exchanging:
        sent[peer] = max(int(at_s), sent.get(peer, 0) + 1)
    markers: Markers = replace(understood.markers, sent=sent)
    return Memory(
        version=memory.version + 1,
        run=run.id,
        since_s=run.since_s,
        brain=brain,
        beats=understood.beats,
        markers=markers,
    )


def _act(world: World, steps: tuple[Step, ...], decided_s: float) -> tuple[str, ...]:
    """Take the steps, flags first; names what was not done, which the next look makes good."""
    undone: list[str] = []
    for step in sorted(steps, key=lambda each: each.action not in _FLAG_STEPS):
        try:
            if step.action in _FLAG_STEPS:
                _move_flag(world, step, decided_s)
            world.tell(f"{step.target}: {step.action.value}", _told(step))
        except WorldError as error:
            undone.append(f"{step.action.value} of {step.target}: {error}")
    return tuple(undone)


def _move_flag(world: World, step: Step, decided_s: float) -> None:
    late_s = world.now_s() - decided_s
    if late_s > STEP_WITHIN_S:
        raise WorldError(f"{late_s:.0f} s have passed since it was decided")
    if step.action is Action.CLEAR_FLAG:
        world.clear_flag(step.target)
        return
    at = datetime.fromtimestamp(world.now_s(), UTC).isoformat()
    flag = {"region": step.target, "reason": step.reason, "by": step.by, "at": at}
    world.set_flag(step.target, json.dumps(flag))


def _told(step: Step) -> dict[str, str]:
    return {
        "action": step.action.value,
        "target": step.target,
        "reason": step.reason,
        "by": step.by,
    }


def _send(world: World, memory: Memory, peers: tuple[str, ...]) -> tuple[str, ...]:
    undone: list[str] = []
    for peer in peers:
        number, ack = memory.markers.sent[peer], memory.markers.seen.get(peer, 0)
        try:
            world.put_marker(peer, number, ack)
        except WorldError as error:
            undone.append(f"marker to {peer}: {error}")
    return tuple(undone)
