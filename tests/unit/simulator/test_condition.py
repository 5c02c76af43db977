"""What a Region in some condition answers: to clients, to checkers, to observers."""

from __future__ import annotations

import pytest
from topologies import topology

from resilience.simulator import from_text, stack_of
from resilience.simulator.run import simulate

STACK = stack_of(topology())


@pytest.mark.parametrize("slow_s", [1.9, 1.96, 1.99, 2.0, 2.1])
def test_what_is_too_slow_for_a_client_is_too_slow_for_a_checker(slow_s: float) -> None:
    """Both wait two seconds for a whole request; else traffic stays where nobody is answered."""
    scenario = from_text(f"seed=3 for=3600 region-slow(us-east-1,={slow_s})@600+900")
    outcome = simulate(STACK, scenario)
    assert outcome.violations == ()
    assert outcome.recovery_s is None or outcome.recovery_s < 900
