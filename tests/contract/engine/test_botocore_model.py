"""Calls are held to their botocore model, including what botocore itself lets through."""

from __future__ import annotations

import re
from typing import Any

import pytest

from emulator import botocore_model, catalogue

CHECK = {"CallerReference": "abcdefgh", "HealthCheckConfig": {"Type": "HTTPS"}}


@pytest.mark.parametrize(
    ("service", "operation", "params", "said"),
    [
        ("ec2", "CreateSubnet", {}, "VpcId is missing; it is required"),
        ("ec2", "CreateVpc", {"Cidr": "x"}, "Cidr is not a member of CreateVpcRequest"),
        ("ec2", "CreateVpc", {"CidrBlock": 5}, "CidrBlock is 5; expected a string"),
        ("ec2", "CreateVpc", {"DryRun": "yes"}, "DryRun is 'yes'; expected a boolean"),
        ("ec2", "DeleteVpc", {"VpcId": ["a"]}, "VpcId is ['a']; expected a string"),
        ("elbv2", "DescribeTags", {"ResourceArns": "a"}, "ResourceArns is 'a'; expected a list"),
        (
            "lambda",
            "PutFunctionConcurrency",
            {"FunctionName": "f", "ReservedConcurrentExecutions": -1},
            "ReservedConcurrentExecutions is -1; expected at least 0",
        ),
        (
            "route53",
            "CreateHealthCheck",
            CHECK | {"HealthCheckConfig": {"Type": "HTTPZ"}},
            "HealthCheckConfig.Type is 'HTTPZ'; expected one of HTTP, HTTPS",
        ),
        (
            "route53",
            "CreateHealthCheck",
            {"CallerReference": "", "HealthCheckConfig": {"Type": "HTTP"}},
            "CallerReference has 0 characters; expected at least 1 characters",
        ),
        (
            "lambda",
            "CreateAlias",
            {"FunctionName": "f", "Name": "5", "FunctionVersion": "1"},
            "Name is '5'; expected a match of",
        ),
        (
            "route53",
            "ChangeTagsForResource",
            {"ResourceType": "healthcheck", "ResourceId": "x", "RemoveTagKeys": []},
            "RemoveTagKeys has 0 items; expected at least 1 items",
        ),
        ("sts", "GetCallerIdentity", {"Who": "me"}, "Who is not a member"),
    ],
)
def test_a_violation_is_named_with_its_path(
    service: str, operation: str, params: dict[str, Any], said: str
) -> None:
    found = botocore_model.problems(service, operation, params)
    assert any(said in each for each in found), f"expected {said!r} among {found}"


def test_fit_calls_and_unknown_values_pass() -> None:
    assert botocore_model.problems("route53", "CreateHealthCheck", CHECK) == ()
    unknown = {"VpcId": botocore_model.UNKNOWN}
    assert botocore_model.problems("ec2", "CreateSubnet", unknown) == ()


def test_every_pattern_of_every_catalogued_service_can_be_checked() -> None:
    """A pattern that Python cannot compile would be a hole in the check."""
    services = {kind.service for kind in catalogue.all_types().values()}
    for service in sorted(services):
        model = botocore_model.service_model(service)
        for name in model.shape_names:
            pattern = model.shape_for(name).metadata.get("pattern")
            if pattern:
                try:
                    botocore_model.compiled(pattern)
                except re.error as error:
                    pytest.fail(f"{service} {name}: {pattern}: {error}")
