"""S3 replication as the deployed rules say, seen through boto3."""

from __future__ import annotations

import random
import statistics
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.storage.replication import ReplicationLag
from emulator.storage.rules import from_xml_dict
from tests.contract.storage.aws import EAST, WEST, Aws, allow, document

HERE, THERE = "records-east", "records-west"


def permissions(source: str, destination: str) -> list[dict[str, Any]]:
    bucket, there = f"arn:aws:s3:::{source}", f"arn:aws:s3:::{destination}"
    return [
        allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], [bucket]),
        allow(["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl"], [f"{bucket}/*"]),
        allow(["s3:GetObjectVersionTagging"], [f"{bucket}/*"]),
        allow(["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"], [f"{there}/*"]),
    ]


def rule(destination: str, **elements: Any) -> dict[str, Any]:
    return {
        "ID": "all",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}"},
        **elements,
    }


def replicate(aws: Aws, *rules: dict[str, Any], source: str = HERE, region: str = EAST) -> str:
    """Put rules on a bucket, under a role that may carry them out."""
    statements = [
        statement
        for each in rules
        for statement in permissions(
            source, each["Destination"]["Bucket"].removeprefix("arn:aws:s3:::")
        )
    ]
    role = aws.role(f"replicates-{source}", "s3.amazonaws.com", *statements)
    aws.client("s3", region).put_bucket_replication(
        Bucket=source, ReplicationConfiguration={"Role": role, "Rules": list(rules)}
    )
    return role


@pytest.fixture
def pair(aws: Aws) -> Aws:
    aws.bucket(HERE, EAST)
    aws.bucket(THERE, WEST)
    return aws


def status(aws: Aws, bucket: str, key: str, region: str) -> str | None:
    try:
        return str(
            aws.client("s3", region).head_object(Bucket=bucket, Key=key).get("ReplicationStatus")
        )
    except ClientError:
        return None


def arrives(aws: Aws, key: str) -> dict[str, Any]:
    aws.eventually(lambda: status(aws, THERE, key, WEST) == "REPLICA", f"{key} is replicated")
    return dict(aws.client("s3", WEST).get_object(Bucket=THERE, Key=key))


def test_an_object_arrives_with_its_version_metadata_and_tags(pair: Aws) -> None:
    replicate(pair, rule(THERE))
    put = pair.client("s3").put_object(
        Bucket=HERE,
        Key="a/b.json",
        Body=b"{}",
        Metadata={"epoch": "7"},
        ContentType="application/json",
        Tagging="team=ml",
    )
    assert status(pair, HERE, "a/b.json", EAST) == "PENDING", "a covered object starts as PENDING"
    there = arrives(pair, "a/b.json")
    assert there["Body"].read() == b"{}", "the bytes arrive"
    assert there["VersionId"] == put["VersionId"], "a replica keeps its version id"
    assert there["Metadata"] == {"epoch": "7"}, "a replica keeps its metadata"
    assert there["ContentType"] == "application/json", "a replica keeps its content type"
    tags = pair.client("s3", WEST).get_object_tagging(Bucket=THERE, Key="a/b.json")["TagSet"]
    assert tags == [{"Key": "team", "Value": "ml"}], "a replica keeps its tags"
    pair.eventually(
        lambda: status(pair, HERE, "a/b.json", EAST) == "COMPLETED", "the source says COMPLETED"
    )
    assert pair.facts("replication.done")[0]["lag_s"] > 0, "the lag is recorded"


def test_replicas_are_not_replicated_back(pair: Aws) -> None:
    replicate(pair, rule(THERE))
    replicate(pair, rule(HERE), source=THERE, region=WEST)
    pair.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    arrives(pair, "k")
    pair.eventually(lambda: pair.storage.replicator.backlog() == 0, "nothing is left to copy")
    versions = pair.client("s3").list_object_versions(Bucket=HERE)["Versions"]
    assert len(versions) == 1, "the replica does not come back as another version"
    assert pair.kinds().count("replication.done") == 1, "one write is one copy"


