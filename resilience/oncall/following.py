"""Gives a word, and follows what the observers make of it until it is done or time is up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Final

from resilience import intents
from resilience.failover import IntentKind
from resilience.oncall.merge import is_spent
from resilience.oncall.progression import refusals, steps, waits
from resilience.oncall.table_view import OpenWord

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.deployed_stack import DeployedStack
    from resilience.failover import Intent
    from resilience.oncall.gates import Waiting
    from resilience.oncall.moment import Moment, Moments
    from resilience.oncall.progression import Step
    from resilience.topology import Topology

POLL_S: Final = 1.0
_SLACK_S: Final = 60.0
_LOOKS: Final = 3
_WITHOUT_TIMING_S: Final = 240.0
_GATES_S: Final = 600.0


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What came of a word: whether all of it is done, the last steps, and what it waits for."""

    done: bool
    steps: tuple[Step, ...]
    waiting: tuple[Waiting, ...]
    took_s: float


def standing(moment: Moment, intent: Intent) -> OpenWord | None:
    """Give the word that stands already and asks the same: giving it again changes nothing.

    One that was carried out before things changed again stands no more.
    """
    for word in moment.merged.words:
        if _wish(word.intent) == _wish(intent) and not is_spent(moment.merged, word):
            return word
    return None


def _wish(intent: Intent) -> tuple[IntentKind, str, bool]:
    """Give what a word asks for, whoever says it and why."""
    return intent.kind, intent.target, intent.forced


def give(stack: DeployedStack, moment: Moment, intent: Intent) -> tuple[OpenWord, str]:
    """Give a word, dated by AWS's clock, and name the Region that took it. Changes AWS state.

    Raises:
        AwsError: no Region took it.
    """
    now = moment.merged.at or datetime.now(UTC)
    took = intents.give(stack.aws, stack.topology, intent, now_s=now.timestamp())
    word = OpenWord(
        intent=intent,
        written_at=now.isoformat(),
        expires_at=now + timedelta(seconds=intents.LASTS_S),
    )
    return word, took


def default_within_s(topology: Topology, intent: Intent) -> float:
    """Say how long a word may take: looks, health checks, TTL; a failback's hold-down and gates."""
    target = topology.region(intent.target)
    look_s = max((each.observer.look_s for each in topology.regions if each.observer), default=0.0)
    check, ttls = target.deep_check, [each.ttl_s for each in topology.way if each.set_identifier]
    if check.interval_s is None or check.failure_threshold is None or not ttls:
        shift_s = _WITHOUT_TIMING_S
    else:
        shift_s = check.interval_s * check.failure_threshold + max(ttls)
    within_s = _LOOKS * look_s + shift_s + _SLACK_S
    if intent.kind is IntentKind.FAILBACK and not intent.forced:
        within_s += target.failback_hold_s + _GATES_S
    return within_s


def follow(  # noqa: PLR0913 - whom to follow, for how long, and whom to tell
    word: OpenWord,
    moments: Moments,
    topology: Topology,
    watchers: tuple[str, ...],
    *,
    within_s: float,
    tell: Callable[[str], None],
    by_hand: bool = False,
) -> Followed:
    """Look until all that a word asks is so, or time is up; tells whatever changes. Reads only."""
    began_s = time.monotonic()
    teller = _Teller(tell)
    while True:
        moment = moments.now()
        now = steps(word, moment, topology, watchers, by_hand=by_hand)
        held_up = (
            waits(moment, topology, word.intent.target, watchers)
            if word.intent.kind is IntentKind.FAILBACK
            else ()
        )
        teller.steps(now)
        teller.refusals(refusals(moment, word.intent.target))
        teller.gates(held_up)
        took_s = time.monotonic() - began_s
        done = all(step.done for step in now)
        if done or took_s >= within_s:
            return Followed(done=done, steps=now, waiting=held_up, took_s=took_s)
        time.sleep(POLL_S)


class _Teller:
    """Tells what is new: a figure that changes at every look is not."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._known: dict[str, object] = {}

    def steps(self, now: tuple[Step, ...]) -> None:
        for step in now:
            mark = "done" if step.done else "waits"
            self._once(step.name, step, f"{mark}: {step.name} ({step.seen})")

    def refusals(self, now: tuple[str, ...]) -> None:
        for refusal in now:
            self._once(refusal, True, refusal)

    def gates(self, now: tuple[Waiting, ...]) -> None:
        for each in now:
            for gate in each.gates:
                state = "open" if gate.is_open else "shut"
                text = f"gate {state}: {gate.name}, says {each.watcher} ({gate.detail})"
                self._once(f"{each.watcher} {gate.name}", gate.is_open, text)
            self._once(f"{each.watcher} soonest", each.soonest_s == inf, soonest(each))

    def _once(self, about: str, state: object, text: str) -> None:
        if self._known.get(about) != state:
            self._known[about] = state
            self._tell(text)


def soonest(waiting: Waiting) -> str:
    """Say when a watcher would do something if nothing changed."""
    if waiting.soonest_s == inf:
        return f"{waiting.watcher} waits for what is shut to open"
    return f"{waiting.watcher} acts at its next look after {waiting.soonest_s:.0f} s, as things are"
