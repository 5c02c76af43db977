"""What must hold in every run, looked at whenever something changes.

- **A healthy Region serves.** When one has been sound, and what clients are led to broken, for as
  long as health checks take to see it, the records must lead to a Region that is not broken.
  (Clients follow within the TTL, or when their connections end: that is measured, not judged.)
- **Losing one Region reduces no other.** A Region that is sound, and that no flag stands against,
  is in service within the time that health checks take.
- **A move is latched.** When a Region has been judged bad by Route 53 and by a watcher that is in
  a state to judge, with another Region well, that watcher's flag stands within `agreement_s` and
  a few looks.
- **A latch never keeps traffic on an impaired Region**: with no other Region well and the latched
  one well, the flag goes within the same time.
- **The epoch is held once at most**, save when an operator promoted a Region while another held.
- **No write is lost for good.** Replication keeps what it could not deliver (DESIGN.md 4: what the
  lost Region acknowledged and the surviving one does not hold is the data loss window, measured);
  a Region whose acknowledged writes are copied nowhere loses them.
- **The brain's own rules** (`resilience.failover.broken_rules`), after every decision.

A duty counts from the instant since which all that it depends on has held without a break, so a
Region that flaps faster than it can be judged is nobody's duty.

Liveness, once faults have ended and people had time: the records lead to sound Regions, every
client is served, every check says what is so, no flag stands and no watcher thinks one does, and
exactly one Region holds the epoch.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final, TypeAlias

from resilience.failover import FLAGGED, holds
from resilience.objectives import CONNECT_TIMEOUT_S, RESPONSE_TIMEOUT_S
from resilience.simulator.engine import JUDGE
from resilience.simulator.outcome import Violation
from resilience.simulator.stack_records import NOWHERE

if TYPE_CHECKING:
    from resilience.simulator.observer import Observer
    from resilience.simulator.world import World

LOOKS: Final = 4
"""How many looks a watcher may take to begin, to agree, to act, and to see that it did."""

_SLACK_S: Final = 1.0

_Key: TypeAlias = "tuple[str, int] | tuple[str, int, int]"


class Judge:
    """Holds a run against the rules; `violations` are the first of each."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._since: dict[_Key, float] = {}
        self._planned: dict[_Key, float] = {}
        self._broken: dict[str, Violation] = {}
        self._sound_since: list[float] = [-inf] * len(world.conditions)
        self._broken_since: list[float] = [inf] * len(world.conditions)
        endpoints = world.stack.compiled.checks.endpoints
        self._turn_s = (
            max((each.interval_s * each.threshold for each in endpoints), default=0.0)
            + CONNECT_TIMEOUT_S
            + RESPONSE_TIMEOUT_S
            + _SLACK_S
        )

    @property
    def violations(self) -> tuple[Violation, ...]:
        """The first violation of each rule that did not hold, in order of time."""
        return tuple(sorted(self._broken.values(), key=lambda each: (each.at_s, each.rule)))

    def broke(self, rule: str, detail: str) -> None:
        """Take note of a rule that does not hold now."""
        if rule not in self._broken:
            self._broken[rule] = Violation(
                rule=rule, at_s=self._world.timeline.now_s, detail=detail
            )

    def refresh(self) -> None:
        """Something changed: see which duties begin and which end."""
        world = self._world
        parameters, now_s = world.stack.parameters, world.timeline.now_s
        sound = [condition.bad_ratio(parameters) == 0.0 for condition in world.conditions]
        flagged = {about for _, about in world.health.flags}
        for number, well in enumerate(sound):
            # Latency records lead past a flagged Region to one that is as bad as any, until the
            # flag goes; a chain comes back to its head.
            if not well or (world.stack.latency and number in flagged):
                self._sound_since[number] = inf
            elif self._sound_since[number] == inf:
                self._sound_since[number] = now_s
        for number, condition in enumerate(world.conditions):
            if condition.bad_ratio(parameters) < 1.0:
                self._broken_since[number] = inf
            elif self._broken_since[number] == inf:
                self._broken_since[number] = now_s
        soundest_s = min(self._sound_since)
        for home in world.clients.homes:
            at = world.clients.answers[home]
            broken_s = now_s if at == NOWHERE else self._broken_since[at]
            since_s = max(broken_s, soundest_s)
            self._duty(
                ("serves", home), holds=since_s < inf, within_s=self._turn_s, since_s=since_s
            )
        for number in world.numbers:
            unserved = not world.health.in_service(number)
            self._duty(
                ("in service", number),
                holds=sound[number] and unserved and number not in flagged,
                within_s=self._turn_s,
            )
        ready = [world.health.ready(number) for number in world.numbers]
        for observer in world.observers:
            self._latches(observer, sound, ready)

    def holders(self) -> None:
        """See that no two Regions hold the epoch now."""
        held = [
            (observer.brain.epoch.claim.number, observer.region.region)
            for observer in self._world.observers
            if observer.brain.epoch.claim is not None
            and holds(observer.brain.epoch, observer.own_now_s(), observer.settings)
        ]
        if len(held) > 1 and not self._world.promoted_over(max(held)[0]):
            names = " and ".join(f"{name} ({number})" for number, name in sorted(held))
            self.broke("one holder", f"{names} hold the epoch at once")

    def ending(self) -> None:
        """Faults have ended and people had time: see that all is as it should be."""
        for rule, detail in self._unsettled():
            self.broke(rule, detail)

    def settled(self) -> bool:
        """Tell whether nothing is left to wait for."""
        return not self._unsettled()

    def _unsettled(self) -> list[tuple[str, str]]:
        world = self._world
        names = world.stack.order
        found: list[tuple[str, str]] = []
        for client, at in enumerate(world.clients.at):
            if at == NOWHERE or world.clients.bad(client):
                where = "nowhere" if at == NOWHERE else names[at]
                found.append(("liveness: served", f"client {client} is not served, at {where}"))
        for number, name in enumerate(names):
            if not world.health.ready(number):
                found.append(("liveness: checks", f"{name} is sound, its deep check says not"))
        flags = ", ".join(
            f"{names[about]} by {names[here]}" for here, about in sorted(world.health.flags)
        )
        if flags:
            found.append(("liveness: flags", f"a flag still stands: {flags}"))
        for observer in world.observers:
            for target, watch in observer.brain.watches.items():
                there = (observer.number, names.index(target)) in world.health.flags
                if (watch.phase in FLAGGED) is not there:
                    said = f"{observer.region.region} has {target} as {watch.phase}"
                    found.append(("liveness: phases", f"{said}, its flag is {there}"))
        held = [
            observer.region.region
            for observer in world.observers
            if holds(observer.brain.epoch, observer.own_now_s(), observer.settings)
        ]
        observed = all(region.observed for region in world.stack.regions)
        if observed and len(held) != 1:
            found.append(("liveness: epoch", f"{len(held)} Regions hold the epoch: {held}"))
        return found

    def _latches(self, observer: Observer, sound: list[bool], ready: list[bool]) -> None:
        """See to it that a watcher latches what is bad, and unlatches what is well and alone."""
        world, here = self._world, observer.number
        within_s = observer.settings.agreement_s + LOOKS * observer.region.look_s + _SLACK_S
        parameters = world.stack.parameters
        for target in observer.targets:
            key = (here, target)
            able = (
                not observer.out
                and not world.flaky[here]
                and not world.conditions[here].flags_out
                and not world.lies
                and world.words.latest(target, here) is None
            )
            reached = not world.unreachable.get(key)
            others = sum(ready) - ready[target]
            down = world.conditions[target].probe_ratio(parameters) == 0.0
            bad = (
                able and down and not ready[target] and others > 0 and key not in world.health.flags
            )
            self._duty(("latch", *key), holds=bad, within_s=within_s)
            lone = able and reached and sound[target] and ready[target] and not others
            self._duty(
                ("unlatch", *key), holds=lone and key in world.health.flags, within_s=within_s
            )

    def _duty(
        self, key: _Key, *, holds: bool, within_s: float, since_s: float | None = None
    ) -> None:
        """Note since when something calls for a change that has to come within some time.

        It counts from `since_s`, or else from the first time that it is noted.
        """
        if not holds:
            self._since.pop(key, None)
            return
        if since_s is None:
            since_s = self._since.setdefault(key, self._world.timeline.now_s)
        self._since[key] = since_s
        due_s = since_s + within_s
        if self._planned.get(key) != due_s:
            self._planned[key] = due_s
            self._world.timeline.at(due_s, JUDGE, self._due, (key, due_s))

    def _due(self, what: tuple[_Key, float]) -> None:
        """A duty is due: if it still is one, it was not done."""
        key, due_s = what
        self.refresh()
        since_s = self._since.get(key)
        if since_s is None or self._planned.get(key) != due_s:
            return
        names = self._world.stack.order
        if key[0] == "serves":
            at = self._world.clients.answers[key[1]]
            led = "nowhere" if at == NOWHERE else names[at]
            sound = names[self._sound_since.index(min(self._sound_since))]
            detail = f"{sound} is sound, clients are led to {led}, which is not"
        else:
            about = " of ".join(names[number] for number in reversed(key[1:]))
            detail = f"{about} since {since_s:g} s"
        self.broke(key[0], detail)
