"""A simulator of a deployed stack under faults: virtual time, one seed, always the same run.

The stack is what is deployed (`stack`), read like everything else. A scenario is faults with
times, and a seed (`scenario`). Observers decide with the real `resilience.failover`; everything
around them is modelled, one concept a module, each with its source in AWS. Pure: no I/O, no clock,
no global randomness; work grows with what changes, not with the time simulated.
"""

from resilience.simulator.faults import Fault, FaultKind
from resilience.simulator.outcome import Outcome, Violation
from resilience.simulator.scenario import (
    FAULT_CLASSES,
    Scenario,
    ScenarioError,
    draw,
    fault_class,
    from_text,
    to_text,
)
from resilience.simulator.stack import SimulatedStack, stack_of

__all__ = [
    "FAULT_CLASSES",
    "Fault",
    "FaultKind",
    "Outcome",
    "Scenario",
    "ScenarioError",
    "SimulatedStack",
    "Violation",
    "draw",
    "fault_class",
    "from_text",
    "stack_of",
    "to_text",
]
