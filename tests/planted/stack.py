"""The stack that faults are planted in: two Regions, set as the production stack is."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from resilience.objectives import Objectives
from resilience.simulate.what_ifs import with_hold, with_regions, with_ttl

if TYPE_CHECKING:
    from resilience.topology import Region, Topology

OBJECTIVES = Objectives(rto_s=150, rpo_s=300, availability_ratio=0.75)


def prod_like() -> Topology:
    """Give a sound topology with the production stack's settings; a test holds it to them."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "resilience"))
    from topologies import topology

    return replace(
        with_regions(with_hold(with_ttl(topology(), 60, alias=True), 300), _set), stack="prod"
    )


def _set(region: Region) -> Region:
    return replace(
        region,
        objectives=OBJECTIVES,
        load_balancer=replace(region.load_balancer, client_keep_alive_s=60.0),
        function=replace(region.function, memory_mb=1024, reserved_concurrency=200),
    )
