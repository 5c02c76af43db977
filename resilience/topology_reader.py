"""Reads a deployed stack back through AWS APIs: the one reading path, in AWS and the emulator.

Reads only. Every name in here is an AWS response field; what leaves is `resilience.topology`.
"""

from __future__ import annotations

import base64
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from resilience.aws import AwsMissingError
from resilience.capacity_reader import (
    client_keep_alive_s,
    provisioned_concurrency,
    reserved_concurrency,
    table_consistency,
)
from resilience.objectives import Objectives
from resilience.observer_reader import read_observer
from resilience.topology import (
    ALIAS_TTL_S,
    Bucket,
    Function,
    HealthCheck,
    Listener,
    ListenerRule,
    LoadBalancer,
    Record,
    Region,
    TargetGroup,
    TokenDemand,
    Topology,
    Watch,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from resilience.aws import Aws
    from resilience.outputs import RegionOutputs, StackOutputs

    CheckReader = Callable[[str], HealthCheck]

GLOBAL_REGION = "us-east-1"
"""Route 53's control plane lives here: records and health checks can only be read while it does."""


def read_topology(aws: Aws, outputs: StackOutputs) -> Topology:
    """Read what is deployed.

    Raises:
        AwsError: something the outputs name is gone, refused or out of reach.
    """
    records = read_records(aws, outputs.zone_id)
    order = [region.region for region in outputs.regions]
    check = partial(read_health_check, aws)
    regions = tuple(read_region(aws, region, order, check) for region in outputs.regions)
    return Topology(
        project=outputs.project,
        stack=outputs.stack,
        zone_id=outputs.zone_id,
        zone_name=outputs.zone_name,
        predict_name=outputs.predict_name,
        table_name=outputs.table_name,
        records=records,
        regions=regions,
        joint_checks=read_joint_checks(records, regions, check),
        table_consistency=table_consistency(aws, order[0], outputs.table_name),
    )


def read_joint_checks(
    records: tuple[Record, ...], regions: tuple[Region, ...], check: CheckReader
) -> tuple[HealthCheck, ...]:
    """Read the checks that records follow and that are no Region's serving check."""
    own = {region.serving_check.id for region in regions}
    followed = {record.health_check_id for record in records} - own
    found: list[HealthCheck] = []
    for check_id in sorted(each for each in followed if each is not None):
        try:
            found.append(check(check_id))
        except AwsMissingError:
            continue  # a record may follow a check that is gone: a finding, not an error
    return tuple(found)


def read_records(aws: Aws, zone_id: str) -> tuple[Record, ...]:
    """Read the records that lead traffic: addresses, aliases and canonical names.

    Raises:
        AwsError: Route 53's control plane refused, or is out of reach.
    """
    pages = aws.pages(
        "route53", "list_resource_record_sets", region=GLOBAL_REGION, HostedZoneId=zone_id
    )
    records = [
        _record(record)
        for page in pages
        for record in page["ResourceRecordSets"]
        if record["Type"] in {"A", "AAAA", "CNAME"}
    ]
    return tuple(
        sorted(records, key=lambda each: (each.name, each.set_identifier or "", each.kind))
    )


def _record(record: Any) -> Record:
    alias = record.get("AliasTarget")
    values = tuple(_host(value["Value"]) for value in record.get("ResourceRecords", ()))
    return Record(
        name=_host(record["Name"]),
        kind=record["Type"],
        targets=values if alias is None else (_host(alias["DNSName"]),),
        alias=alias is not None,
        ttl_s=ALIAS_TTL_S if alias is not None else float(record["TTL"]),
        set_identifier=record.get("SetIdentifier"),
        failover_role=record.get("Failover"),
        latency_region=record.get("Region"),
        health_check_id=record.get("HealthCheckId"),
    )


def _host(name: str) -> str:
    """Bring a DNS name to one form: lower case, no final dot, no `dualstack.` prefix."""
    return name.rstrip(".").lower().removeprefix("dualstack.")


def watchers_in(outputs: RegionOutputs, order: list[str]) -> list[tuple[str, str]]:
    """List who watches a Region, nearest first, with the check by which each can take it out."""
    # Outputs keep no order within a map; the ring does.
    place = order.index(outputs.region)
    return sorted(
        outputs.evacuation_check_ids.items(),
        key=lambda each: (order.index(each[0]) - place) % len(order) if each[0] in order else 0,
    )


def read_region(aws: Aws, outputs: RegionOutputs, order: list[str], check: CheckReader) -> Region:
    """Read what one Region holds. Its health checks are read by `check`: they are Route 53's.

    Raises:
        AwsError: something the outputs name is gone, refused or out of reach.
    """
    region = outputs.region
    function = _function(aws, region, outputs.function_name, outputs.alias_name)
    promised = json.loads(
        aws.call("ssm", "get_parameter", region=region, Name=outputs.objectives_parameter)[
            "Parameter"
        ]["Value"]
    )
    return Region(
        region=region,
        regional_name=_host(outputs.regional_name),
        load_balancer=_load_balancer(aws, region, outputs.load_balancer_arn),
        listener=_listener(aws, region, outputs.listener_arn),
        target_group=_target_group(aws, region, outputs.target_group_arn),
        function=function,
        evacuation_function=outputs.evacuation_function_name,
        release_bucket=_bucket(aws, region, outputs.release_bucket),
        prediction_bucket=_bucket(aws, region, outputs.prediction_bucket),
        evacuation_bucket=outputs.evacuation_bucket,
        release_present=_present(
            aws, region, outputs.release_bucket, f"releases/{function.code_sha256}.zip"
        ),
        deep_check=check(outputs.deep_check_id),
        watches=tuple(
            Watch(watcher=watcher, check=check(check_id))
            for watcher, check_id in watchers_in(outputs, order)
        ),
        serving_check=check(outputs.serving_check_id),
        objectives=Objectives(
            rto_s=float(promised["rto_s"]),
            rpo_s=float(promised["rpo_s"]),
            availability_ratio=float(promised["availability"]),
        ),
        failback_hold_s=float(promised["failback_hold_s"]),
        observer=read_observer(aws, region, outputs.observer_function_name),
    )


def read_health_check(aws: Aws, check_id: str) -> HealthCheck:
    """Read one health check from Route 53's control plane. Raises `AwsError`."""
    reply = aws.call("route53", "get_health_check", region=GLOBAL_REGION, HealthCheckId=check_id)
    config = reply["HealthCheck"]["HealthCheckConfig"]
    return HealthCheck(
        id=check_id,
        kind=config["Type"],
        inverted=bool(config.get("Inverted", False)),
        disabled=bool(config.get("Disabled", False)),
        host=config.get("FullyQualifiedDomainName"),
        path=config.get("ResourcePath"),
        port=config.get("Port"),
        search=config.get("SearchString"),
        interval_s=config.get("RequestInterval"),
        failure_threshold=config.get("FailureThreshold"),
        children=tuple(sorted(config.get("ChildHealthChecks", ()))),
        child_threshold=config.get("HealthThreshold"),
    )


def _load_balancer(aws: Aws, region: str, arn: str) -> LoadBalancer:
    reply = aws.call("elbv2", "describe_load_balancers", region=region, LoadBalancerArns=[arn])
    found = reply["LoadBalancers"][0]
    return LoadBalancer(
        arn=arn,
        host=_host(found["DNSName"]),
        zones=tuple(sorted(zone["ZoneName"] for zone in found["AvailabilityZones"])),
        client_keep_alive_s=client_keep_alive_s(aws, region, arn),
    )


def _listener(aws: Aws, region: str, arn: str) -> Listener:
    found = aws.call("elbv2", "describe_listeners", region=region, ListenerArns=[arn])
    listener = found["Listeners"][0]
    rules = aws.call("elbv2", "describe_rules", region=region, ListenerArn=arn)["Rules"]
    return Listener(
        arn=arn,
        port=int(listener["Port"]),
        protocol=listener["Protocol"],
        default_target_group_arn=_forward(listener["DefaultActions"]),
        rules=tuple(
            ListenerRule(paths=_paths(rule), target_group=_target_group(aws, region, forward))
            for rule in rules
            if not rule.get("IsDefault") and (forward := _forward(rule["Actions"])) is not None
        ),
        tokens=_tokens(listener["DefaultActions"]),
        client_certificates=listener.get("MutualAuthentication", {}).get("Mode") == "verify",
    )


def _tokens(actions: Any) -> TokenDemand | None:
    """Read what a listener wants of tokens, if it asks for them."""
    for action in actions:
        if action["Type"] == "jwt-validation":
            config = action["JwtValidationConfig"]
            claims = config.get("AdditionalClaims", ())
            return TokenDemand(
                issuer=config["Issuer"],
                jwks_endpoint=config["JwksEndpoint"],
                claims=tuple((each["Name"], tuple(each["Values"])) for each in claims),
            )
    return None


def _forward(actions: Any) -> str | None:
    """Find the target group that a single forward action names."""
    for action in actions:
        if action["Type"] == "forward":
            groups = action.get("ForwardConfig", {}).get("TargetGroups", ())
            return action.get("TargetGroupArn") or next(
                (group["TargetGroupArn"] for group in groups), None
            )
    return None


def _paths(rule: Any) -> tuple[str, ...]:
    """List the path patterns of a rule."""
    return tuple(
        pattern
        for condition in rule["Conditions"]
        if condition["Field"] == "path-pattern"
        for pattern in condition.get("Values")
        or condition.get("PathPatternConfig", {}).get("Values", ())
    )


def _target_group(aws: Aws, region: str, arn: str) -> TargetGroup:
    groups = aws.call("elbv2", "describe_target_groups", region=region, TargetGroupArns=[arn])
    health = aws.call("elbv2", "describe_target_health", region=region, TargetGroupArn=arn)
    return TargetGroup(
        arn=arn,
        health_check_enabled=bool(groups["TargetGroups"][0].get("HealthCheckEnabled", False)),
        targets=tuple(sorted(each["Target"]["Id"] for each in health["TargetHealthDescriptions"])),
    )


def _function(aws: Aws, region: str, name: str, alias_name: str) -> Function:
    alias = aws.call("lambda", "get_alias", region=region, FunctionName=name, Name=alias_name)
    version = str(alias["FunctionVersion"])
    config = aws.call(
        "lambda", "get_function_configuration", region=region, FunctionName=name, Qualifier=version
    )
    variables = config.get("Environment", {}).get("Variables", {})
    return Function(
        name=name,
        alias=alias_name,
        alias_arn=alias["AliasArn"],
        version=version,
        code_sha256=base64.b64decode(config["CodeSha256"]).hex(),
        release_digest=variables.get("UNDERSTUDY_RELEASE_DIGEST"),
        memory_mb=int(config["MemorySize"]),
        timeout_s=float(config["Timeout"]),
        invocable_by=_invokers(aws, region, name, alias_name),
        reserved_concurrency=reserved_concurrency(aws, region, name),
        provisioned_concurrency=provisioned_concurrency(aws, region, name, alias_name),
    )


def _invokers(aws: Aws, region: str, name: str, alias_name: str) -> tuple[str, ...]:
    """List the source ARNs that the alias's own policy lets load balancers invoke it from."""
    try:
        reply = aws.call(
            "lambda", "get_policy", region=region, FunctionName=name, Qualifier=alias_name
        )
    except AwsMissingError:
        return ()
    statements = json.loads(reply["Policy"])["Statement"]
    return tuple(
        sorted(
            statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "*")
            for statement in statements
            if statement["Principal"]["Service"] == "elasticloadbalancing.amazonaws.com"
        )
    )


def _bucket(aws: Aws, region: str, name: str) -> Bucket:
    versioning = aws.call("s3", "get_bucket_versioning", region=region, Bucket=name)
    try:
        reply = aws.call("s3", "get_bucket_replication", region=region, Bucket=name)
        rules = reply["ReplicationConfiguration"]["Rules"]
    except AwsMissingError:
        rules = []
    return Bucket(
        name=name,
        versioned=versioning.get("Status") == "Enabled",
        replicates_to=tuple(
            sorted(
                rule["Destination"]["Bucket"].rpartition(":")[2]
                for rule in rules
                if rule["Status"] == "Enabled"
            )
        ),
    )


def _present(aws: Aws, region: str, bucket: str, key: str) -> bool:
    try:
        aws.call("s3", "head_object", region=region, Bucket=bucket, Key=key)
    except AwsMissingError:
        return False
    return True
