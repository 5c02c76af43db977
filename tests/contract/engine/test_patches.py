"""Each patch mends a defect that stock moto still has."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from emulator.engine.aws import AwsError
from tests.contract.engine.cloud import Invoked
from tests.contract.engine.test_strict_balancing import certificate, permit, register, validate
from tests.contract.engine.test_strict_functions import replicate

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud, NoHooks

DEFECTS = (
    "acm issues without records",
    "route53 drops alarms",
    "route53 status is canned",
    "route53 updates remove children",
    "route53 deletes more than asked",
    "elbv2 has one zone id",
    "elbv2 leaves attributes out",
    "elbv2 keeps a lambda matcher",
    "elbv2 has no trust stores",
    "elbv2 does not know tokens",
    "elbv2 calls lambda targets healthy",
    "s3 drops replication details",
    "s3 ignores policy conditions",
    "s3 shortens retentions",
    "s3 does not say what is retained",
    "s3 suspends versions that are locked",
    "s3 locks only what is empty",
    "s3 keeps the tags of deleted buckets",
    "ec2 does not know route 53's checkers",
    "ec2 rules name lists that do not exist",
    "sqs drops a policy that a call does not name",
    "lambda hides zero concurrency",
    "lambda loses the qualifier",
    "kms cannot decrypt under multi-region keys",
    "kms encrypts with disabled keys",
    "kms takes any policy",
    "kms replicas lose their policy",
    "logs takes any key",
    "logs finds every line by a pattern",
    "cloudwatch takes new alarms for healthy",
    "cloudwatch has no composite alarms",
    "cloudwatch has no percentiles",
    "scheduler takes any expression",
    "events knows no functions",
    "sns asks no queue's policy",
)


@pytest.fixture(scope="session")
def stock() -> dict[str, bool]:
    """What moto does without our patches, from a process that never saw them."""
    script = Path(__file__).with_name("stock_moto.py")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("defect", DEFECTS)
def test_stock_moto_still_has_the_defect(stock: dict[str, bool], defect: str) -> None:
    assert stock[defect], "moto has mended this: take the patch out"


def test_every_defect_asked_about_is_listed(stock: dict[str, bool]) -> None:
    assert sorted(stock) == sorted(DEFECTS)


class Report(NamedTuple):
    region: str
    ip: str
    reason: str
    checked_at: datetime


class Status(NamedTuple):
    target: str
    state: str
    reason: str | None
    description: str | None


def check(cloud: Cloud, **config: Any) -> Any:
    made = cloud.call("route53", "CreateHealthCheck", CallerReference="r", HealthCheckConfig=config)
    return made["HealthCheck"]


def test_a_certificate_is_issued_by_its_records_and_by_nothing_else(cloud: Cloud) -> None:
    arn, zone = certificate(cloud), cloud.zone()

    def status() -> str:
        found = cloud.call("acm", "DescribeCertificate", CertificateArn=arn)["Certificate"]
        first = found["DomainValidationOptions"][0]["DomainName"]
        assert first == "predict.example.test", "the certificate's own name comes first"
        return str(found["Status"])

    assert status() == "PENDING_VALIDATION"
    validate(cloud, arn, zone)
    assert status() == "ISSUED"


def test_alarm_checks_keep_their_alarm(cloud: Cloud) -> None:
    alarm = {"Region": "us-east-1", "Name": "a"}
    kept = {
        "Type": "CLOUDWATCH_METRIC",
        "AlarmIdentifier": alarm,
        "InsufficientDataHealthStatus": "Unhealthy",
    }
    made = check(cloud, **kept)
    assert made["HealthCheckConfig"].items() >= kept.items()
    changed = cloud.call(
        "route53",
        "UpdateHealthCheck",
        HealthCheckId=made["Id"],
        InsufficientDataHealthStatus="Healthy",
    )["HealthCheck"]
    assert changed["HealthCheckConfig"]["InsufficientDataHealthStatus"] == "Healthy"
    assert changed["HealthCheckConfig"]["AlarmIdentifier"] == alarm
    assert changed["HealthCheckVersion"] == 2


def test_health_check_status_comes_from_the_checkers(cloud: Cloud, hooks: NoHooks) -> None:
    made = check(cloud, Type="HTTP", FullyQualifiedDomainName="a.test")
    now = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    hooks.reports = [Report("eu-west-1", "127.0.0.9", "Failure: no answer", now)]
    found = cloud.call("route53", "GetHealthCheckStatus", HealthCheckId=made["Id"])
    observation = found["HealthCheckObservations"][0]
    assert (observation["Region"], observation["IPAddress"]) == ("eu-west-1", "127.0.0.9")
    assert observation["StatusReport"] == {"Status": "Failure: no answer", "CheckedTime": now}


def test_an_update_leaves_the_children_it_does_not_name(cloud: Cloud) -> None:
    child = check(cloud, Type="HTTP", FullyQualifiedDomainName="a.test")["Id"]
    whole = check(cloud, Type="CALCULATED", ChildHealthChecks=[child], HealthThreshold=1)["Id"]
    cloud.call("route53", "UpdateHealthCheck", HealthCheckId=whole, Inverted=True)
    config = cloud.call("route53", "GetHealthCheck", HealthCheckId=whole)["HealthCheck"]
    assert config["HealthCheckConfig"]["ChildHealthChecks"] == [child]


def test_a_delete_takes_the_record_that_matches_and_no_other(cloud: Cloud) -> None:
    zone = cloud.zone()

    def change(action: str, name: str, identifier: str) -> None:
        record = {
            "Name": f"{name}.example.test",
            "Type": "A",
            "TTL": 1,
            "SetIdentifier": identifier,
            "Weight": 1,
            "ResourceRecords": [{"Value": "127.0.0.1"}],
        }
        changes = [{"Action": action, "ResourceRecordSet": record}]
        cloud.call(
            "route53",
            "ChangeResourceRecordSets",
            HostedZoneId=zone,
            ChangeBatch={"Changes": changes},
        )

    for name, identifier in (("x", "one"), ("x", "two"), ("y", "one")):
        change("CREATE", name, identifier)
    change("DELETE", "x", "one")
    found = cloud.call("route53", "ListResourceRecordSets", HostedZoneId=zone)
    left = {(each["Name"], each.get("SetIdentifier")) for each in found["ResourceRecordSets"]}
    assert {("x.example.test.", "two"), ("y.example.test.", "one")} <= left
    assert ("x.example.test.", "one") not in left


def test_load_balancers_have_their_regions_zone_and_all_attributes(cloud: Cloud) -> None:
    arn = cloud.load_balancer()
    found = cloud.call("elbv2", "DescribeLoadBalancers", LoadBalancerArns=[arn])
    assert found["LoadBalancers"][0]["CanonicalHostedZoneId"] == "Z35SXDOTRQ7X7K"
    shown = cloud.call("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=arn)
    attributes = {each["Key"]: each["Value"] for each in shown["Attributes"]}
    assert attributes["client_keep_alive.seconds"] == "3600"
    assert attributes["idle_timeout.timeout_seconds"] == "60"


def test_a_lambda_target_groups_matcher_can_change(cloud: Cloud) -> None:
    arn = cloud.target_group()
    matcher = {"HttpCode": "200-299"}
    cloud.call("elbv2", "ModifyTargetGroup", TargetGroupArn=arn, Matcher=matcher)
    found = cloud.call("elbv2", "DescribeTargetGroups", TargetGroupArns=[arn])["TargetGroups"][0]
    assert found["Matcher"] == matcher


def test_target_health_is_what_the_data_plane_says(cloud: Cloud, hooks: NoHooks) -> None:
    function, group = cloud.function("f"), cloud.target_group()
    permit(cloud, function, group)
    register(cloud, group, function)
    hooks.targets = [Status(function, "unhealthy", "Target.FailedHealthChecks", "codes: [503]")]
    found = cloud.call("elbv2", "DescribeTargetHealth", TargetGroupArn=group)
    assert found["TargetHealthDescriptions"][0]["TargetHealth"] == {
        "State": "unhealthy",
        "Reason": "Target.FailedHealthChecks",
        "Description": "codes: [503]",
    }


def test_replication_rules_are_kept_whole(cloud: Cloud) -> None:
    cloud.bucket("source")
    cloud.bucket("target")
    given = replicate("source", "target")
    rule = given["ReplicationConfiguration"]["Rules"][0]
    rule["Filter"] = {"And": {"Prefix": "p/", "Tags": [{"Key": "a", "Value": "1"}]}}
    rule["SourceSelectionCriteria"] = {"ReplicaModifications": {"Status": "Enabled"}}
    rule["Destination"] |= {
        "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
        "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
    }
    cloud.call("s3", "PutBucketReplication", **given)
    found = cloud.call("s3", "GetBucketReplication", Bucket="source")["ReplicationConfiguration"]
    assert found == given["ReplicationConfiguration"]


def test_bucket_policies_are_left_to_the_front_door(cloud: Cloud) -> None:
    bucket = cloud.bucket("guarded")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"StringEquals": {"aws:PrincipalTag/never": "true"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.call("s3", "PutBucketPolicy", Bucket=bucket, Policy=document)
    cloud.call("s3", "PutObject", Bucket=bucket, Key="a", Body=b"1")


def test_a_buckets_tags_go_with_it(cloud: Cloud) -> None:
    cloud.bucket("again")
    tags = {"TagSet": [{"Key": "of", "Value": "the first"}]}
    cloud.call("s3", "PutBucketTagging", Bucket="again", Tagging=tags)
    cloud.call("s3", "DeleteBucket", Bucket="again")
    cloud.bucket("again")
    with pytest.raises(AwsError, match="NoSuchTagSet"):
        cloud.call("s3", "GetBucketTagging", Bucket="again")


def test_a_reserved_concurrency_of_zero_is_shown(cloud: Cloud) -> None:
    cloud.function("f")
    limit = {"ReservedConcurrentExecutions": 0}
    cloud.call("lambda", "PutFunctionConcurrency", FunctionName="f", **limit)
    assert cloud.call("lambda", "GetFunction", FunctionName="f")["Concurrency"] == limit


def test_an_invocation_reaches_the_data_plane_with_its_qualifier(
    cloud: Cloud, hooks: NoHooks
) -> None:
    cloud.function("f")
    hooks.answer = Invoked(payload=b'{"mine": true}', log_tail="REPORT")
    done = cloud.call(
        "lambda", "Invoke", FunctionName="f", Qualifier="1", Payload=b'{"a":1}', LogType="Tail"
    )
    assert json.loads(done["Payload"].read()) == {"mine": True}
    assert done["LogResult"] == "UkVQT1JU"
    assert hooks.invoked == [("f", "1", b'{"a":1}', "us-east-1")]
    message = cloud.refused("lambda", "Invoke", FunctionName="f", Qualifier="7")
    assert message.startswith("ResourceNotFoundException")


def test_an_asynchronous_invocation_reaches_the_data_plane_as_an_event(
    cloud: Cloud, hooks: NoHooks
) -> None:
    cloud.function("f")
    hooks.answer = Invoked(status=202, payload=b"")
    done = cloud.call("lambda", "Invoke", FunctionName="f", InvocationType="Event")
    assert done["StatusCode"] == 202
    assert hooks.events == [True], "so that Lambda's own retries apply to it"


def test_failures_and_refusals_of_invocations_have_aws_shape(cloud: Cloud, hooks: NoHooks) -> None:
    cloud.function("f")
    hooks.answer = Invoked(payload=b'{"errorType":"X"}', error="Unhandled")
    failed = cloud.call("lambda", "Invoke", FunctionName="f")
    assert (failed["StatusCode"], failed["FunctionError"]) == (200, "Unhandled")
    assert json.loads(failed["Payload"].read()) == {"errorType": "X"}
    body = b'{"Type":"User","Message":"Rate Exceeded.","Reason":"Concurrent"}'
    hooks.answer = Invoked(status=429, payload=body, error="TooManyRequestsException")
    message = cloud.refused("lambda", "Invoke", FunctionName="f")
    assert message.startswith("TooManyRequestsException")


def test_a_dry_run_runs_nothing(cloud: Cloud, hooks: NoHooks) -> None:
    cloud.function("f")
    done = cloud.call("lambda", "Invoke", FunctionName="f", InvocationType="DryRun")
    assert (done["StatusCode"], done["Payload"].read()) == (204, b"")
    assert hooks.invoked == []


def test_a_queue_keeps_its_policy_while_its_other_attributes_change(cloud: Cloud) -> None:
    url = cloud.call("sqs", "CreateQueue", QueueName="kept")["QueueUrl"]

    def policy(**changed: str) -> str | None:
        cloud.call("sqs", "SetQueueAttributes", QueueUrl=url, Attributes=changed)
        found = cloud.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
        kept: str | None = found["Attributes"].get("Policy")
        return kept

    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    put = policy(Policy=json.dumps({"Version": "2012-10-17", "Statement": statement}))
    assert put is not None
    assert policy(DelaySeconds="1") == put
    assert not policy(Policy=""), "a policy that is taken away is gone"


def test_log_lines_are_found_by_a_pattern_and_one_not_understood_is_refused(cloud: Cloud) -> None:
    cloud.call("logs", "CreateLogGroup", logGroupName="lines")
    cloud.call("logs", "CreateLogStream", logGroupName="lines", logStreamName="s")
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    texts = ("START", '{"type":"request","Failed":1}', '{"type":"request","Failed":0}')
    events = [{"timestamp": now_ms + n, "message": text} for n, text in enumerate(texts)]
    cloud.call("logs", "PutLogEvents", logGroupName="lines", logStreamName="s", logEvents=events)

    def found(pattern: str) -> list[str]:
        reply = cloud.call("logs", "FilterLogEvents", logGroupName="lines", filterPattern=pattern)
        return [event["message"] for event in reply["events"]]

    assert found('{ $.type = "request" && $.Failed = 1 }') == [texts[1]]
    assert found('"Failed"') == list(texts[1:])
    assert found("") == list(texts)
    with pytest.raises(AwsError, match="regular expressions"):
        found("%Failed%")


def admit(cloud: Cloud, prefix_list: str) -> Any:
    group = cloud.call("ec2", "CreateSecurityGroup", GroupName="g", Description="d")["GroupId"]
    permission = {"IpProtocol": "tcp", "FromPort": 9443, "ToPort": 9443}
    lists = [{"PrefixListId": prefix_list, "Description": "checkers"}]
    permissions = [permission | {"PrefixListIds": lists}]
    made = cloud.call(
        "ec2", "AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=permissions
    )
    return made["SecurityGroupRules"][0]


def test_a_rule_may_admit_route_53s_checkers_by_their_list(cloud: Cloud) -> None:
    named = {"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.route53-healthchecks"]}
    (found,) = cloud.call("ec2", "DescribeManagedPrefixLists", Filters=[named])["PrefixLists"]
    assert found["OwnerId"] == "AWS"
    rule = admit(cloud, found["PrefixListId"])
    assert rule["PrefixListId"] == found["PrefixListId"]
    assert rule["Description"] == "checkers"


def test_a_rule_for_a_list_that_does_not_exist_is_refused(cloud: Cloud) -> None:
    with pytest.raises(AwsError, match=r"InvalidPrefixListID\.NotFound"):
        admit(cloud, "pl-0")
