"""Stock moto, asked in a process of its own: prints what it answers to each patch's question.

If a line here turns out false, moto has mended the defect and the patch can go.
"""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

os.environ |= {
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_DEFAULT_REGION": "us-east-1",
    "MOTO_ACM_VALIDATION_WAIT": "0",
}

import boto3
from moto import mock_aws

_ROLE = "arn:aws:iam::123456789012:role/r"


def main() -> None:
    """Print one JSON object: defect to whether stock moto still has it."""
    with mock_aws():
        defects = {
            "acm issues without records": _certificates(),
            "route53 drops alarms": _alarm(),
            "route53 status is canned": _status(),
            "route53 updates remove children": _children(),
            "route53 deletes more than asked": _delete(),
            "elbv2 has one zone id": _zone_ids(),
            "elbv2 leaves attributes out": _attributes(),
            "elbv2 keeps a lambda matcher": _matcher(),
            "elbv2 has no trust stores": _no_trust_stores(),
            "elbv2 does not know tokens": _no_tokens(),
            "elbv2 calls lambda targets healthy": _health(),
            "s3 drops replication details": _replication(),
            "s3 shortens retentions": _retention(),
            "s3 does not say what is retained": _unsaid(),
            "s3 suspends versions that are locked": _suspended(),
            "s3 locks only what is empty": _locked_late(),
            "s3 ignores policy conditions": _conditions(),
            "s3 keeps the tags of deleted buckets": _old_tags(),
            "ec2 does not know route 53's checkers": _checkers(),
            "ec2 rules name lists that do not exist": _no_such_list(),
            "sqs drops a policy that a call does not name": _queue_policy(),
            "lambda hides zero concurrency": _concurrency(),
            "lambda loses the qualifier": _invoke(),
            "kms cannot decrypt under multi-region keys": _multi_region(),
            "kms encrypts with disabled keys": _disabled(),
            "kms takes any policy": _key_policy(),
            "kms replicas lose their policy": _replica_policy(),
            "logs takes any key": _logs_key(),
            "logs finds every line by a pattern": _log_pattern(),
            "cloudwatch takes new alarms for healthy": _new_alarm(),
            "cloudwatch has no composite alarms": _no_composites(),
            "cloudwatch has no percentiles": _no_percentiles(),
            "scheduler takes any expression": _any_schedule(),
            "events knows no functions": _no_functions(),
            "sns asks no queue's policy": _any_queue(),
        }
    json.dump(defects, sys.stdout)


def _new_alarm() -> bool:
    cloudwatch = boto3.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="a",
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    return cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "OK"


def _no_composites() -> bool:
    try:
        boto3.client("cloudwatch").put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a)")
    except Exception:  # noqa: BLE001  # whatever moto raises for an action it does not know
        return True
    return False


def _no_percentiles() -> bool:
    cloudwatch = boto3.client("cloudwatch")
    cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1.0}])
    now = datetime.now(UTC)
    found = cloudwatch.get_metric_statistics(
        Namespace="n",
        MetricName="m",
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=60,
        ExtendedStatistics=["p99"],
        Statistics=["Sum"],
    )
    return "ExtendedStatistics" not in found["Datapoints"][0]


def _any_schedule() -> bool:
    boto3.client("scheduler").create_schedule(
        Name="s",
        ScheduleExpression="whenever()",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:lambda:us-east-1:123456789012:function:f", "RoleArn": _ROLE},
    )
    return True


def _no_functions() -> bool:
    events = boto3.client("events")
    events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": arn}])
    try:
        events.put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": "{}"}])
    except Exception:  # noqa: BLE001  # whatever moto makes of a target it does not know
        return True
    return False


def _any_queue() -> bool:
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="closed")["QueueUrl"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    arn = "arn:aws:sqs:us-east-1:123456789012:closed"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="m")
    return "Messages" in sqs.receive_message(QueueUrl=url)


def _checkers() -> bool:
    wanted = [
        {"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.route53-healthchecks"]}
    ]
    return not boto3.client("ec2").describe_managed_prefix_lists(Filters=wanted)["PrefixLists"]


def _no_such_list() -> bool:
    ec2 = boto3.client("ec2")
    group = ec2.create_security_group(GroupName="g", Description="d")["GroupId"]
    permission = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}
    permission |= {"PrefixListIds": [{"PrefixListId": "pl-0", "Description": "lost"}]}
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    return "Description" not in made["SecurityGroupRules"][0]


