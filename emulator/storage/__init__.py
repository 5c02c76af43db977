"""What happens to stored things after an API call: replication, log shipping, Firehose delivery."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from emulator.storage.firehose import Firehose
from emulator.storage.hooks import take_over
from emulator.storage.logs import LogShipper
from emulator.storage.objects import Objects
from emulator.storage.replication import Replicator
from emulator.tables import TableReplicator
from emulator.watch import gauges
from emulator.watch.emf import EmbeddedMetrics
from emulator.watch.gauges import Sampler
from emulator.watch.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard


class Storage:
    """The storage flows, joined. `close` gives moto its own delivery back."""

    def __init__(
        self,
        clock: Clock,
        faults: FaultBoard,
        events: EventLog,
        *,
        metrics: Metrics | None = None,
        seed: int = 0,
    ) -> None:
        self.metrics = metrics or Metrics(clock, faults)
        self.objects = Objects(threading.RLock())
        self.replicator = Replicator(self.objects, clock, faults, events, seed=seed)
        self.firehose = Firehose(
            self.objects, self.replicator, clock, faults, events, metrics=self.metrics, seed=seed
        )
        self.tables = TableReplicator(clock, faults, events, seed=seed)
        embedded = EmbeddedMetrics(self.metrics, events)
        self.shipper = LogShipper(self.firehose, faults, events, embedded)
        self.sampler = Sampler(
            clock,
            (
                gauges.queues(self.metrics, clock),
                gauges.replication(self.metrics, self.objects, self.replicator),
                gauges.streams(self.metrics, self.firehose),
            ),
        )
        self.ship_logs = self.shipper.ship
        self.close = take_over(self.shipper, self.firehose)

    def flows(self) -> Sequence[Callable[[], Coroutine[Any, Any, None]]]:
        """What is to run in the event loop for as long as the emulator serves."""
        storing = (self.replicator.run, self.tables.run, self.firehose.run)
        return (*storing, self.shipper.run, self.sampler.run)
