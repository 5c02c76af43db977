"""What a Region's load balancer turns away before it looks at who calls."""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.naming import RegionNames
from infra.settings.edge import EdgeSettings

_WINDOW_S: Final = 300

# AWS's own groups and the actions of theirs that only count here. Bodies over 8 KB are what
# predictions of many rows are; that rule would turn them away.
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
_MANAGED: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("AWSManagedRulesAmazonIpReputationList", ()),
    ("AWSManagedRulesKnownBadInputsRuleSet", ()),
    ("AWSManagedRulesCommonRuleSet", ("SizeRestrictions_BODY",)),
)

# Whoever reads the logs must not be able to call in a client's name.
_CREDENTIALS: Final = ("authorization", "cookie")

# What was let through is in the access logs; here it would be most of the bill.
_TURNED_AWAY: Final[aws.wafv2.WebAclLoggingConfigurationLoggingFilterArgsDict] = {
    "default_behavior": "DROP",
    "filters": [
        {
            "behavior": "KEEP",
            "requirement": "MEETS_ANY",
            "conditions": [
                {"action_condition": {"action": "BLOCK"}},
                {"action_condition": {"action": "COUNT"}},
            ],
        }
    ],
}


@dataclass(frozen=True, kw_only=True)
class WebFirewallArgs:
    """What a web firewall needs to know.

    Attributes:
        names: Names in its Region.
        load_balancer_arn: What it stands in front of.
        settings: The edge's settings: how many requests, and what is written down of them.
        key_arn: The stack's KMS key in the Region.
        log_retention_days: How long what is written down is kept.
    """

    names: RegionNames
    load_balancer_arn: pulumi.Input[str]
    settings: EdgeSettings
    key_arn: pulumi.Input[str]
    log_retention_days: int


class WebFirewall(pulumi.ComponentResource):
    """A rate limit for each client address, then AWS's managed rules, and what they turned away.

    It stands in front of both listeners. A health checker sends a few dozen requests in five
    minutes, and the least limit that the settings take is far above that: a firewall that turned
    checkers away would take its own Region out.
    """

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: WebFirewallArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("understudy:infra:WebFirewall", name, None, opts)
        names = args.names
        limit = args.settings.requests_per_five_minutes
        managed = [
            _managed(names, group, counted, priority=priority)
            for priority, (group, counted) in enumerate(_MANAGED, start=1)
        ]
        acl = aws.wafv2.WebAcl(
            f"{name}-acl",
            region=names.region,
            name=names.name("edge"),
            description="Holds off floods and known attacks",
            scope="REGIONAL",
            default_action={"allow": {}},
            rules=[_rate_limit(names, limit), *managed],
            visibility_config=_visibility(names, "edge"),
            tags=names.tags(names.name("edge")),
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.wafv2.WebAclAssociation(
            f"{name}-association",
            region=names.region,
            resource_arn=args.load_balancer_arn,
            web_acl_arn=acl.arn,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = acl.arn
        if args.settings.web_firewall_logs != "off":
            self._logs(name, args)
        self.register_outputs({"arn": self.arn})

    def _logs(self, name: str, args: WebFirewallArgs) -> None:
        names, child = args.names, pulumi.ResourceOptions(parent=self)
        # WAF writes to no group of another name.
        group_name = f"aws-waf-logs-{names.stack.prefix}"
        group = aws.cloudwatch.LogGroup(
            f"{name}-log-group",
            region=names.region,
            name=group_name,
            retention_in_days=args.log_retention_days,
            kms_key_id=args.key_arn,
            tags=names.tags(group_name),
            opts=child,
        )
        aws.wafv2.WebAclLoggingConfiguration(
            f"{name}-logging",
            region=names.region,
            resource_arn=self.arn,
            log_destination_configs=[group.arn],
            redacted_fields=[{"single_header": {"name": header}} for header in _CREDENTIALS],
            logging_filter=_TURNED_AWAY if args.settings.web_firewall_logs == "blocked" else None,
            opts=child,
        )


def _rate_limit(names: RegionNames, limit: int) -> aws.wafv2.WebAclRuleArgsDict:
    return {
        "name": "rate",
        "priority": 0,
        "action": {"block": {}},
        "statement": {
            "rate_based_statement": {
                "limit": limit,
                "aggregate_key_type": "IP",
                "evaluation_window_sec": _WINDOW_S,
            }
        },
        "visibility_config": _visibility(names, "rate"),
    }


def _managed(
    names: RegionNames, group: str, counted: tuple[str, ...], *, priority: int
) -> aws.wafv2.WebAclRuleArgsDict:
    return {
        "name": group,
        "priority": priority,
        "override_action": {"none": {}},
        "statement": {
            "managed_rule_group_statement": {
                "vendor_name": "AWS",
                "name": group,
                "rule_action_overrides": [
                    {"name": rule, "action_to_use": {"count": {}}} for rule in counted
                ],
            }
        },
        "visibility_config": _visibility(names, group),
    }


def _visibility(names: RegionNames, what: str) -> aws.wafv2.WebAclVisibilityConfigArgsDict:
    return {
        "cloudwatch_metrics_enabled": True,
        "metric_name": names.name(what),
        # Samples hold whole requests, which are payload.
        "sampled_requests_enabled": False,
    }
