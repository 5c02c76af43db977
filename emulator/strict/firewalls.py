"""WAF: associations and deletions that AWS refuses.

https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html: the resource is of the
web ACL's own Region and has one web ACL at a time, the one that was associated last;
https://docs.aws.amazon.com/waf/latest/APIReference/API_DeleteWebACL.html: one in use stays.
"""

from __future__ import annotations

from typing import Any, Final

from emulator.patches.mending import replace
from emulator.strict import backends

WINDOWS_S: Final = (60, 120, 300, 600)
LOG_GROUP_PREFIX: Final = "aws-waf-logs-"


def apply() -> None:
    """Guard web ACLs and what they are associated with."""
    from moto.wafv2.models import WAFV2Backend

    stock_associate, stock_delete = WAFV2Backend.associate_web_acl, WAFV2Backend.delete_web_acl
    stock_create, stock_update = WAFV2Backend.create_web_acl, WAFV2Backend.update_web_acl

    def associate(self: Any, web_acl_arn: str, resource_arn: str) -> None:
        _refuse(association_problem(web_acl_arn, resource_arn))
        self.disassociate_web_acl(resource_arn)
        stock_associate(self, web_acl_arn, resource_arn)

    def delete(self: Any, name: str, scope: str, _id: str, lock_token: str) -> None:
        for each in self.wacls.values():
            if each.id == _id and each.associated_resources:
                message = "AWS WAF couldn't perform the operation because your resource is being "
                used = ", ".join(each.associated_resources)
                _refuse(("WAFAssociatedItemException", f"{message}used by {used}"))
        stock_delete(self, name, scope, _id, lock_token)

    def create(self: Any, *args: Any, **named: Any) -> Any:
        _refuse(rules_problem(named.get("rules") or (args[6] if len(args) > 6 else [])))  # noqa: PLR2004  # moto's seventh parameter
        return stock_create(self, *args, **named)

    def update(self: Any, *args: Any, **named: Any) -> Any:
        _refuse(rules_problem(named.get("rules") or (args[3] if len(args) > 3 else []) or []))  # noqa: PLR2004  # moto's fourth parameter
        return stock_update(self, *args, **named)

    stock_log = WAFV2Backend.put_logging_configuration

    def log(self: Any, arn: str, log_destination_configs: list[str], *rest: Any) -> Any:
        _refuse(logging_problem(arn, log_destination_configs))
        return stock_log(self, arn, log_destination_configs, *rest)

    replace(WAFV2Backend, "put_logging_configuration", log)
    replace(WAFV2Backend, "associate_web_acl", associate)
    replace(WAFV2Backend, "delete_web_acl", delete)
    replace(WAFV2Backend, "create_web_acl", create)
    replace(WAFV2Backend, "update_web_acl", update)


def association_problem(web_acl_arn: str, resource_arn: str) -> tuple[str, str] | None:
    """Error code and message when a web ACL cannot stand before a resource."""
    from moto.elbv2.models import elbv2_backends

    region = backends.region_of(resource_arn)
    if ":loadbalancer/app/" not in resource_arn or region != backends.region_of(web_acl_arn):
        message = f"{resource_arn} is no application load balancer of the web ACL's Region"
        return "WAFInvalidParameterException", message
    if resource_arn not in elbv2_backends[backends.ACCOUNT][region].load_balancers:
        return "WAFUnavailableEntityException", f"{resource_arn} does not exist"
    return None


def rules_problem(rules: list[dict[str, Any]]) -> tuple[str, str] | None:
    """Error code and message when a web ACL cannot have these rules."""
    priorities = [rule["Priority"] for rule in rules]
    if len(set(priorities)) != len(priorities):
        return "WAFInvalidParameterException", f"The priorities {priorities} are not distinct"
    for rule in rules:
        statement: dict[str, Any] = rule["Statement"]
        group = "ManagedRuleGroupStatement" in statement
        if group is not bool(rule.get("OverrideAction")) or group is bool(rule.get("Action")):
            wanted = "an OverrideAction" if group else "an Action"
            return "WAFInvalidParameterException", f"Rule {rule['Name']} must have {wanted}, alone"
        window_s = statement.get("RateBasedStatement", {}).get("EvaluationWindowSec", 300)
        if window_s not in WINDOWS_S:
            message = f"Rule {rule['Name']} looks at {window_s} s; expected one of {WINDOWS_S}"
            return "WAFInvalidParameterException", message
    return None


def logging_problem(web_acl_arn: str, destinations: list[str]) -> tuple[str, str] | None:
    """Error code and message when a web ACL cannot log to these.

    https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html: one destination,
    of the web ACL's Region, with a name that begins as WAF wants it.
    """
    from moto.logs.models import logs_backends

    region = backends.region_of(web_acl_arn)
    if len(destinations) != 1:
        told = f"{len(destinations)} logging destinations; a web ACL has one"
        return "WAFInvalidParameterException", told
    destination = destinations[0]
    group = destination.partition(":log-group:")[2].removesuffix(":*")
    if not group.startswith(LOG_GROUP_PREFIX) or backends.region_of(destination) != region:
        message = (
            f"{destination} is no log group of {region} whose name begins with {LOG_GROUP_PREFIX}"
        )
        return "WAFInvalidParameterException", message
    if group not in logs_backends[backends.ACCOUNT][region].groups:
        return "WAFLogDestinationPermissionIssueException", f"{destination} does not exist"
    return None


def _refuse(problem: tuple[str, str] | None) -> None:
    from moto.core.exceptions import JsonRESTError

    if problem is not None:
        raise JsonRESTError(*problem)
