"""Clients, their resolvers, and the connections they keep.

- Each client has a resolver that asks again when its answer is older than the TTL, at a phase of
  its own. Route 53 answers them all at once: its data plane is global.
- A stated share of all traffic comes through resolvers that overstay the TTL: one more client for
  each place that clients are in, who counts for that share.
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

    The first `count` send the probes; those after them stand for resolvers that overstay.
    `answers` is what Route 53 says now to clients near each Region; `load` how many clients each
    Region has; `moves` what happened, for the split of a recovery. `loaded` is called for each
    Region that a client leaves or comes to, and says how long the client waits there.
    """

    def __init__(
        self,
        stack: SimulatedStack,
        random: Random,
        timeline: Timeline,
        conditions: Sequence[Condition],
        answers: Sequence[int],
    ) -> None:
        parameters, regions = stack.parameters, len(stack.regions)
        self.count = parameters.clients
        self.homes = tuple(range(regions)) if stack.latency else (0,)
        self.home = [number // 2 % len(self.homes) for number in range(self.count)]
        self._overstaying = parameters.overstaying_ratio
        if self._overstaying:
            self.home += self.homes
        total = len(self.home)
        self._parameters = parameters
        self._keep_s = [region.client_keep_alive_s for region in stack.regions]
        self._timeline = timeline
        self._conditions = conditions
        self.answers = list(answers)
        self.ledger = Ledger(self.count, parameters.requests_per_s)
        overstay_s = max(stack.record_ttl_s, parameters.overstay_s)
        self._ttl_s = [stack.record_ttl_s] * self.count + [overstay_s] * (total - self.count)
        self._phase_s = [random.random() * ttl_s for ttl_s in self._ttl_s]
        self._opened = [random.random() for _ in range(total)]
        self._cached = [self.answers[home] for home in self.home]
        self._connected = list(self._cached)
        self._asking = [False] * total
        self._lied_to = [False] * total
        self._until_warm = [-1.0] * total
        self._bad = [0.0] * total
        self.at = list(self._cached)
        self.load = [self.at[: self.count].count(number) for number in range(regions)]
        self.moves: list[tuple[float, int, int]] = []
        self.loaded: Callable[[int], float] = lambda _: 0.0

    def led(self, answers: Sequence[int]) -> None:
        """Route 53 answers differently from now on."""
        self.answers = list(answers)
        for client, home in enumerate(self.home):
            if self._cached[client] != self.answers[home]:
                self._ask_later(client)

    def lie(self, share: float) -> None:
        """Resolvers of this share of the clients are told something else; 0 ends it."""
        first = self.count - round(share * self.count)
        for client in range(self.count):
            # Those with the highest numbers, whose places and habits are as mixed as any.
            if (client >= first) is not self._lied_to[client]:
                self._lied_to[client] = client >= first
                self._ask_later(client)

    def felt(self, region: int) -> None:
        """The condition of a Region changed: whoever is there feels it."""
        silent = self._conditions[region].silent(self._parameters)
        for client, at in enumerate(self.at):
            if at == region and silent and self._keeps(client) and self._cached[client] != region:
                self._settle(client)
        there = [client for client, at in enumerate(self.at) if at == region]
        self._fare(there)

    def chill(self, region: int, cold_s: float) -> None:
        """Everybody who is in a Region waits this long for environments that start."""
        there = [client for client, at in enumerate(self.at) if at == region]
        for client in there:
            self._waits(client, cold_s)
        self._fare(there)

    def bad(self, client: int) -> float:
        """Say what share of a client's requests is bad now."""
        return self._bad[client]

    def first_probe_s(self, client: int, at_s: float) -> float:
        """Say when a client sends its first probe at this time or later."""
        probe = self.ledger.first_probe(at_s)
        return (probe + (client - probe) % self.count) / self._parameters.requests_per_s

    def fared_badly(self, client: int, at_s: float) -> bool:
        """Tell whether a client's probe at this time was bad."""
        return self.ledger.bad_at(client, at_s) >= 1.0 - self._overstaying

    def _keeps(self, client: int) -> bool:
        return client % 2 == 1 and client < self.count

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
            answer = (answer + 1) % len(self._conditions)
        self._cached[client] = answer
        self._settle(client)

    def _settle(self, client: int) -> None:
        """Go where the resolver says, unless a connection is kept that still answers."""
        wanted, kept = self._cached[client], self._connected[client]
        stays = self._keeps(client) and kept not in (wanted, NOWHERE)
        if stays and not self._conditions[kept].silent(self._parameters):
            self._timeline.at(self._expiry_s(client, kept), MODEL, self._expires, client)
            return
        self._go(client, wanted)

    def _expiry_s(self, client: int, region: int) -> float:
        keep_s = self._keep_s[region]
        now_s, phase_s = self._timeline.now_s, self._opened[client] * keep_s
        return phase_s + (int((now_s - phase_s) / keep_s) + 1) * keep_s

    def _expires(self, client: int) -> None:
        if self._connected[client] != self._cached[client]:
            self._go(client, self._cached[client])

    def _go(self, client: int, region: int) -> None:
        self._connected[client] = region
        before = self.at[client]
        if before != region:
            self.at[client] = region
            if client < self.count:
                self._arrives(client, before, region)
        self._fare([client])

    def _arrives(self, client: int, before: int, region: int) -> None:
        """Count a client where it is now; it may have to wait for an environment there."""
        self.moves.append((self._timeline.now_s, client, region))
        for each, change in ((before, -1), (region, 1)):
            if each != NOWHERE:
                self.load[each] += change
                cold_s = self.loaded(each)
                if cold_s and each == region:
                    self._waits(client, cold_s)

    def _waits(self, client: int, cold_s: float) -> None:
        """Its requests meet cold starts for a while, which it does not wait for."""
        now_s = self._timeline.now_s
        self._until_warm[client] = now_s + cold_s
        self._timeline.at(now_s + cold_s, MODEL, self._fare, [client])

    def _fare(self, clients: list[int]) -> None:
        """Note how these clients fare from now on."""
        now_s = self._timeline.now_s
        changed: list[int] = []
        for client in clients:
            region = self.at[client]
            if region == NOWHERE or self._until_warm[client] > now_s:
                bad = 1.0
            else:
                bad = self._conditions[region].bad_ratio(self._parameters)
            if bad != self._bad[client]:
                self._bad[client] = bad
                changed.append(client)
        if changed and changed[-1] >= self.count:
            changed = list(range(self.count))
        if changed:
            self.ledger.note(now_s, [(client, self._mixed(client)) for client in changed])

    def _mixed(self, client: int) -> float:
        """Mix a client's own badness with that of the resolvers near it that overstay."""
        if not self._overstaying:
            return self._bad[client]
        late = self._bad[self.count + self.home[client]]
        return (1.0 - self._overstaying) * self._bad[client] + self._overstaying * late
