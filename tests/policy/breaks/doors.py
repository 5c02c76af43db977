"""The two doors of a Region: how to break these rules, and what they then say."""

from __future__ import annotations

from tests.policy.breaking import Broken, add, case, change

_STORE = "aws:lb/trustStore:TrustStore"
_TOKENS = {"type": "jwt-validation", "jwtValidation": {"issuer": "https://identity.example/"}}

BREAKS: tuple[Broken, ...] = (
    case(
        "every-region-has-two-doors",
        "us-east-1 listens on [80",
        change("Listener", "us-east-1", port=80),
    ),
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
        "every-region-asks-clients-the-same",
        "asks clients for nothing, and us-east-1 for tokens",
        change("Listener", "us-east-1-balancer-clients", defaultActions=[_TOKENS]),
    ),
    case(
        "every-region-asks-clients-the-same",
        "asks clients for certificates (verify), and us-east-1 for nothing",
        change("Listener", "us-west-2-balancer-clients", mutualAuthentication={"mode": "verify"}),
    ),
    case(
        "every-region-asks-clients-the-same",
        "trust different authorities: a.pem, b.pem",
        add(_STORE, "a", region="us-east-1", caCertificatesBundleS3Key="a.pem"),
        add(_STORE, "b", region="us-west-2", caCertificatesBundleS3Key="b.pem"),
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
