"""How far a word about a Region has got, from one moment to the next. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from resilience.failover import FLAGGED, IntentKind, Phase, Watch
from resilience.oncall.gates import waiting
from resilience.oncall.merge import is_done

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.failover import Intent
    from resilience.oncall.gates import Waiting
    from resilience.oncall.moment import Moment
    from resilience.oncall.table_view import OpenWord
    from resilience.topology import Topology


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that is to come true, whether it is, and what is seen of it."""

    name: str
    done: bool
    seen: str


def watches_of(moment: Moment, target: str) -> dict[str, Watch]:
    """Give what each observer that could be read thinks of a Region, by watcher."""
    return {
        name: observed.memory.brain.watches[target]
        for name, observed in sorted(moment.merged.observers.items())
        if target in observed.memory.brain.watches
    }


def steps(
    word: OpenWord,
    moment: Moment,
    topology: Topology,
    watchers: tuple[str, ...],
    *,
    by_hand: bool = False,
) -> tuple[Step, ...]:
    """List what a word has to bring about, in order, and how far it is.

    Args:
        word: The word.
        moment: What is seen now.
        topology: The stack.
        watchers: The Regions whose observers are to carry it out: those not said to be lost.
        by_hand: The flag was written without them: nobody carries anything out.
    """
    intent = word.intent
    match intent.kind:
        case IntentKind.EVACUATE:
            return tuple(_away(intent, moment, watchers, by_hand=by_hand))
        case IntentKind.FAILBACK:
            return tuple(_back(intent.target, moment, topology, watchers))
        case _:
            return (_carried_out(word, moment, watchers),)


def _carried_out(word: OpenWord, moment: Moment, watchers: tuple[str, ...]) -> Step:
    """Tell whether a word that moves nobody was heard: by all who watch, or by who is promoted."""
    intent = word.intent
    watches = watches_of(moment, intent.target)
    heard = [name for name in watchers if name in watches and watches[name].done == intent.id]
    done = bool(watchers) and set(heard) == set(watchers)
    if intent.kind is IntentKind.PROMOTE:
        done = is_done(moment.merged, word)
        heard = [intent.target] if done else []
    seen = f"heard in {', '.join(heard)}" if heard else "heard by no observer yet"
    return Step(name=f"{intent.kind} is carried out", done=done, seen=seen)


def _away(
    intent: Intent, moment: Moment, watchers: tuple[str, ...], *, by_hand: bool
) -> Iterator[Step]:
    """Leaving takes one observer's word and one flag; the rest is Route 53's and the clients'."""
    target = intent.target
    watches = {name: each for name, each in watches_of(moment, target).items() if name in watchers}
    if not by_hand:
        obeyed = [
            name
            for name, watch in watches.items()
            if watch.phase is Phase.EVACUATED or watch.done == intent.id
        ]
        yield Step(name="an observer carries it out", done=bool(obeyed), seen=_phases(watches))
    yield Step(
        name="the evacuation flag is set",
        done=bool(moment.flagged_by),
        seen="not to be read"
        if moment.flagged_by is None
        else ", ".join(moment.flagged_by) or "in no Region",
    )
    yield from _moved(moment, away_from=target)


def _back(
    target: str, moment: Moment, topology: Topology, watchers: tuple[str, ...]
) -> Iterator[Step]:
    watches = {name: each for name, each in watches_of(moment, target).items() if name in watchers}
    yield Step(
        name="every observer lets it go back",
        done=bool(watches) and not any(watch.phase in FLAGGED for watch in watches.values()),
        seen=_phases(watches),
    )
    yield Step(
        name="no evacuation flag is set",
        done=moment.flagged_by == (),
        seen="not to be read"
        if moment.flagged_by is None
        else ", ".join(moment.flagged_by) or "in no Region",
    )
    order = [region.region for region in topology.order]
    if topology.routing == "failover" and order[:1] == [target]:
        yield from _moved(moment, back_to=target)


def _moved(moment: Moment, *, away_from: str = "", back_to: str = "") -> Iterator[Step]:
    """Tell whether names and clients have moved; what gives no answer has not."""

    def there(region: str | None) -> bool:
        return bool(region) and region != away_from and (not back_to or region == back_to)

    yield Step(
        name="DNS leads clients there" if back_to else "DNS leads clients elsewhere",
        done=there(moment.serving),
        seen=moment.serving or moment.unseen.get("who serves", "no answer"),
    )
    yield Step(
        name="a client is served there" if back_to else "a client is served elsewhere",
        done=there(moment.served_by),
        seen=moment.served_by or "no right answer",
    )


def _phases(watches: dict[str, Watch]) -> str:
    return ", ".join(f"{name}: {watch.phase}" for name, watch in watches.items()) or "none is read"


def refusals(moment: Moment, target: str) -> tuple[str, ...]:
    """List what observers refuse about a Region, each by who refuses it."""
    return tuple(
        f"{name} refuses: {watch.told}"
        for name, watch in watches_of(moment, target).items()
        if watch.told
    )


def waits(
    moment: Moment, topology: Topology, target: str, watchers: tuple[str, ...]
) -> tuple[Waiting, ...]:
    """Say what each watcher that keeps traffic away waits for."""
    if moment.merged.at is None:
        return ()
    memories = {name: each.memory for name, each in sorted(moment.merged.observers.items())}
    found: list[Waiting] = []
    for name in watchers:
        settings = topology.region(name).observer
        if settings is None:
            continue
        one = waiting(name, target, memories, settings, moment.merged.at.timestamp())
        if one is not None and one.phase in FLAGGED:
            found.append(one)
    return tuple(found)
