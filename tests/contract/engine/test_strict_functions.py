"""Functions, aliases and replication rules that AWS refuses are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.engine.cloud import zip_of
from tests.contract.engine.play import allow, trust

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud
    from tests.contract.engine.play import Play, Script

PACKAGE = zip_of(**{"handler.py": "def handle(e, c): return {}"})


def function(cloud: Cloud, service: str = "lambda.amazonaws.com", **code: Any) -> dict[str, Any]:
    return {
        "FunctionName": "f",
        "Runtime": "python3.12",
        "Role": cloud.role(f"r-{service}", service),
        "Handler": "handler.handle",
        "Code": code or {"ZipFile": PACKAGE},
    }


def test_a_role_that_lambda_may_not_assume_is_refused(cloud: Cloud) -> None:
    message = cloud.refused("lambda", "CreateFunction", **function(cloud, "ec2.amazonaws.com"))
    assert message.startswith("InvalidParameterValueException: The role defined for the function")
    assert "trust policy" in message


@pytest.mark.parametrize(
    ("bucket", "key", "said"),
    [
        ("nowhere", "a.zip", "NoSuchBucket"),
        ("here", "b.zip", "NoSuchKey"),
        (
            "west",
            "a.zip",
            "PermanentRedirect. S3 Error Message: The bucket is in this region: us-w",
        ),
    ],
)
def test_a_package_must_be_in_a_bucket_of_the_functions_region(
    cloud: Cloud, bucket: str, key: str, said: str
) -> None:
    for name, region in (("here", "us-east-1"), ("west", "us-west-2")):
        cloud.bucket(name, region=region)
        cloud.call("s3", "PutObject", region=region, Bucket=name, Key="a.zip", Body=PACKAGE)
    given = function(cloud, S3Bucket=bucket, S3Key=key)
    assert said in cloud.refused("lambda", "CreateFunction", **given)
    given["Code"] = {"S3Bucket": "here", "S3Key": "a.zip"}
    cloud.call("lambda", "CreateFunction", **given)
    message = cloud.refused(
        "lambda", "UpdateFunctionCode", FunctionName="f", S3Bucket=bucket, S3Key=key
    )
    assert said in message


def test_an_alias_points_to_versions_that_exist(cloud: Cloud) -> None:
    cloud.function("f")
    alias = {"FunctionName": "f", "Name": "live"}
    message = cloud.refused("lambda", "CreateAlias", **alias, FunctionVersion="2")
    assert message.startswith("ResourceNotFoundException")
    assert "its versions are $LATEST, 1" in message
    cloud.call("lambda", "CreateAlias", **alias, FunctionVersion="1")
    weights = {"AdditionalVersionWeights": {"7": 0.5}}
    refusal = cloud.refused("lambda", "UpdateAlias", **alias, RoutingConfig=weights)
    assert "ResourceNotFoundException" in refusal


def replicate(bucket: str, target: str) -> dict[str, Any]:
    rule = {
        "ID": "all",
        "Status": "Enabled",
        "Priority": 0,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{target}"},
    }
    role = "arn:aws:iam::123456789012:role/r"
    return {"Bucket": bucket, "ReplicationConfiguration": {"Role": role, "Rules": [rule]}}


def test_replication_needs_versioning_on_both_ends(cloud: Cloud) -> None:
    cloud.bucket("plain", versioned=False)
    cloud.bucket("source")
    cloud.bucket("target", region="us-west-2")

    def refused(bucket: str, target: str) -> str:
        return cloud.refused("s3", "PutBucketReplication", **replicate(bucket, target))

    assert "Versioning must be 'Enabled' on the bucket" in refused("plain", "target")
    assert "Destination bucket must have versioning enabled" in refused("source", "plain")
    assert "Destination bucket must exist" in refused("source", "ghost")
    assert "cannot be the same as the source" in refused("source", "source")
    cloud.call("s3", "PutBucketReplication", **replicate("source", "target"))


# --- what AWS accepts and silently does not do: looked for when a deployment is complete ----

SOURCE = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
OBJECTS = [
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionTagging",
]
REPLICAS = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]


def replicated(service: str, replicas: list[str]) -> Script:
    """Two buckets with a rule between them, and the policy registered after the rule."""

    def script(play: Play) -> None:
        role = play.resource("aws:iam/role:Role", "r", {"assumeRolePolicy": trust(service)})
        for name in ("from", "to"):
            play.resource("aws:s3/bucket:Bucket", name, {"bucket": f"bucket-{name}"})
            versioning = {
                "bucket": f"bucket-{name}",
                "versioningConfiguration": {"status": "Enabled"},
            }
            play.resource("aws:s3/bucketVersioning:BucketVersioning", name, versioning)
        rule = {
            "id": "all",
            "status": "Enabled",
            "priority": 1,
            "filter": {},
            "deleteMarkerReplication": {"status": "Enabled"},
            "destination": {"bucket": "arn:aws:s3:::bucket-to"},
        }
        play.resource(
            "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
            "rule",
            {"bucket": "bucket-from", "role": role.outputs["arn"], "rules": [rule]},
        )
        for name, actions, resource in (
            ("source", SOURCE, "arn:aws:s3:::bucket-from"),
            ("objects", OBJECTS, "arn:aws:s3:::bucket-from/*"),
            ("replicas", replicas, "arn:aws:s3:::bucket-to/*"),
        ):
            policy = {"role": role.id, "policy": allow(actions, [resource])}
            play.resource("aws:iam/rolePolicy:RolePolicy", name, policy)

    return script


def test_a_replication_role_that_may_do_all_is_fine(cloud: Cloud) -> None:
    cloud.deploy(replicated("s3.amazonaws.com", REPLICAS))


def test_a_replication_role_that_may_not_replicate_is_refused_by_action(cloud: Cloud) -> None:
    message = cloud.refusal(replicated("s3.amazonaws.com", REPLICAS[:1]))
    assert "rule 'all' would replicate nothing from bucket-from to bucket-to" in message
    assert "s3:ReplicateTags" in message


def test_a_replication_role_that_s3_may_not_assume_is_refused(cloud: Cloud) -> None:
    message = cloud.refusal(replicated("lambda.amazonaws.com", REPLICAS))
    assert "does not let s3.amazonaws.com assume it" in message


def delivered(actions: list[str]) -> Script:
    def script(play: Play) -> None:
        given = {"assumeRolePolicy": trust("firehose.amazonaws.com")}
        role = play.resource("aws:iam/role:Role", "r", given)
        bucket = play.resource("aws:s3/bucket:Bucket", "b", {"bucket": "bucket-to"})
        policy = {"role": role.id, "policy": allow(actions, ["arn:aws:s3:::bucket-to/p/*"])}
        play.resource("aws:iam/rolePolicy:RolePolicy", "p", policy)
        target = {
            "bucketArn": bucket.outputs["arn"],
            "roleArn": role.outputs["arn"],
            "prefix": "p/date=!{timestamp:yyyy-MM-dd}/",
            "errorOutputPrefix": "e/",
            "bufferingInterval": 60,
        }
        play.resource(
            "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream",
            "s",
            {"destination": "extended_s3", "extendedS3Configuration": target},
        )

    return script


def test_a_delivery_role_that_may_not_write_is_refused(cloud: Cloud) -> None:
    cloud.deploy(delivered(["s3:PutObject"]))
    message = cloud.refusal(delivered(["s3:GetObject"]))
    assert "the stream would deliver nothing to bucket-to" in message
    assert "s3:PutObject" in message
