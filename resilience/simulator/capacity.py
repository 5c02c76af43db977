"""What each Region's function carries as clients come and go, and who meets a cold start."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from resilience.simulator.engine import MODEL
from resilience.simulator.environments import Environments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from resilience.simulator.condition import Condition
    from resilience.simulator.engine import Timeline
    from resilience.simulator.stack import SimulatedStack


class Capacity:
    """The environments of every Region. `felt` is called when one is throttled more or less."""

    def __init__(
        self,
        stack: SimulatedStack,
        timeline: Timeline,
        conditions: Sequence[Condition],
        load: Sequence[int],
        felt: Callable[[int], None],
    ) -> None:
        parameters = stack.parameters
        self._parameters = parameters
        self._timeline = timeline
        self._conditions = conditions
        self._load = load
        self._felt = felt
        self._limits = [
            inf if region.reserved_concurrency is None else float(region.reserved_concurrency)
            for region in stack.regions
        ]
        self._bounded = (
            min(*self._limits, parameters.environments_per_10_s) < parameters.load_concurrency
        )
        self._environments = [
            Environments(
                limit=self._limits[number],
                provisioned=region.provisioned_concurrency,
                step=parameters.environments_per_10_s,
                needed=self._needed(number),
            )
            for number, region in enumerate(stack.regions)
        ]

    def carries_all(self, number: int) -> bool:
        """Tell whether a Region's reservation carries the whole load."""
        return self._limits[number] >= self._parameters.load_concurrency

    def loaded(self, number: int) -> float:
        """More or fewer clients came to a Region; gives how long the last of them waits, if so."""
        cold = self._environments[number].need(self._timeline.now_s, self._needed(number))
        if self._bounded:
            self._squeeze(number)
        return self._too_late(number) if cold else 0.0

    def lose(self, number: int) -> float:
        """Every environment of a Region ends; gives how long everybody there waits, if so."""
        cold = self._environments[number].lose(self._timeline.now_s)
        return self._too_late(number) if cold else 0.0

    def _too_late(self, number: int) -> float:
        """Say how long a cold start takes, if that is longer than clients wait; else 0."""
        parameters = self._parameters
        cold_s = max((parameters.cold_start_s, *self._conditions[number].cold_s))
        return cold_s if cold_s + parameters.request_s > parameters.client_timeout_s else 0.0

    def _needed(self, number: int) -> float:
        return self._load[number] * self._parameters.load_concurrency / self._parameters.clients

    def _squeeze(self, number: int) -> None:
        """Throttle what a function does not carry."""
        environments, now_s = self._environments[number], self._timeline.now_s
        ratio = environments.shortage_ratio(now_s)
        if ratio != self._conditions[number].shortage_ratio:
            self._conditions[number].shortage_ratio = ratio
            self._timeline.at(now_s, MODEL, self._felt, number)
        next_s = environments.next_s(now_s)
        if next_s < inf:
            self._timeline.at(next_s, MODEL, self._squeeze, number)
