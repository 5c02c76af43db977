"""SQS: a queue keeps its policy while its other attributes change.

Stock moto drops the policy at every SetQueueAttributes that does not name it.
"""

from __future__ import annotations

from typing import Any

from emulator.patches.mending import replace


def apply() -> None:
    """Keep what a call does not name."""
    from moto.sqs.models import Queue

    stock: Any = vars(Queue)["_set_attributes"]  # what SetQueueAttributes comes down to

    def set_attributes(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        kept = getattr(self, "policy", None)  # a queue is made by this call, too
        stock(self, attributes, now)
        if "Policy" not in attributes:
            self.policy = kept

    replace(Queue, "_set_attributes", set_attributes)
