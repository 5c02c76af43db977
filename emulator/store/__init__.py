"""The deployed state as the data plane sees it: typed, frozen views of moto's backends.

moto is the store; this package is the one place of the data plane that knows how moto keeps
things. Views are read at each request and never cached, so what was deployed a moment ago is
served now. Reads are safe while moto's server threads write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.store import admission, balancing, firewalls, functions, names
from emulator.store.balancing import Certificate, LoadBalancer, TargetGroup, TrustStore
from emulator.store.functions import Function, FunctionVersion
from emulator.store.names import HealthCheck, Zone

if TYPE_CHECKING:
    from emulator.store.admission import Admission
    from emulator.store.firewalls import Firewall

__all__ = [
    "Certificate",
    "Function",
    "FunctionVersion",
    "HealthCheck",
    "LoadBalancer",
    "Store",
    "TargetGroup",
    "TrustStore",
    "Zone",
]


class Store:
    """Frozen views of what is deployed. Stateless: every call reads moto anew."""

    def load_balancers(self) -> list[LoadBalancer]:
        """Every Application Load Balancer in every Region."""
        return balancing.read_load_balancers()

    def load_balancer(self, arn: str) -> LoadBalancer | None:
        """One load balancer by ARN; None when it does not exist."""
        return balancing.read_load_balancer(arn)

    def load_balancer_named(self, dns_name: str) -> LoadBalancer | None:
        """One load balancer by its DNS name (lower case, no final dot); None without one."""
        return balancing.read_load_balancer_named(dns_name)

    def target_groups(self) -> list[TargetGroup]:
        """Every target group in every Region."""
        return balancing.read_target_groups()

    def target_group(self, arn: str) -> TargetGroup | None:
        """One target group by ARN; None when it does not exist."""
        return balancing.read_target_group(arn)

    def certificate(self, arn: str) -> Certificate | None:
        """One ACM certificate by ARN; None when it does not exist."""
        return balancing.read_certificate(arn)

    def trust_store(self, arn: str) -> TrustStore | None:
        """One trust store by ARN; None when it does not exist."""
        return balancing.read_trust_store(arn)

    def firewall(self, load_balancer_arn: str) -> Firewall | None:
        """The web ACL in front of a load balancer; None without one."""
        return firewalls.read_firewall(load_balancer_arn)

    def admission(self, load_balancer_arn: str, port: int, client: str) -> Admission:
        """Whether a load balancer's security groups let a client's address connect now."""
        return admission.read_admission(load_balancer_arn, port, client)

    def functions(self) -> list[Function]:
        """Every Lambda function in every Region."""
        return functions.read_functions()

    def functions_in(self, region: str) -> list[Function]:
        """Every Lambda function in one Region."""
        return functions.read_functions_in(region)

    def provisioned_functions(self) -> list[Function]:
        """Every Lambda function that has environments provisioned."""
        return functions.read_provisioned_functions()

    def function(self, region: str, name: str) -> Function | None:
        """One function by its plain name; None when it does not exist."""
        return functions.read_function(region, name)

    def package(self, version: FunctionVersion) -> bytes | None:
        """The zip that a version runs; None when the version has gone."""
        return functions.read_package(version)

    def zones(self) -> list[Zone]:
        """Every public hosted zone with its records."""
        return names.read_zones()

    def health_checks(self) -> list[HealthCheck]:
        """Every Route 53 health check."""
        return names.read_health_checks()

    def health_check(self, check_id: str) -> HealthCheck | None:
        """One Route 53 health check by id; None when it does not exist."""
        return names.read_health_check(check_id)

    def alarm_state(self, region: str, name: str) -> str | None:
        """State of a CloudWatch alarm; None when there is no such alarm."""
        return names.read_alarm_state(region, name)
