"""A rate-based rule blocks one client address, not others, and lets go."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.dataplane.alb_firewall import RateLimits
from emulator.dataplane.alb_messages import Request
from emulator.store.firewalls import Firewall, RateRule

CHECKER = "Amazon-Route53-Health-Check-Service (ref x; report http://amzn.to/1vsZADi)"


@dataclass
class Clock:
    at_s: float = 1_000_000.0

    def now_s(self) -> float:
        return self.at_s


def firewall(*, limit: int = 10, blocks: bool = True) -> Firewall:
    rule = RateRule(name="rate", limit=limit, window_s=300, blocks=blocks)
    return Firewall(arn="acl", rate_rules=(rule,))


def request(client: str = "192.0.2.1", agent: str = "curl") -> Request:
    return Request(
        method="GET",
        target="/",
        headers=(("user-agent", agent),),
        body=b"",
        client_ip=client,
        scheme="https",
        port=443,
    )


def blocked(limits: RateLimits, times: int, *, wall: Firewall | None = None) -> list[bool]:
    found = wall or firewall()
    return [limits.blocked_by(found, request()) == "rate" for _ in range(times)]


def test_an_address_over_the_limit_is_blocked_and_others_are_not() -> None:
    limits = RateLimits(Clock())  # type: ignore[arg-type]
    assert blocked(limits, 12) == [False] * 10 + [True] * 2
    assert limits.blocked_by(firewall(), request("192.0.2.2")) is None


def test_it_lets_go_when_the_rate_has_fallen() -> None:
    clock = Clock()
    limits = RateLimits(clock)  # type: ignore[arg-type]
    assert blocked(limits, 12)[-1]
    clock.at_s += 200
    assert blocked(limits, 1) == [True], "blocked requests count as well"
    clock.at_s += 110
    assert blocked(limits, 1) == [False], "what was sent before the window is forgotten"


def test_a_rule_that_only_counts_blocks_nobody() -> None:
    limits = RateLimits(Clock())  # type: ignore[arg-type]
    assert not any(blocked(limits, 20, wall=firewall(blocks=False)))


def test_a_flood_of_clients_does_not_turn_health_checkers_away() -> None:
    limits = RateLimits(Clock())  # type: ignore[arg-type]
    assert blocked(limits, 30)[-1]
    assert limits.blocked_by(firewall(), request(agent=CHECKER)) is None
