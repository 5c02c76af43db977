"""Clients, their resolvers, and the connections they keep.

- Each client has a resolver that asks again when its answer is older than the TTL, at a phase of
  its own; a stated share of resolvers overstays the TTL. Route 53 answers them all at once: its
  data plane is global.
- Half the clients keep their connection. DNS moves them only when the connection ends: at the
  load balancer's `client_keep_alive`, or when their Region falls silent (a request that times out
  ends its connection; an answer, right or wrong, does not).
- The rest open a connection for each request.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from resilience.simulator.engine import MODEL
from resilience.simulator.ledger import Ledger
from resilience.simulator.stack_records import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from resilience.simulator.condition import Condition
    from resilience.simulator.engine import Timeline
    from resilience.simulator.stack import SimulatedStack


class Clients:
    """All clients of a stack: where each one's requests go, and how badly they fare.

    `answers` is what Route 53 says now to clients near each Region; `load` how many clients each
    Region has; `moves` what happened, for the split of a recovery.
    """

    def __init__(
        self,
        stack: SimulatedStack,
        random: Random,
        timeline: Timeline,
        conditions: Sequence[Condition],
        answers: Sequence[int],
    ) -> None:
        parameters = stack.parameters
        count = parameters.clients
        self._parameters = parameters
        self._regions = stack.regions
        self._timeline = timeline
        self._conditions = conditions
        self.answers = list(answers)
        self.ledger = Ledger(count, parameters.requests_per_s)
        self.home = [
            number // 2 % len(stack.regions) if stack.latency else 0 for number in range(count)
        ]
        overstaying = round(parameters.overstaying_ratio * count)
        late = set(random.sample(range(count), overstaying)) if overstaying else set[int]()
        self.overstays = [number in late for number in range(count)]
        ttl_s = stack.record_ttl_s
        self._ttl_s = [
            max(ttl_s, parameters.overstay_s) if number in late else ttl_s
            for number in range(count)
        ]
        self._phase_s = [random.random() * ttl for ttl in self._ttl_s]
        self._opened = [random.random() for _ in range(count)]
        self._cached = [self.answers[home] for home in self.home]
        self._connected = list(self._cached)
        self._asking = [False] * count
        self._lied_to = [False] * count
        self._until_warm = [-1.0] * count
        self._bad = [0.0] * count
        self.at = list(self._cached)
        self.load = [self.at.count(number) for number in range(len(stack.regions))]
        self.moves: list[tuple[float, int, int]] = []
        self.on_load: Callable[[int], float] | None = None

    def led(self, answers: Sequence[int]) -> None:
        """Route 53 answers differently from now on."""
        self.answers = list(answers)
        for client, home in enumerate(self.home):
            if self._cached[client] != self.answers[home]:
                self._ask_later(client)

    def lie(self, share: float) -> None:
        """Resolvers of this share of the clients are told something else; 0 ends it."""
        count = round(share * len(self.home))
        for client in range(len(self.home)):
            # Those with the highest numbers, whose places and habits are as mixed as any.
            lied_to = client >= len(self.home) - count
            if lied_to is not self._lied_to[client]:
                self._lied_to[client] = lied_to
                self._ask_later(client)

    def felt(self, region: int) -> None:
        """The condition of a Region changed: whoever is there, or hung on to it, feels it."""
        changed: list[tuple[int, float]] = []
        bad = self._conditions[region].bad_ratio(self._parameters)
        silent = self._conditions[region].silent(self._parameters)
        for client, at in enumerate(self.at):
            if at != region:
                continue
            if silent and client % 2 and self._cached[client] != region:
                self._settle(client)
            elif bad != self._bad[client] and self._until_warm[client] <= self._timeline.now_s:
                self._bad[client] = bad
                changed.append((client, bad))
        if changed:
            self.ledger.note(self._timeline.now_s, changed)

    def bad(self, client: int) -> float:
        """Say what share of a client's requests is bad now."""
        return self._bad[client]

    def first_probe_s(self, client: int, at_s: float) -> float:
        """Say when a client sends its first probe at this time or later."""
        count = len(self.home)
        probe = self.ledger.first_probe(at_s)
        return (probe + (client - probe) % count) / self._parameters.requests_per_s

    def fared_badly(self, client: int, at_s: float) -> bool:
        """Tell whether a client's probe at this time was bad."""
        return self.ledger.bad_at(client, at_s) > 0

    def _ask_later(self, client: int) -> None:
        if self._asking[client]:
            return
        self._asking[client] = True
        ttl_s, phase_s = self._ttl_s[client], self._phase_s[client]
        now_s = self._timeline.now_s
        at_s = phase_s + ceil((now_s - phase_s) / ttl_s) * ttl_s
        self._timeline.at(at_s, MODEL, self._asks, client)

    def _asks(self, client: int) -> None:
        self._asking[client] = False
        answer = self.answers[self.home[client]]
        if self._lied_to[client]:
            answer = (answer + 1) % len(self._regions)
        self._cached[client] = answer
        self._settle(client)

    def _settle(self, client: int) -> None:
        """Go where the resolver says, unless a connection is kept that still answers."""
        wanted, kept = self._cached[client], self._connected[client]
        stays = client % 2 and kept not in (wanted, NOWHERE)
        if stays and not self._conditions[kept].silent(self._parameters):
            self._timeline.at(self._expiry_s(client, kept), MODEL, self._expires, client)
            return
        self._go(client, wanted)

    def _expiry_s(self, client: int, region: int) -> float:
        keep_s = self._regions[region].client_keep_alive_s
        now_s, phase_s = self._timeline.now_s, self._opened[client] * keep_s
        return phase_s + (int((now_s - phase_s) / keep_s) + 1) * keep_s

    def _expires(self, client: int) -> None:
        if self._connected[client] != self._cached[client]:
            self._go(client, self._cached[client])

    def _go(self, client: int, region: int) -> None:
        self._connected[client] = region
        before = self.at[client]
        if before == region:
            self._fare(client)
            return
        self.at[client] = region
        self.moves.append((self._timeline.now_s, client, region))
        for each, change in ((before, -1), (region, 1)):
            if each != NOWHERE:
                self.load[each] += change
                cold_s = self.on_load(each) if self.on_load is not None else 0.0
                if cold_s and each == region:
                    self._waits(client, cold_s)
        self._fare(client)

    def chill(self, region: int, cold_s: float) -> None:
        """Everybody who is in a Region waits this long for environments that start."""
        for client, at in enumerate(self.at):
            if at == region:
                self._waits(client, cold_s)
                self._fare(client)

    def _waits(self, client: int, cold_s: float) -> None:
        """Its requests meet cold starts for a while, which it does not wait for."""
        now_s = self._timeline.now_s
        self._until_warm[client] = now_s + cold_s
        self._timeline.at(now_s + cold_s, MODEL, self._fare, client)

    def _fare(self, client: int) -> None:
        region = self.at[client]
        if region == NOWHERE or self._until_warm[client] > self._timeline.now_s:
            bad = 1.0
        else:
            bad = self._conditions[region].bad_ratio(self._parameters)
        if bad != self._bad[client]:
            self._bad[client] = bad
            self.ledger.note(self._timeline.now_s, ((client, bad),))
