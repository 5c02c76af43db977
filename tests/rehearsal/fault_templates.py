"""Templates of the Fault Injection Service on a stack, as its program is to deploy them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from resilience.experiments.catalogue.fis import EXPERIMENT_TAG

if TYPE_CHECKING:
    from drilled import Drilled

ROLE = "understudy-staging-injects"
LASTS = "PT10M"


def deploy(drilled: Drilled, account: str) -> None:
    """Create the templates `az-loss` and `replication-stalled` in the primary's Region."""
    _role(drilled)
    primary, standby = drilled.topology.primary, drilled.topology.standby
    bucket = f"arn:aws:s3:::{primary.prediction_bucket.name}"
    _template(
        drilled,
        account,
        "replication-stalled",
        action="aws:s3:bucket-pause-replication",
        target=("Buckets", "aws:s3:bucket", bucket),
        parameters={"duration": LASTS, "region": standby.region},
    )
    _template(
        drilled,
        account,
        "az-loss",
        action="aws:network:disrupt-connectivity",
        target=("Subnets", "aws:ec2:subnet", _subnet(drilled, account)),
        parameters={"duration": LASTS, "scope": "all"},
    )


def _subnet(drilled: Drilled, account: str) -> str:
    """Give the load balancer's subnet in the last zone."""
    primary = drilled.topology.primary
    reply = drilled.aws.call(
        "elbv2",
        "describe_load_balancers",
        region=primary.region,
        LoadBalancerArns=[primary.load_balancer.arn],
    )
    zones = reply["LoadBalancers"][0]["AvailabilityZones"]
    last = max(zones, key=lambda zone: zone["ZoneName"])
    return f"arn:aws:ec2:{primary.region}:{account}:subnet/{last['SubnetId']}"


def _role(drilled: Drilled) -> None:
    region = drilled.topology.primary.region
    trusting = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "fis.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    anything = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
    call = drilled.aws.call
    call(
        "iam",
        "create_role",
        region=region,
        RoleName=ROLE,
        AssumeRolePolicyDocument=json.dumps(trusting),
    )
    call(
        "iam",
        "put_role_policy",
        region=region,
        RoleName=ROLE,
        PolicyName="all",
        PolicyDocument=json.dumps(anything),
    )


def _template(
    drilled: Drilled,
    account: str,
    name: str,
    *,
    action: str,
    target: tuple[str, str, str],
    parameters: dict[str, Any],
) -> None:
    key, kind, arn = target
    drilled.aws.call(
        "fis",
        "create_experiment_template",
        region=drilled.topology.primary.region,
        clientToken=name,
        description=name,
        roleArn=f"arn:aws:iam::{account}:role/{ROLE}",
        stopConditions=[{"source": "none"}],
        targets={"it": {"resourceType": kind, "selectionMode": "ALL", "resourceArns": [arn]}},
        actions={"break": {"actionId": action, "parameters": parameters, "targets": {key: "it"}}},
        tags={EXPERIMENT_TAG: name},
    )