def _queue_policy() -> bool:
    sqs = boto3.client("sqs")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    url = sqs.create_queue(QueueName="q", Attributes={"Policy": policy})["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "1"})
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return not found.get("Policy")


def _no_trust_stores() -> bool:
    try:
        boto3.client("elbv2").describe_trust_stores()
    except NotImplementedError:
        return True
    return False


def _no_tokens() -> bool:
    from moto.elbv2.exceptions import InvalidActionTypeError
    from moto.elbv2.models import ELBv2Backend, FakeAction

    try:
        actions = [FakeAction({"Type": "jwt-validation"})]
        ELBv2Backend("us-east-1", "1")._validate_actions(actions)
    except InvalidActionTypeError:
        return True
    return False


def _certificates() -> bool:
    acm = boto3.client("acm")
    arn = acm.request_certificate(DomainName="a.test", ValidationMethod="DNS")["CertificateArn"]
    acm.describe_certificate(CertificateArn=arn)
    return acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"


def _check(**config: Any) -> Any:
    client = boto3.client("route53")
    made = client.create_health_check(CallerReference=str(config), HealthCheckConfig=config)
    return made["HealthCheck"]


def _alarm() -> bool:
    made = _check(
        Type="CLOUDWATCH_METRIC",
        AlarmIdentifier={"Region": "us-east-1", "Name": "a"},
        InsufficientDataHealthStatus="Unhealthy",
    )
    return "AlarmIdentifier" not in made["HealthCheckConfig"]


def _status() -> bool:
    check = _check(Type="HTTP", FullyQualifiedDomainName="a.test")["Id"]
    found = boto3.client("route53").get_health_check_status(HealthCheckId=check)
    return found["HealthCheckObservations"][0]["IPAddress"] == "127.0.13.37"


def _children() -> bool:
    client = boto3.client("route53")
    child = _check(Type="HTTP", FullyQualifiedDomainName="b.test")["Id"]
    whole = _check(Type="CALCULATED", ChildHealthChecks=[child], HealthThreshold=1)["Id"]
    changed = client.update_health_check(HealthCheckId=whole, Inverted=True)["HealthCheck"]
    return not changed["HealthCheckConfig"].get("ChildHealthChecks")


def _delete() -> bool:
    client = boto3.client("route53")
    zone = client.create_hosted_zone(Name="a.test", CallerReference="1")["HostedZone"]["Id"]

    def change(action: str, name: str) -> None:
        record = {
            "Name": name,
            "Type": "A",
            "TTL": 1,
            "SetIdentifier": "same",
            "Weight": 1,
            "ResourceRecords": [{"Value": "127.0.0.1"}],
        }
        changes = [{"Action": action, "ResourceRecordSet": record}]
        client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})

    change("CREATE", "x.a.test")
    change("CREATE", "y.a.test")
    change("DELETE", "x.a.test")
    records = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return not any(each["Name"].startswith("y.") for each in records)


def _balancer(region: str) -> Any:
    ec2 = boto3.client("ec2", region_name=region)
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
    client = boto3.client("elbv2", region_name=region)
    return client.create_load_balancer(Name="lb", Subnets=subnets)["LoadBalancers"][0]


def _zone_ids() -> bool:
    ids = [_balancer(region)["CanonicalHostedZoneId"] for region in ("us-east-2", "us-west-2")]
    return ids[0] == ids[1]


def _attributes() -> bool:
    arn = _balancer("us-east-1")["LoadBalancerArn"]
    found = boto3.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)
    return "client_keep_alive.seconds" not in {each["Key"] for each in found["Attributes"]}


def _group(name: str) -> str:
    made = boto3.client("elbv2").create_target_group(
        Name=name, TargetType="lambda", Matcher={"HttpCode": "200"}
    )
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def _matcher() -> bool:
    client, arn = boto3.client("elbv2"), _group("matcher")
    client.modify_target_group(TargetGroupArn=arn, Matcher={"HttpCode": "200-299"})
    found = client.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    return found["Matcher"]["HttpCode"] == "200"


def _health() -> bool:
    client, arn = boto3.client("elbv2"), _group("health")
    function = "arn:aws:lambda:us-east-1:123456789012:function:ghost"
    client.register_targets(TargetGroupArn=arn, Targets=[{"Id": function}])
    found = client.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return found[0]["TargetHealth"]["State"] == "healthy"


def _replication() -> bool:
    s3 = boto3.client("s3")
    for name in ("from", "to"):
        s3.create_bucket(Bucket=f"bucket-{name}")
        status = {"Status": "Enabled"}
        s3.put_bucket_versioning(Bucket=f"bucket-{name}", VersioningConfiguration=status)
    rule = {
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": "p/"},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "SourceSelectionCriteria": {"ReplicaModifications": {"Status": "Enabled"}},
        "Destination": {"Bucket": "arn:aws:s3:::bucket-to"},
    }
    configuration = {"Role": "arn:aws:iam::123456789012:role/r", "Rules": [rule]}
    s3.put_bucket_replication(Bucket="bucket-from", ReplicationConfiguration=configuration)
    found = s3.get_bucket_replication(Bucket="bucket-from")["ReplicationConfiguration"]
    return "SourceSelectionCriteria" not in found["Rules"][0]