def test_two_way_writes_of_a_key_end_with_the_last_writer_on_both_sides(pair: Aws) -> None:
    replicate(pair, rule(THERE))
    replicate(pair, rule(HERE), source=THERE, region=WEST)
    pair.client("s3").put_object(Bucket=HERE, Key="k", Body=b"first")
    pair.client("s3", WEST).put_object(Bucket=THERE, Key="k", Body=b"last")
    pair.eventually(lambda: pair.kinds().count("replication.done") == 2, "both writes cross")
    for bucket, region in ((HERE, EAST), (THERE, WEST)):
        body = pair.client("s3", region).get_object(Bucket=bucket, Key="k")["Body"].read()
        assert body == b"last", "versions are ordered by when they were written, not by arrival"


@pytest.mark.parametrize(
    ("elements", "key", "tagging"),
    [
        ({"Status": "Disabled"}, "k", ""),
        ({"Filter": {"Prefix": "logs/"}}, "other/k", ""),
        ({"Filter": {"Tag": {"Key": "copy", "Value": "yes"}}}, "k", "copy=no"),
        (
            {"Filter": {"And": {"Prefix": "x", "Tags": [{"Key": "copy", "Value": "yes"}]}}},
            "k",
            "copy=yes",
        ),
    ],
)
def test_what_no_rule_covers_stays(
    pair: Aws, elements: dict[str, Any], key: str, tagging: str
) -> None:
    replicate(pair, rule(THERE, **elements))
    pair.client("s3").put_object(Bucket=HERE, Key=key, Body=b"1", Tagging=tagging)
    assert status(pair, HERE, key, EAST) == "None", "an uncovered object has no status"
    assert pair.storage.replicator.backlog() == 0, "nothing is queued for it"


def test_what_was_there_before_the_rule_stays(pair: Aws) -> None:
    pair.client("s3").put_object(Bucket=HERE, Key="old", Body=b"1")
    replicate(pair, rule(THERE))
    pair.client("s3").put_object(Bucket=HERE, Key="new", Body=b"1")
    arrives(pair, "new")
    assert status(pair, THERE, "old", WEST) is None, "rules look forward only"


@pytest.mark.parametrize(("replicated", "hidden"), [("Enabled", True), ("Disabled", False)])
def test_delete_markers_follow_the_rule(pair: Aws, *, replicated: str, hidden: bool) -> None:
    replicate(pair, rule(THERE, DeleteMarkerReplication={"Status": replicated}))
    s3 = pair.client("s3")
    s3.put_object(Bucket=HERE, Key="k", Body=b"1")
    s3.delete_object(Bucket=HERE, Key="k")
    expected = 2 if hidden else 1
    pair.eventually(
        lambda: pair.kinds().count("replication.done") == expected, "what is covered crosses"
    )
    pair.eventually(lambda: pair.storage.replicator.backlog() == 0, "nothing is left")
    assert (status(pair, THERE, "k", WEST) is None) is hidden, (
        "a delete marker hides the replica only where the rule says so"
    )


def test_multi_deletes_and_copies_and_multipart_uploads_are_seen(pair: Aws) -> None:
    replicate(pair, rule(THERE, DeleteMarkerReplication={"Status": "Enabled"}))
    s3 = pair.client("s3")
    s3.put_object(Bucket=HERE, Key="a", Body=b"1")
    s3.copy_object(Bucket=HERE, Key="b", CopySource={"Bucket": HERE, "Key": "a"})
    upload = s3.create_multipart_upload(Bucket=HERE, Key="c")["UploadId"]
    part = s3.upload_part(Bucket=HERE, Key="c", UploadId=upload, PartNumber=1, Body=b"part")
    s3.complete_multipart_upload(
        Bucket=HERE,
        Key="c",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    here = s3.head_object(Bucket=HERE, Key="c")["ETag"]
    for key in ("a", "b", "c"):
        there = arrives(pair, key)
    assert there["ETag"] == here, "a multipart object keeps its ETag"
    s3.delete_objects(Bucket=HERE, Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})
    pair.eventually(lambda: status(pair, THERE, "a", WEST) is None, "a's marker crosses")
    pair.eventually(lambda: status(pair, THERE, "b", WEST) is None, "b's marker crosses")


