"""Listener actions, trust stores and mutual TLS that AWS refuses are refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from emulator.strict.listener_actions import problem_with
from tests.contract.engine.test_strict_balancing import certificate, listener, validate

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud

ANSWER = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
CONFIG = {"Issuer": "https://i.example/", "JwksEndpoint": "https://i.example/keys"}


def check(**more: Any) -> dict[str, Any]:
    return {"Type": "jwt-validation", "Order": 1, "JwtValidationConfig": {**CONFIG, **more}}


def last(order: int = 2) -> dict[str, Any]:
    return {**ANSWER, "Order": order}


def claim(name: str) -> dict[str, Any]:
    return {"Name": name, "Format": "single-string", "Values": ["x"]}


def test_a_token_is_checked_before_the_last_action() -> None:
    assert problem_with([check(AdditionalClaims=[claim("aud")]), last()], "HTTPS") is None
    assert problem_with([ANSWER], "HTTP") is None, "one action needs no order"


@pytest.mark.parametrize(
    ("actions", "protocol", "said"),
    [
        ([check()], "HTTPS", "as the last"),
        ([last(1), {**check(), "Order": 2}], "HTTPS", "as the last"),
        ([last(1), last(2)], "HTTPS", "exactly one"),
        ([check(), last()], "HTTP", "for HTTPS listeners"),
        ([check(), ANSWER], "HTTPS", "order is required"),
        ([check(JwksEndpoint="http://i.example/keys"), last()], "HTTPS", "an HTTPS URL"),
        ([check(Issuer="i" * 257), last()], "HTTPS", "256 characters"),
        ([check(AdditionalClaims=[claim("exp")]), last()], "HTTPS", "none of exp"),
        ([check(AdditionalClaims=[claim(f"c{n}") for n in range(11)]), last()], "HTTPS", "10"),
    ],
)
def test_actions_that_cannot_be_are_refused(
    actions: list[dict[str, Any]], protocol: str, said: str
) -> None:
    problem = problem_with(actions, protocol)
    assert problem is not None
    assert said in problem[1]


def test_every_call_that_takes_actions_refuses_them(cloud: Cloud) -> None:
    given = listener(cloud, Protocol="HTTP", Port=80)
    refused = cloud.refused("elbv2", "CreateListener", **{**given, "DefaultActions": [check()]})
    assert refused.startswith("InvalidLoadBalancerAction")
    made = cloud.call("elbv2", "CreateListener", **given)["Listeners"][0]["ListenerArn"]
    for operation, more in (
        ("ModifyListener", {"ListenerArn": made, "DefaultActions": [check(), last()]}),
        ("CreateRule", rule(made, [check(), last()])),
    ):
        assert "for HTTPS listeners" in cloud.refused("elbv2", operation, **more), operation
    arn = cloud.call("elbv2", "CreateRule", **rule(made, [ANSWER]))["Rules"][0]["RuleArn"]
    refused = cloud.refused("elbv2", "ModifyRule", RuleArn=arn, Actions=[check(), last()])
    assert "for HTTPS listeners" in refused


def rule(listener_arn: str, actions: list[dict[str, Any]]) -> dict[str, Any]:
    paths = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/x"]}}]
    return {"ListenerArn": listener_arn, "Priority": 1, "Conditions": paths, "Actions": actions}


def authority() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def store(cloud: Cloud, content: bytes = b"", *, name: str = "clients") -> dict[str, Any]:
    """What CreateTrustStore takes, with the bundle in its bucket."""
    cloud.call("s3", "CreateBucket", Bucket="bundles")
    if content:
        cloud.call("s3", "PutObject", Bucket="bundles", Key="ca.pem", Body=content)
    source = {"CaCertificatesBundleS3Bucket": "bundles", "CaCertificatesBundleS3Key": "ca.pem"}
    return {"Name": name, **source}


def test_a_trust_store_takes_its_bundle_in(cloud: Cloud) -> None:
    given = store(cloud, authority() + authority())
    made = cloud.call("elbv2", "CreateTrustStore", **given)["TrustStores"][0]
    assert (made["Status"], made["NumberOfCaCertificates"]) == ("ACTIVE", 2)
    assert "DuplicateTrustStoreName" in cloud.refused("elbv2", "CreateTrustStore", **given)
    cloud.call("s3", "PutObject", Bucket="bundles", Key="ca.pem", Body=authority())
    found = cloud.call("elbv2", "DescribeTrustStores", Names=["clients"])["TrustStores"][0]
    assert found["NumberOfCaCertificates"] == 2, "a bundle counts when it is handed over"
    source = {key: value for key, value in given.items() if key != "Name"}
    arn = made["TrustStoreArn"]
    changed = cloud.call("elbv2", "ModifyTrustStore", TrustStoreArn=arn, **source)["TrustStores"]
    assert changed[0]["NumberOfCaCertificates"] == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "CaCertificatesBundleNotFound"), (b"no PEM", "InvalidCaCertificatesBundle")],
)
def test_a_trust_store_needs_a_bundle_of_certificates(
    cloud: Cloud, content: bytes, code: str
) -> None:
    assert code in cloud.refused("elbv2", "CreateTrustStore", **store(cloud, content))


def test_a_listener_verifies_clients_by_a_trust_store_that_exists(cloud: Cloud) -> None:
    made = cloud.call("elbv2", "CreateTrustStore", **store(cloud, authority()))["TrustStores"][0]
    arn, zone, issued = made["TrustStoreArn"], cloud.zone(), certificate(cloud)
    validate(cloud, issued, zone)
    given = listener(cloud, Certificates=[{"CertificateArn": issued}])

    def refused(**mutual: str) -> str:
        return cloud.refused("elbv2", "CreateListener", **given, MutualAuthentication=mutual)

    assert "TrustStoreNotFound" in refused(Mode="verify", TrustStoreArn=arn[:-1] + "x")
    assert "ValidationError" in refused(Mode="verify")
    assert "ValidationError" in refused(Mode="off", TrustStoreArn=arn)
    assert "ValidationError" in refused(Mode="sometimes")
    mutual = {"Mode": "verify", "TrustStoreArn": arn}
    plain = {**given, "Protocol": "HTTP", "Certificates": [], "MutualAuthentication": mutual}
    assert "for HTTPS listeners" in cloud.refused("elbv2", "CreateListener", **plain)
    answer = cloud.call("elbv2", "CreateListener", **given, MutualAuthentication=mutual)
    kept = answer["Listeners"][0]
    assert kept["MutualAuthentication"] == mutual
    assert "TrustStoreInUse" in cloud.refused("elbv2", "DeleteTrustStore", TrustStoreArn=arn)
    off = {"Mode": "off"}
    cloud.call("elbv2", "ModifyListener", ListenerArn=kept["ListenerArn"], MutualAuthentication=off)
    cloud.call("elbv2", "DeleteTrustStore", TrustStoreArn=arn)
    assert "TrustStoreNotFound" in cloud.refused("elbv2", "DeleteTrustStore", TrustStoreArn=arn)


def delivery(bucket: str, *, account: str = "123456789012") -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{account}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_access_logs_need_a_bucket_that_lets_them_in(cloud: Cloud) -> None:
    balancer = cloud.load_balancer()
    cloud.bucket("logs", versioned=False)
    cloud.bucket("elsewhere", region="us-west-2", versioned=False)

    def turn_on(bucket: str) -> dict[str, Any]:
        given = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": bucket}
        attributes = [{"Key": key, "Value": value} for key, value in given.items()]
        return {"LoadBalancerArn": balancer, "Attributes": attributes}

    def refused(bucket: str) -> str:
        return cloud.refused("elbv2", "ModifyLoadBalancerAttributes", **turn_on(bucket))

    assert "does not exist" in refused("nowhere")
    assert "not located in the same region" in refused("elsewhere")
    assert "Access Denied for bucket: logs" in refused("logs")
    cloud.call("s3", "PutBucketPolicy", Bucket="logs", Policy=delivery("logs", account="0" * 12))
    assert "Access Denied for bucket: logs" in refused("logs"), "another account's folder"
    cloud.call("s3", "PutBucketPolicy", Bucket="logs", Policy=delivery("logs"))
    encrypt(cloud, "logs", "aws:kms")
    assert "S3's own keys" in refused("logs")
    encrypt(cloud, "logs", "AES256")
    cloud.call("elbv2", "ModifyLoadBalancerAttributes", **turn_on("logs"))
    found = cloud.call("s3", "ListObjectsV2", Bucket="logs")["Contents"]
    assert [each["Key"] for each in found] == ["AWSLogs/123456789012/ELBAccessLogTestFile"]


def encrypt(cloud: Cloud, bucket: str, algorithm: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
    cloud.call(
        "s3",
        "PutBucketEncryption",
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [rule]},
    )


def wall(name: str, *rules: dict[str, Any]) -> dict[str, Any]:
    """What CreateWebACL takes."""
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    return {
        "Name": name,
        "Scope": "REGIONAL",
        "DefaultAction": {"Allow": {}},
        "VisibilityConfig": seen,
        "Rules": [
            {"Name": f"r{n}", "Priority": n, "VisibilityConfig": seen, **rule}
            for n, rule in enumerate(rules)
        ],
    }


def limit(requests: int, **more: Any) -> dict[str, Any]:
    statement = {"Limit": requests, "AggregateKeyType": "IP", **more}
    return {"Action": {"Block": {}}, "Statement": {"RateBasedStatement": statement}}


MANAGED = {
    "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesX"}}
}


@pytest.mark.parametrize(
    "rules",
    [
        [limit(100, EvaluationWindowSec=90)],
        [limit(100), {**limit(100), "Priority": 0}],
        [MANAGED],
        [{**MANAGED, "Action": {"Block": {}}}],
        [{**limit(100), "OverrideAction": {"None": {}}}],
    ],
    ids=["no such window", "one priority twice", "no override", "action", "override"],
)
def test_a_web_acl_with_rules_that_cannot_be_is_refused(
    cloud: Cloud, rules: list[dict[str, Any]]
) -> None:
    refused = cloud.refused("wafv2", "CreateWebACL", **wall("edge", *rules))
    assert refused.startswith("WAFInvalidParameterException")


def test_a_load_balancer_has_one_web_acl_of_its_own_region(cloud: Cloud) -> None:
    balancer = cloud.load_balancer()
    rules = [limit(100), {**MANAGED, "OverrideAction": {"None": {}}}]
    one, other = (
        cloud.call("wafv2", "CreateWebACL", **wall(name, *rules))["Summary"]
        for name in ("one", "other")
    )
    far = cloud.call("wafv2", "CreateWebACL", region="us-west-2", **wall("far"))["Summary"]

    def associate(acl: dict[str, Any], resource: str = balancer) -> dict[str, Any]:
        return {"WebACLArn": acl["ARN"], "ResourceArn": resource}

    refused = cloud.refused("wafv2", "AssociateWebACL", region="us-west-2", **associate(far))
    assert "web ACL's Region" in refused
    gone = balancer[:-1] + ("0" if balancer[-1] != "0" else "1")
    assert "does not exist" in cloud.refused("wafv2", "AssociateWebACL", **associate(one, gone))
    for acl in (one, other):
        cloud.call("wafv2", "AssociateWebACL", **associate(acl))
    found = cloud.call("wafv2", "GetWebACLForResource", ResourceArn=balancer)["WebACL"]
    assert found["ARN"] == other["ARN"], "the last association is the one"

    def delete(acl: dict[str, Any]) -> dict[str, Any]:
        which = {"Name": acl["Name"], "Scope": "REGIONAL", "Id": acl["Id"]}
        return which | {"LockToken": acl["LockToken"]}

    cloud.call("wafv2", "DeleteWebACL", **delete(one))
    assert "WAFAssociatedItem" in cloud.refused("wafv2", "DeleteWebACL", **delete(other))


def test_a_web_acl_logs_to_one_group_of_its_region_that_is_named_for_it(cloud: Cloud) -> None:
    acl = cloud.call("wafv2", "CreateWebACL", **wall("edge"))["Summary"]["ARN"]

    def log_to(*groups: str, region: str = "us-east-1") -> dict[str, Any]:
        arns = [f"arn:aws:logs:{region}:123456789012:log-group:{each}" for each in groups]
        return {"LoggingConfiguration": {"ResourceArn": acl, "LogDestinationConfigs": arns}}

    for group in ("edge", "aws-waf-logs-a", "aws-waf-logs-b"):
        cloud.call("logs", "CreateLogGroup", logGroupName=group)
    unfit = (
        (log_to("edge"), "begins with aws-waf-logs-"),
        (log_to("aws-waf-logs-a", region="us-west-2"), "no log group of us-east-1"),
        (log_to("aws-waf-logs-gone"), "does not exist"),
        (log_to("aws-waf-logs-a", "aws-waf-logs-b"), "a web ACL has one"),
    )
    for params, says in unfit:
        assert says in cloud.refused("wafv2", "PutLoggingConfiguration", **params)
    cloud.call("wafv2", "PutLoggingConfiguration", **log_to("aws-waf-logs-a"))
