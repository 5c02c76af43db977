"""What runs in an observer: the real `resilience.failover.think`, or one broken on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.failover import Brain, Inputs, Place, Settings, Step

Think: TypeAlias = "Callable[[Brain, Inputs, Place, Settings], tuple[Brain, tuple[Step, ...]]]"