def test_a_role_that_may_not_read_fails_the_copy_and_says_why(pair: Aws) -> None:
    replicate(pair, rule(THERE))
    pair.allow_role(f"replicates-{HERE}", *permissions(HERE, THERE)[:1])
    pair.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    pair.eventually(lambda: status(pair, HERE, "k", EAST) == "FAILED", "the source says FAILED")
    reason = pair.facts("replication.failed")[0]["reason"]
    assert "GetObjectVersionForReplication" in reason, "the missing permission is named"
    assert status(pair, THERE, "k", WEST) is None, "nothing arrived"


def test_a_destination_policy_that_denies_fails_the_copy(pair: Aws) -> None:
    role = replicate(pair, rule(THERE))
    deny = {
        "Sid": "NoReplicas",
        "Effect": "Deny",
        "Principal": {"AWS": role},
        "Action": "s3:ReplicateObject",
        "Resource": f"arn:aws:s3:::{THERE}/*",
    }
    pair.client("s3", WEST).put_bucket_policy(Bucket=THERE, Policy=document(deny))
    pair.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    pair.eventually(lambda: status(pair, HERE, "k", EAST) == "FAILED", "a deny wins")
    assert "NoReplicas" in pair.facts("replication.failed")[0]["reason"], "it is named"


def test_a_role_that_s3_may_not_assume_fails_the_copy(pair: Aws) -> None:
    replicate(pair, rule(THERE))
    trust = document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    )
    pair.client("iam").update_assume_role_policy(
        RoleName=f"replicates-{HERE}", PolicyDocument=trust
    )
    pair.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    pair.eventually(lambda: status(pair, HERE, "k", EAST) == "FAILED", "trust comes first")
    assert "trust policy" in pair.facts("replication.failed")[0]["reason"], "it is named"


def test_a_destination_without_versions_fails_the_copy(pair: Aws) -> None:
    pair.bucket("unversioned", WEST, versioned=False)
    replicate(pair, rule("unversioned"))
    pair.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    pair.eventually(lambda: status(pair, HERE, "k", EAST) == "FAILED", "both ends keep versions")


@pytest.mark.parametrize(
    ("kind", "target"), [("region", EAST), ("region", WEST), ("bucket", HERE), ("bucket", THERE)]
)
def test_a_lost_end_holds_the_queue_and_its_return_empties_it(
    pair: Aws, kind: str, target: str
) -> None:
    replicate(pair, rule(THERE))
    pair.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    fault = pair.faults.lose(kind, target)
    pair.eventually(
        lambda: pair.storage.replicator.backlog() == 1 and not pair.storage.replicator._queue,
        "it is held",
    )
    assert "replication.done" not in pair.kinds(), "nothing crosses while an end is lost"
    pair.faults.restore(fault.id)
    arrives(pair, "k")


def test_the_lag_has_the_documented_median_and_tail() -> None:
    lag = ReplicationLag()
    source = random.Random(7)  # noqa: S311  # a seeded draw, not a secret
    drawn = sorted(lag.draw_s(source) for _ in range(20_000))
    assert statistics.median(drawn) == pytest.approx(lag.median_s, rel=0.05), "median as named"
    assert drawn[int(0.99 * len(drawn))] == pytest.approx(lag.p99_s, rel=0.1), "p99 as named"


def test_the_same_seed_draws_the_same_lags() -> None:
    first, second = (
        [ReplicationLag().draw_s(source) for _ in range(5)]
        for source in (random.Random(3), random.Random(3))  # noqa: S311  # seeded draws
    )
    assert first == second, "a rehearsal is repeated with its seed"


def test_of_two_rules_for_one_destination_the_higher_priority_counts() -> None:
    def raw(priority: str, storage_class: str) -> dict[str, Any]:
        return {
            "ID": storage_class,
            "Priority": priority,
            "Status": "Enabled",
            "Filter": None,
            "Destination": {"Bucket": f"arn:aws:s3:::{THERE}", "StorageClass": storage_class},
        }

    rules = from_xml_dict({"Role": "r", "Rule": [raw("10", "STANDARD_IA"), raw("9", "GLACIER")]})
    chosen = rules.rules_for("k", {})
    assert [each.storage_class for each in chosen] == ["STANDARD_IA"], "10 is above 9"
