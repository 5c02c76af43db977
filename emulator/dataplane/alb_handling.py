"""What became of one request at a load balancer: what its access log tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.dataplane.alb_messages import Request, Response


@dataclass(kw_only=True)
class Handling:
    """Filled while a request is answered. Times are emulated; Unix seconds where they end in _at_s.

    `actions` are named as in the access log; `target_s` is None when no target was asked.
    """

    request: Request
    came_at_s: float
    trace_id: str = ""
    rule_priority: int | None = None
    actions: list[str] = field(default_factory=list[str])
    target_group_arn: str = ""
    target_s: float | None = None
    target_status: int | None = None
    error_reason: str = ""
    redirect_url: str = ""
    response: Response | None = None
    done_at_s: float = 0.0
