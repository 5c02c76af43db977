"""Where clients come in: how to break these rules, and what they then say."""

from __future__ import annotations

from tests.policy.breaking import Broken, add, case, change, drop, forget_dependencies
from tests.policy.breaks.backups import clients_depend_on_it

_LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"

_ACL = "aws:wafv2/webAcl:WebAcl"

BREAKS: tuple[Broken, ...] = (
    case(
        "load-balancers-span-three-zones",
        "not in three",
        change("LoadBalancer", subnets=["a", "a", "b"]),
    ),
    case(
        "load-balancers-span-three-zones",
        "before it can be reached",
        forget_dependencies("RouteTableAssociation", "Route"),
    ),
    case("load-balancers-let-clients-go", "for 61 s", change("LoadBalancer", clientKeepAlive=61)),
    case(
        "load-balancers-let-clients-go", "for 3600 s", change("LoadBalancer", clientKeepAlive=None)
    ),
    case("listeners-speak-modern-tls", "speaks HTTP,", change("Listener", protocol="HTTP")),
    case(
        "listeners-speak-modern-tls",
        "old TLS policy",
        change("Listener", sslPolicy="ELBSecurityPolicy-2016-08"),
    ),
    case(
        "listeners-wait-for-their-certificate",
        "before its certificate",
        forget_dependencies("Listener", "CertificateValidation"),
    ),
    case(
        "certificates-cover-both-names",
        "is for predict.",
        change("Certificate", subjectAlternativeNames=[]),
    ),
    case("every-name-is-proven-once", "there are 2", drop("Record", "-proof")),
    case(
        "only-load-balancers-are-public",
        "on 22 to 22",
        change("SecurityGroupIngressRule", "-https", fromPort=22, toPort=22),
    ),
    case(
        "only-load-balancers-are-public",
        "no load balancer",
        change("SecurityGroupIngressRule", "-https", securityGroupId="sg-other"),
    ),
    case(
        "only-load-balancers-are-public",
        "makes a function public",
        add("aws:lambda/functionUrl:FunctionUrl", "url", authorizationType="NONE"),
    ),
    case("only-load-balancers-are-public", "lets anybody", change("Permission", principal="*")),
    case(
        "firewall-logs-hold-no-credentials",
        "clients' authorization headers",
        add(_LOGGING, "logs", redactedFields=[{"singleHeader": {"name": "cookie"}}]),
    ),
    case(
        "firewall-logs-hold-no-credentials",
        "neither encrypts nor empties",
        add(_LOGGING, "logs", logDestinationConfigs=["arn:aws:s3:::aws-waf-logs-elsewhere"]),
    ),
    case(
        "web-firewalls-turn-away",
        "only counts what its rule rate finds",
        add(_ACL, "edge", rules=[{"name": "rate", "action": {"count": {}}}]),
    ),
    case("web-firewalls-turn-away", "stands in front of nothing", add(_ACL, "edge")),
    case(
        "every-region-has-a-firewall-or-none-has",
        "us-west-2 has no web ACL",
        add(_ACL, "edge", region="us-east-1"),
    ),
    case(
        "production-says-whom-it-turned-away",
        "nothing of what it turns away",
        clients_depend_on_it,
        add(_ACL, "edge", scope="REGIONAL"),
    ),
)
