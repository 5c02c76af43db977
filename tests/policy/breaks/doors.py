"""The two doors of a Region: how to break these rules, and what they then say."""

from __future__ import annotations

from tests.policy.breaking import Broken, add, case, change

BREAKS: tuple[Broken, ...] = (
    case("every-region-has-two-doors", "us-east-1 listens on [80", change("Listener", port=80)),
    case(
        "clients-find-no-health-paths",
        "hides nothing",
        change("ListenerRule", "no-health", conditions=[]),
    ),
    case(
        "clients-find-no-health-paths",
        "hides nothing",
        change("ListenerRule", "no-health", actions=[{"type": "forward"}]),
    ),
    case(
        "clients-show-who-they-are",
        "lets anybody in",
        change("Zone", tags={"production": "true"}),
    ),
    case(
        "clients-show-who-they-are",
        "made for others",
        change("Zone", tags={"production": "true"}),
        change("Listener", "clients", defaultActions=[{"type": "jwt-validation"}]),
    ),
    case(
        "health-checkers-find-nothing-else",
        "whatever it is asked",
        change("Listener", "health", defaultActions=[{"type": "forward"}]),
    ),
    case(
        "health-checkers-find-nothing-else",
        "answers /*",
        change("ListenerRule", "ready", conditions=[{"pathPattern": {"values": ["/*"]}}]),
    ),
    case(
        "health-checks-ask-at-their-own-door",
        "asks at port 443",
        change("HealthCheck", "-deep", port=443),
    ),
    case(
        "only-health-checkers-reach-the-health-door",
        "us-east-1 admits",
        change("SecurityGroupIngressRule", "health", cidrIpv4="0.0.0.0/0", prefixListId=None),
    ),
    case(
        "only-health-checkers-reach-the-health-door",
        "reach out",
        add("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "out", region="us-east-1"),
    ),
)
