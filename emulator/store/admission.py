"""Whom a load balancer's security groups let in, read from moto's EC2 at each new connection.

https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from emulator.store.backends import backend_of, region_of, values_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_EVERYONE: Final = "0.0.0.0/0"
_EVERY_PROTOCOL: Final = "-1"


@dataclass(frozen=True, kw_only=True)
class Admission:
    """Whether a connection is let in, and whether it is tracked then.

    A tracked one stays when the rule that let it in goes. One that everybody may make is not
    tracked if a rule lets everything out too, and breaks with its rule.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html
    """

    admitted: bool
    tracked: bool = True


def read_admission(load_balancer_arn: str, port: int, client: str) -> Admission:
    """Whether a client's address may connect to a listener's port now.

    A load balancer without security groups of its own has its network's default one, which lets
    nobody in from outside.
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
    """
    region = region_of(load_balancer_arn)
    balancing, network = backend_of(elbv2_backends, region), backend_of(ec2_backends, region)
    raw = balancing.load_balancers.get(load_balancer_arn) if balancing else None
    if raw is None or network is None:
        return Admission(admitted=False)
    found = _groups(raw, network)
    lists = network.managed_prefix_lists
    letting = [
        source
        for group in found
        for rule in list(group.ingress_rules)
        if _is_for(rule, port)
        for source in _sources(rule, lists)
        if _holds(source, client)
    ]
    if not letting:
        return Admission(admitted=False)
    untracked = _EVERYONE in letting and any(map(_lets_everything_out, found))
    return Admission(admitted=True, tracked=not untracked)


def _groups(balancer: Any, network: Any) -> list[Any]:
    own = set(balancer.security_groups or ())
    return [
        group
        for groups in values_of(network.groups)
        for group in values_of(groups)
        if (group.id in own if own else group.is_default and group.vpc_id == balancer.vpc_id)
    ]


def _is_for(rule: Any, port: int) -> bool:
    if rule.ip_protocol == _EVERY_PROTOCOL:
        return True
    return bool(rule.ip_protocol == "tcp" and rule.from_port <= port <= rule.to_port)


def _sources(rule: Any, prefix_lists: Any) -> Iterable[str]:
    """Blocks of addresses that a rule is for; another group's members never come from outside."""
    block = rule.ip_range.get("CidrIp")
    if block:
        yield str(block)
    named = prefix_lists.get(rule.prefix_list_id) if rule.prefix_list_id else None
    if named is not None:
        versions = dict(named.entries)  # AWS's own lists are kept without a current version
        current = versions.get(named.version) or next(reversed(versions.values()), ())
        yield from (str(each["Cidr"]) for each in current)


def _lets_everything_out(group: Any) -> bool:
    return any(
        rule.ip_protocol == _EVERY_PROTOCOL and rule.ip_range.get("CidrIp") == _EVERYONE
        for rule in list(group.egress_rules)
    )


@lru_cache(maxsize=1024)
def _holds(block: str, client: str) -> bool:
    address, network = ip_address(client), ip_network(block, strict=False)
    if not isinstance(address, IPv4Address) or not isinstance(network, IPv4Network):
        return False
    return address in network
