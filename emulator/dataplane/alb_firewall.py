"""WAF before a load balancer: rate-based rules by client address. Managed groups are not evaluated.

https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html: the
requests of the window are counted, blocked ones too; an address over the limit is blocked until
its rate falls. AWS estimates, and acts within half a minute or so; here the count is exact and
counts at once, in slots of a thirtieth of the window.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from emulator.clock import Clock
    from emulator.dataplane.alb_messages import Request
    from emulator.store.firewalls import Firewall, RateRule

BLOCKED: Final = 403
_SLOTS: Final = 30
_CHECKERS: Final = "Amazon-Route53-Health-Check-Service"


class RateLimits:
    """Counts requests by web ACL, rule and client."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[tuple[str, str, str], deque[tuple[float, int]]] = {}

    def blocked_by(self, firewall: Firewall, request: Request) -> str | None:
        """Name of the rule that blocks a request, which is counted whether it is or not."""
        client = _client(request)
        blocking = [
            rule.name
            for rule in firewall.rate_rules
            if self._count((firewall.arn, rule.name, client), rule) > rule.limit and rule.blocks
        ]
        return blocking[0] if blocking else None

    def _count(self, key: tuple[str, str, str], rule: RateRule) -> int:
        """Requests in the window that ends now, this one included."""
        now_s = self._clock.now_s()
        width_s = rule.window_s / _SLOTS
        slot_s = now_s // width_s * width_s
        slots = self._counts.setdefault(key, deque())
        while slots and slots[0][0] <= now_s - rule.window_s:
            slots.popleft()
        if slots and slots[-1][0] == slot_s:
            slots[-1] = (slot_s, slots[-1][1] + 1)
        else:
            slots.append((slot_s, 1))
        return sum(count for _, count in slots)


def _client(request: Request) -> str:
    """Who is counted: the address; on loopback, health checkers have none of their own."""
    if (request.header("user-agent") or "").startswith(_CHECKERS):
        return _CHECKERS
    return request.client_ip
