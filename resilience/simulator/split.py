"""The parts of a recovery, by the definitions of `resilience.measurement`."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from resilience.simulator.outcome import Split
from resilience.simulator.stack_records import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from resilience.simulator.ledger import Outage
    from resilience.simulator.world import World


def split(world: World, outage: Outage) -> Split:
    """Cut an outage into its parts.

    The lost Region is the one that clients were led to when it began; the takeover is any other.
    An end that nobody saw gives its part no time, which then belongs to the next.
    """
    onset_s, until_s = outage.onset_s, outage.until_s
    lost = next(answers for at_s, answers in reversed(world.answered) if at_s <= onset_s)
    led = set(lost)
    parameters = world.stack.parameters
    detected_s = _first(
        at_s
        for at_s, number, ready in world.turned
        if number in led and not ready and at_s >= onset_s
    )
    decided_s = _first(
        at_s for at_s, answers in world.answered if at_s >= onset_s and answers != lost
    )
    shifted_s = good_s = inf
    for at_s, client, number in world.clients.moves:
        if at_s >= onset_s and number != NOWHERE and number != lost[world.clients.home[client]]:
            probe_s = world.clients.first_probe_s(client, at_s)
            shifted_s = min(shifted_s, probe_s)
            if not world.clients.fared_badly(client, probe_s):
                good_s = min(good_s, probe_s + parameters.request_s)
    ends = [detected_s, decided_s, shifted_s, good_s, until_s]
    reached_s = onset_s
    parts: list[float] = []
    for index, end_s in enumerate(ends):
        if end_s < inf:
            implied_s = min(ends[index:])
            end_s = max(implied_s, reached_s)  # noqa: PLW2901 - an end seen late is the next one's
        else:
            end_s = reached_s  # noqa: PLW2901 - an end nobody saw takes no time
        parts.append(end_s - reached_s)
        reached_s = end_s
    return Split(
        detect=parts[0],
        decide=parts[1],
        shift=parts[2],
        first_good_reply=parts[3],
        steady=parts[4],
    )


def _first(times: Iterable[float]) -> float:
    return min(times, default=inf)
