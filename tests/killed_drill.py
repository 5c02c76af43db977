"""What a drill from a laptop leaves that was killed: its memory, its lock, what it had changed."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from resilience.aws import Aws
from resilience.experiments.catalogue import CATALOGUE
from resilience.experiments.catalogue.throttle import stopped
from resilience.experiments.core.change import perform
from resilience.experiments.core.memory import Drill, Ledger
from resilience.experiments.grounding import ground_of

if TYPE_CHECKING:
    from emulator.handle import EmulatorHandle
    from resilience.topology import Topology


class _Hand:
    """As much of a drill's world as it takes to write a change down, and to make it."""

    def __init__(self, emulator: EmulatorHandle) -> None:
        self._aws = Aws(emulator.aws_environment())

    def now_s(self) -> float:
        return time.time()

    def call(self, service: str, operation: str, *, region: str, **parameters: Any) -> Any:
        return self._aws.call(service, operation, region=region, **parameters)


def killed_drill(
    emulator: EmulatorHandle, topology: Topology, account: str, *, made: bool
) -> tuple[Ledger, Drill]:
    """Leave a drill that was killed as it stopped the primary's function.

    Args:
        emulator: Where the stack is deployed.
        topology: The stack.
        account: Whose.
        made: Whether it was killed after that call, or between writing it down and making it.
    """
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait(60)
    hand: Any = _Hand(emulator)
    region = topology.primary
    change = stopped(hand, region.region, region.function.name)
    ledger = Ledger(hand, ground_of(topology, account))
    drill = ledger.write(
        Drill(
            id="20260102T030405Z-region-loss-dead",
            experiment="region-loss",
            options=CATALOGUE["region-loss"].options({"region": region.region}),
            owner=f"{socket.gethostname()}:{dead.pid}:dead",
            step="watch",
            began_s=hand.now_s(),
            onset_s=hand.now_s(),
            changes=(change,),
            made=1,
        )
    )
    ledger.take(drill)
    if made:
        perform(hand, change.do)
    return ledger, drill
