"""Callers that AWS turns away: asked too often, or with credentials that count no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.retries.standard import RetryContext, ThrottledRetryableChecker

from emulator.door import throttling
from tests.contract.storage.aws import EAST, WEST, allow, document

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.storage.aws import Aws

CALLS: dict[str, Callable[[Aws], Any]] = {
    "arc-zonal-shift": lambda aws: aws.client("arc-zonal-shift").list_zonal_shifts(),
    "backup": lambda aws: aws.client("backup").list_backup_vaults(),
    "dynamodb": lambda aws: aws.client("dynamodb").list_tables(),
    "ec2": lambda aws: aws.client("ec2").describe_vpcs(),
    "elasticloadbalancing": lambda aws: aws.client("elbv2").describe_load_balancers(),
    "fis": lambda aws: aws.client("fis").list_experiments(),
    "iam": lambda aws: aws.client("iam").list_roles(),
    "kms": lambda aws: aws.client("kms").list_keys(),
    "lambda": lambda aws: aws.client("lambda").list_functions(),
    "monitoring": lambda aws: aws.client("cloudwatch").describe_alarms(),
    "route53": lambda aws: aws.client("route53").list_hosted_zones(),
    "s3": lambda aws: aws.client("s3").list_buckets(),
    "secretsmanager": lambda aws: aws.client("secretsmanager").list_secrets(),
    "ssm": lambda aws: aws.client("ssm").describe_parameters(),
    "states": lambda aws: aws.client("stepfunctions").list_state_machines(),
    "sts": lambda aws: aws.client("sts").get_caller_identity(),
    "tagging": lambda aws: aws.client("resourcegroupstaggingapi").get_resources(),
}


def test_every_service_that_can_be_throttled_is_called_here() -> None:
    assert CALLS.keys() == throttling.SERVICES


@pytest.mark.parametrize("service", CALLS)
def test_a_throttled_service_says_so_in_its_own_words(aws: Aws, service: str) -> None:
    """By a code that botocore itself knows to come back after."""
    fault = aws.faults.lose("api_throttled", f"{EAST}/{service}")
    with pytest.raises(ClientError) as refused:
        CALLS[service](aws)
    seen = RetryContext(attempt_number=1, parsed_response=refused.value.response)
    assert ThrottledRetryableChecker().is_retryable(seen)
    aws.faults.restore(fault.id)


def test_only_the_throttled_service_of_the_region_is_and_only_until_it_ends(aws: Aws) -> None:
    for region in (EAST, WEST):
        where = {} if region == EAST else {"LocationConstraint": region}
        more = {"CreateBucketConfiguration": where} if where else {}
        aws.client("s3", region).create_bucket(Bucket=f"bucket-{region}", **more)
    fault = aws.faults.lose("api_throttled", f"{WEST}/s3")
    aws.client("s3").put_object(Bucket=f"bucket-{EAST}", Key="a", Body=b"")
    aws.client("dynamodb", WEST).list_tables()
    for signed_in in (EAST, WEST):
        with pytest.raises(ClientError, match="SlowDown"):
            aws.client("s3", signed_in).put_object(Bucket=f"bucket-{WEST}", Key="a", Body=b"")
    aws.faults.restore(fault.id)
    aws.client("s3", WEST).put_object(Bucket=f"bucket-{WEST}", Key="a", Body=b"")


def test_an_access_key_that_is_made_inactive_counts_no_more(aws: Aws) -> None:
    iam = aws.client("iam")
    iam.create_user(UserName="on-call")
    iam.put_user_policy(
        UserName="on-call", PolicyName="all", PolicyDocument=document(allow(["s3:*"], ["*"]))
    )
    key = iam.create_access_key(UserName="on-call")["AccessKey"]
    s3 = aws.client("s3", credentials={**key, "SessionToken": None})
    s3.list_buckets()
    turned = {"UserName": "on-call", "AccessKeyId": key["AccessKeyId"]}
    iam.update_access_key(**turned, Status="Inactive")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        s3.list_buckets()
    iam.update_access_key(**turned, Status="Active")
    s3.list_buckets()


def test_the_sessions_of_a_role_can_end_before_their_time(aws: Aws) -> None:
    sessions = []
    for name in ("on-call", "deploys"):
        arn = aws.role(name, "ec2.amazonaws.com", allow(["s3:*"], ["*"]))
        session = aws.client("sts").assume_role(RoleArn=arn, RoleSessionName=name)["Credentials"]
        sessions.append((arn, aws.client("s3", credentials=session)))
    (arn, s3), (_, other) = sessions
    s3.list_buckets()
    fault = aws.faults.lose("credentials_expired", arn)
    with pytest.raises(ClientError, match="ExpiredToken"):
        s3.list_buckets()
    other.list_buckets()
    aws.faults.restore(fault.id)
    s3.list_buckets()