def _conditions() -> bool:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket-policy")
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::bucket-policy/*"],
        "Condition": {"StringEquals": {"aws:PrincipalTag/never": "true"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket="bucket-policy", Policy=document)
    try:
        s3.put_object(Bucket="bucket-policy", Key="a", Body=b"")
    except s3.exceptions.ClientError:
        return True
    return False


def _locked_bucket(name: str) -> Any:
    client = boto3.client("s3")
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return client


def _retention() -> bool:
    client = _locked_bucket("shortened")
    client.put_object(Bucket="shortened", Key="k", Body=b"")
    for year in (2099, 2098):
        client.put_object_retention(
            Bucket="shortened",
            Key="k",
            Retention={"Mode": "COMPLIANCE", "RetainUntilDate": datetime(year, 1, 1, tzinfo=UTC)},
        )
    kept = client.head_object(Bucket="shortened", Key="k")
    return kept["ObjectLockRetainUntilDate"].year == 2098


def _unsaid() -> bool:
    client = _locked_bucket("unsaid")
    until = datetime(2099, 1, 1, tzinfo=UTC)
    client.put_object(
        Bucket="unsaid",
        Key="k",
        Body=b"",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=until,
    )
    return "Mode" not in client.get_object_retention(Bucket="unsaid", Key="k")["Retention"]


def _suspended() -> bool:
    client = _locked_bucket("suspended")
    suspended = {"Status": "Suspended"}
    client.put_bucket_versioning(Bucket="suspended", VersioningConfiguration=suspended)
    return client.get_bucket_versioning(Bucket="suspended")["Status"] == "Suspended"


def _locked_late() -> bool:
    client = _locked_bucket("late")
    client.put_object(Bucket="late", Key="k", Body=b"")
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    try:
        client.put_object_lock_configuration(
            Bucket="late", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
        )
    except client.exceptions.ClientError:
        return True
    return False


def _old_tags() -> bool:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket-tagged")
    tags = {"TagSet": [{"Key": "of", "Value": "the first"}]}
    s3.put_bucket_tagging(Bucket="bucket-tagged", Tagging=tags)
    s3.delete_bucket(Bucket="bucket-tagged")
    s3.create_bucket(Bucket="bucket-tagged")
    try:
        return bool(s3.get_bucket_tagging(Bucket="bucket-tagged")["TagSet"])
    except s3.exceptions.ClientError:
        return False


def _function(name: str) -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = boto3.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("handler.py", "def handle(event, context): return {'mine': True}")
    boto3.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role["Arn"],
        Handler="handler.handle",
        Code={"ZipFile": buffer.getvalue()},
    )


def _concurrency() -> bool:
    _function("zero")
    client = boto3.client("lambda")
    client.put_function_concurrency(FunctionName="zero", ReservedConcurrentExecutions=0)
    shown = client.get_function(FunctionName="zero").get("Concurrency") or {}
    return "ReservedConcurrentExecutions" not in shown


def _invoke() -> bool:
    from moto.awslambda.models import LambdaBackend

    asked: list[str | None] = []

    def invoke(*args: Any) -> bytes:
        asked.append(args[2])
        return b"{}"

    _function("mine")
    stock = LambdaBackend.invoke
    LambdaBackend.invoke = invoke  # type: ignore[method-assign]
    boto3.client("lambda").invoke(FunctionName="mine", Qualifier="$LATEST")
    LambdaBackend.invoke = stock  # type: ignore[method-assign]
    return asked == [None]


def _key(**more: Any) -> str:
    return str(boto3.client("kms").create_key(**more)["KeyMetadata"]["KeyId"])


def _multi_region() -> bool:
    client = boto3.client("kms")
    sealed = client.encrypt(KeyId=_key(MultiRegion=True), Plaintext=b"1")["CiphertextBlob"]
    try:
        client.decrypt(CiphertextBlob=sealed)
    except client.exceptions.ClientError:
        return True
    return False


def _disabled() -> bool:
    client, key = boto3.client("kms"), _key()
    client.disable_key(KeyId=key)
    return "CiphertextBlob" in client.encrypt(KeyId=key, Plaintext=b"1")


def _key_policy() -> bool:
    return bool(_key(Policy="not a policy"))


def _replica_policy() -> bool:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    replica = boto3.client("kms").replicate_key(
        KeyId=_key(MultiRegion=True), ReplicaRegion="us-west-2", Policy=policy
    )["ReplicaKeyMetadata"]["Arn"]
    west = boto3.client("kms", region_name="us-west-2")
    return west.get_key_policy(KeyId=replica, PolicyName="default")["Policy"] != policy


def _log_pattern() -> bool:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName="lines")
    logs.create_log_stream(logGroupName="lines", logStreamName="s")
    event = {"timestamp": int(datetime.now(UTC).timestamp() * 1000), "message": '{"Failed":0}'}
    logs.put_log_events(logGroupName="lines", logStreamName="s", logEvents=[event])
    found = logs.filter_log_events(logGroupName="lines", filterPattern="{ $.Failed = 1 }")
    return bool(found["events"])


def _logs_key() -> bool:
    client = boto3.client("logs")
    ghost = "arn:aws:kms:us-east-1:123456789012:key/ghost"
    client.create_log_group(logGroupName="g", kmsKeyId=ghost)
    return client.describe_log_groups()["logGroups"][0]["kmsKeyId"] == ghost


if __name__ == "__main__":
    main()
