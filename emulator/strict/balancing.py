"""ELB: load balancers, listeners and targets that AWS refuses.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

from __future__ import annotations

from typing import Any, Final

from emulator import policy
from emulator.patches.mending import replace
from emulator.strict import backends

_FEWEST_ZONES: Final = 2
_BALANCER: Final = "elasticloadbalancing.amazonaws.com"


def apply() -> None:
    """Guard load balancers, listeners and target registration."""
    _make_known("AccessDenied", "UnsupportedCertificate")
    _guard_load_balancers()
    _guard_listeners()
    _guard_targets()


def _make_known(*codes: str) -> None:
    """Error codes that AWS answers with and its models leave out: moto warns of each use."""
    from moto.core.errors import COMMON_ERROR_CODES

    COMMON_ERROR_CODES.extend(code for code in codes if code not in COMMON_ERROR_CODES)


def _guard_load_balancers() -> None:
    from moto.elbv2.exceptions import ELBClientError
    from moto.elbv2.models import ELBv2Backend

    stock_create, stock_subnets = ELBv2Backend.create_load_balancer, ELBv2Backend.set_subnets

    def check(self: Any, subnet_ids: list[str]) -> None:
        subnets = [self.ec2_backend.get_subnet(each) for each in subnet_ids]
        zones = {each.availability_zone for each in subnets if each is not None}
        if len(zones) < _FEWEST_ZONES:
            raise ELBClientError(
                "ValidationError",
                "At least two subnets in two different Availability Zones must be specified; "
                f"got {len(subnet_ids)} in {sorted(zones)}",
            )
        if len(zones) < len(subnet_ids):
            raise ELBClientError(
                "InvalidConfigurationRequest",
                "A load balancer cannot be attached to multiple subnets in the same "
                f"Availability Zone; {len(subnet_ids)} subnets are in {sorted(zones)}",
            )

    def create(self: Any, *args: Any, **named: Any) -> Any:
        kind = named.get("loadbalancer_type") or "application"
        subnets = named.get("subnet_ids") or (args[2] if len(args) > 2 else [])  # noqa: PLR2004  # moto's third parameter
        mapped = [each["SubnetId"] for each in named.get("subnet_mappings") or []]
        if kind == "application":
            check(self, [*subnets, *mapped])
        name = named.get("name") or (args[0] if args else None)
        if name in {each.name for each in self.load_balancers.values()}:
            raise ELBClientError(  # AWS answers with the one there is only if all of it is the same
                "DuplicateLoadBalancerName",
                f"A load balancer with the same name '{name}' exists, but with different settings",
            )
        return stock_create(self, *args, **named)

    def set_subnets(self: Any, arn: str, *args: Any, **named: Any) -> Any:
        subnets = named.get("subnets") or (args[0] if args else None) or []
        mapped = named.get("subnet_mappings") or (args[1] if len(args) > 1 else None) or []
        if subnets or mapped:
            check(self, [*subnets, *(each["SubnetId"] for each in mapped)])
        return stock_subnets(self, arn, *args, **named)

    replace(ELBv2Backend, "create_load_balancer", create)
    replace(ELBv2Backend, "set_subnets", set_subnets)


def _guard_listeners() -> None:
    from moto.elbv2.exceptions import ELBClientError
    from moto.elbv2.models import ELBv2Backend

    stock_create, stock_modify = ELBv2Backend.create_listener, ELBv2Backend.modify_listener

    def create(self: Any, load_balancer_arn: str, *args: Any, **named: Any) -> Any:
        names = ("protocol", "port", "ssl_policy", "certificate")
        given = dict(zip(names, args, strict=False)) | named
        balancer = self.load_balancers.get(load_balancer_arn)
        problem = listener_problem(balancer, given, self.region_name) if balancer else None
        if problem:
            raise ELBClientError(*problem)
        return stock_create(self, load_balancer_arn, *args, **named)

    def modify(self: Any, arn: str, *args: Any, **named: Any) -> Any:
        names = ("port", "protocol", "ssl_policy", "certificates")
        given = dict(zip(names, args, strict=False)) | named
        for each in given.get("certificates") or []:
            problem = certificate_problem(each["CertificateArn"], self.region_name)
            if problem:
                raise ELBClientError(*problem)
        return stock_modify(self, arn, *args, **named)

    replace(ELBv2Backend, "create_listener", create)
    replace(ELBv2Backend, "modify_listener", modify)


def listener_problem(balancer: Any, given: dict[str, Any], region: str) -> tuple[str, str] | None:
    """Error code and message when a load balancer cannot have this listener; None when it can."""
    port = given["port"]
    if any(str(each.port) == str(port) for each in balancer.listeners.values()):
        return "DuplicateListener", f"a listener on port {port} of {balancer.name} already exists"
    if given["protocol"] != "HTTPS":
        return None
    if not given.get("certificate"):
        message = f"A certificate must be specified for HTTPS listeners ({balancer.name}:{port})"
        return "ValidationError", message
    return certificate_problem(given["certificate"], region)


def certificate_problem(arn: str, region: str) -> tuple[str, str] | None:
    """Error code and message when a listener cannot use a certificate; None when it can."""
    from moto.acm.models import acm_backends

    if ":acm:" not in arn:
        return None
    if backends.region_of(arn) != region:
        return (
            "CertificateNotFound",
            f"Certificate '{arn}' not found: it is not in the listener's Region {region}",
        )
    backend: Any = acm_backends[backends.ACCOUNT][region]
    found = backend._certificates.get(arn)  # noqa: SLF001  # the public read raises instead
    if found is None:
        return "CertificateNotFound", f"Certificate '{arn}' not found"
    found.check()
    if found.status != "ISSUED":
        message = (
            f"The certificate '{arn}' must have a status of ISSUED; it is {found.status}. Its DNS "
            "validation records must exist first (pulumi: use the CertificateValidation's ARN)"
        )
        return "UnsupportedCertificate", message
    return None


def _guard_targets() -> None:
    from moto.elbv2.exceptions import ELBClientError
    from moto.elbv2.models import ELBv2Backend

    stock_register = ELBv2Backend.register_targets

    def register(self: Any, target_group_arn: str, instances: list[dict[str, Any]]) -> None:
        group = self.target_groups.get(target_group_arn)
        if group is not None and group.target_type == "lambda":
            others = set(group.targets) - {each["Id"] for each in instances}
            if len(others) + len(instances) > 1:
                raise ELBClientError(
                    "TooManyTargets", "a Lambda target group takes exactly one target"
                )
            for each in instances:
                problem = target_problem(each["Id"], target_group_arn)
                if problem:
                    raise ELBClientError(*problem)
        stock_register(self, target_group_arn, instances)

    replace(ELBv2Backend, "register_targets", register)


def target_problem(function_arn: str, target_group_arn: str) -> tuple[str, str] | None:
    """Error code and message when a function cannot be a group's target; None when it can."""
    from moto.awslambda.models import lambda_backends

    region = backends.region_of(target_group_arn)
    parts = function_arn.split(":")
    if len(parts) < 7 or parts[2] != "lambda":  # noqa: PLR2004  # arn:aws:lambda:region:account:function:name
        return "InvalidTarget", f"'{function_arn}' is not the ARN of a Lambda function"
    if parts[3] != region:
        message = (
            f"the function {function_arn} is in {parts[3]} and the target group in {region}: a "
            "load balancer invokes functions of its own Region only"
        )
        return "InvalidTarget", message
    name, qualifier = parts[6], parts[7] if len(parts) > 7 else None  # noqa: PLR2004  # same
    try:
        function = lambda_backends[backends.ACCOUNT][region].get_function(name, qualifier)
    except Exception:  # noqa: BLE001  # moto has one error for each way of not being there
        return "InvalidTarget", f"the function {function_arn} does not exist"
    document = {"Version": "2012-10-17", "Statement": function.policy.statements}
    context = {policy.PRINCIPAL_SERVICE: _BALANCER, "aws:SourceArn": target_group_arn}
    context["aws:SourceAccount"] = backends.ACCOUNT
    if policy.allows((document,), "lambda:InvokeFunction", function_arn, context):
        return None
    message = (
        f"elasticloadbalancing principal does not have permission to invoke {function_arn} from "
        f"target group {target_group_arn}: expected a Lambda permission for the principal "
        f"{_BALANCER}, that source ARN"
        + (f" and the qualifier {qualifier!r}" if qualifier else "")
        + ", in place before the target is registered"
    )
    return "AccessDenied", message
