"""A topology as it is simulated here: with resolvers that keep to the TTL, unless asked.

Some resolvers keep an answer for longer than its TTL. What their users wait for is no matter of
any setting, and would drown what is: so the objectives are held to the others, and how long those
few wait is a line of its own (`resilience.simulate.what_ifs`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.simulator import SimulatedStack, stack_of
from resilience.simulator.parameters import Parameters

if TYPE_CHECKING:
    from resilience.topology import Topology


def simulated(topology: Topology, *, overstaying_ratio: float = 0.0) -> SimulatedStack:
    """Give the stack to simulate; `overstaying_ratio` of the resolvers keep answers too long.

    Raises:
        TopologyError: its records do not lead to two Regions or more.
    """
    return stack_of(topology, Parameters(overstaying_ratio=overstaying_ratio))
