"""The observer of one Region: looks at the Regions that it watches, and decides by the brain.

On a schedule it looks every few seconds until the next run is due; an alarm in its Region starts
another run at once, and of two runs the later one goes on. What it remembers is one item of the
stack's table, written on condition that nobody else did; what it does is to set or clear flags
in its own Region's bucket. It calls no control plane, and no other Region but as a client:

| what it knows | from where |
| --- | --- |
| whether a Region serves | a golden request to `predict.<region>.<zone>` |
| what Route 53 thinks of it | `verdict.<region>.<zone>`: 192.0.2.1 while its deep check is well |
| whether its own flag is there | its own bucket |
| what the others know, and operators want | their items, replicated into its own Region |
| whether replication works | markers that came there and back |

| metric | dimensions | meaning |
| --- | --- | --- |
| ObserverLooks | Region | 1: it looked and wrote down what it thought |
| ObserverSteps | Region | flags set or cleared, epochs claimed or resigned |
| ObserverRefusals | Region | what was asked and refused |
| ObserverTroubles | Region | what somebody must look at: rules, garbled items, undone steps |
| EpochHeld | Region | 1: this Region holds the epoch |
| PeerAge | Region | seconds since each other Region's beat was seen to rise |

It is packed with `resilience.failover` and the modules that it imports: standard library, and
boto3 from Lambda's runtime.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

from resilience.failover import Action, holds
from resilience.functions.metric_line import say
from resilience.functions.observer_config import read_config
from resilience.functions.observer_look import Ended, Run, WorldError, look
from resilience.functions.observer_world import AwsWorld

if TYPE_CHECKING:
    from resilience.functions.observer_look import Look
    from resilience.functions.observer_senses import Config

_RUN_S: Final = 60.0  # schedules have no finer grain
# What one look may take, with its steps; a look that cannot end is not begun.
_LOOK_MS: Final = 20_000
_LOOKS: Final = {Ended.WRITTEN}
_TROUBLES: Final = {Ended.BLIND, Ended.UNWRITTEN, Ended.BROKEN}
_WORLD: Final = AwsWorld(os.environ)

_told: set[str] = set()


def handle(_event: object, context: Any) -> dict[str, int]:
    """Look until the next run is due; returns how often each end came about."""
    config = read_config(os.environ)
    run = Run(id=context.aws_request_id, since_s=time.time())
    began_s = time.monotonic()
    ends: dict[str, int] = {}
    while True:
        looked_s = time.monotonic()
        found = look(_WORLD, config, run)
        ends[found.ended] = ends.get(found.ended, 0) + 1
        _say(found, config)
        if found.ended is Ended.SUPERSEDED:
            return ends
        now_s = time.monotonic()
        due_s = now_s if found.ended is Ended.RACED else max(looked_s + config.look_s, now_s)
        left_ms = context.get_remaining_time_in_millis() - (due_s - now_s) * 1000
        if due_s - began_s > _RUN_S - config.look_s / 2 or left_ms < _LOOK_MS:
            return ends
        time.sleep(due_s - now_s)


def _say(found: Look, config: Config) -> None:
    """Write the line of a look, and tell the topic what was never told before."""
    now_s, memory = time.time(), found.memory
    undone = [f"undone: {each}" for each in found.undone]
    notes = [step for step in found.steps if step.action is Action.NOTIFY]
    refusals = [step for step in found.steps if step.action is Action.REFUSE]
    done = len(found.steps) - len(notes) - len(refusals)
    troubles = [*found.troubles, *undone, *(step.reason for step in notes)]
    facts: dict[str, Any] = {
        "level": "ERROR" if troubles else "INFO",
        "ended": found.ended.value,
        "troubles": troubles,
        "steps": [f"{each.target}: {each.action.value}: {each.reason}" for each in found.steps],
        "phases": {target: each.phase.value for target, each in memory.brain.watches.items()},
        "ObserverLooks": int(found.ended in _LOOKS),
        "ObserverSteps": done,
        "ObserverRefusals": len(refusals),
        "ObserverTroubles": len(troubles) + (found.ended in _TROUBLES),
    }
    if found.ended in _LOOKS:
        facts["EpochHeld"] = int(holds(memory.brain.epoch, now_s, config.settings))
        if memory.beats:
            # One that was never seen to change is as old as its Region's run here.
            since_s = memory.since_s
            ages = [now_s - max(seen_s, since_s) for _, seen_s in memory.beats.values()]
            facts["PeerAge"] = [round(age_s, 1) for age_s in ages]
    metrics = [name for name in facts if name[:1].isupper()]
    say("observer", facts, metrics, [["Region"]])
    for trouble in set(troubles) - _told:
        _told.add(trouble)
        try:
            _WORLD.tell("the observer is in trouble", {"trouble": trouble})
        except WorldError:
            return  # the metric says it as well
