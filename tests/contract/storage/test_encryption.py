"""Objects under KMS keys: who may read, write and replicate them, and when nobody can."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from emulator.patches import kms, mending, s3
from tests.contract.storage.aws import ACCOUNT, EAST, WEST, Aws, allow, document
from tests.contract.storage.test_replication import HERE, THERE, arrives, permissions, rule, status

if TYPE_CHECKING:
    from collections.abc import Iterator

USE = ["kms:Decrypt", "kms:GenerateDataKey"]


def make_key(aws: Aws, region: str = EAST, **more: Any) -> str:
    return str(aws.client("kms", region).create_key(**more)["KeyMetadata"]["Arn"])


def encrypt(aws: Aws, bucket: str, key: str, region: str = EAST) -> None:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    aws.client("s3", region).put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules}
    )


@pytest.fixture(autouse=True)
def mended() -> Iterator[None]:
    """Bucket policies are the front door's to hold; keys have several Regions."""
    for patch in (s3, kms):
        patch.apply()
    yield
    mending.put_back()


@pytest.fixture
def sealed(aws: Aws) -> tuple[Aws, str]:
    """A bucket under a key of its own, with an object in it."""
    bucket, key = aws.bucket(HERE), make_key(aws)
    encrypt(aws, bucket, key)
    aws.client("s3").put_object(Bucket=bucket, Key="k", Body=b"1")
    return aws, key


def as_role(aws: Aws, *statements: dict[str, Any]) -> Any:
    """S3 for a role that may do anything with objects, and with keys what the statements say."""
    objects = allow(["s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::{HERE}/*"])
    arn = aws.role("writer", "lambda.amazonaws.com", objects, *statements)
    return aws.client("s3", credentials=aws.session(arn))


def refusal(call: Any, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    return str(caught.value.response["Error"]["Code"])


def through(service: str, key: str, actions: list[str]) -> dict[str, Any]:
    return allow(actions, [key]) | {"Condition": {"StringEquals": {"kms:ViaService": service}}}


def test_an_object_says_which_key_it_is_under(sealed: tuple[Aws, str]) -> None:
    aws, key = sealed
    shown = aws.client("s3").head_object(Bucket=HERE, Key="k")
    assert (shown["ServerSideEncryption"], shown["SSEKMSKeyId"]) == ("aws:kms", key)


def test_reading_and_writing_need_the_key_besides_the_bucket(sealed: tuple[Aws, str]) -> None:
    aws, key = sealed
    client = as_role(aws)
    assert refusal(client.get_object, Bucket=HERE, Key="k") == "AccessDenied"
    assert refusal(client.put_object, Bucket=HERE, Key="new", Body=b"2") == "AccessDenied"
    aws.allow_role(
        "writer",
        allow(["s3:GetObject", "s3:PutObject"], [f"arn:aws:s3:::{HERE}/*"]),
        through(f"s3.{EAST}.amazonaws.com", key, USE),
    )
    assert client.get_object(Bucket=HERE, Key="k")["Body"].read() == b"1"
    client.put_object(Bucket=HERE, Key="new", Body=b"2")


def test_a_right_through_s3_is_none_to_the_key_itself(sealed: tuple[Aws, str]) -> None:
    aws, key = sealed
    arn = aws.role("reader", "lambda.amazonaws.com", through(f"s3.{EAST}.amazonaws.com", key, USE))
    client = aws.client("kms", credentials=aws.session(arn))
    assert (
        refusal(client.generate_data_key, KeyId=key, KeySpec="AES_256") == "AccessDeniedException"
    )


def test_a_keys_policy_that_does_not_trust_iam_closes_it_to_every_role(
    sealed: tuple[Aws, str],
) -> None:
    aws, key = sealed
    client = as_role(aws, allow(USE, [key]))
    assert client.get_object(Bucket=HERE, Key="k"), "the default policy leaves it to IAM"
    account = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    nobody = {
        "Effect": "Allow",
        "Principal": account,
        "Action": "kms:PutKeyPolicy",
        "Resource": "*",
    }
    trusted = {
        "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/wri*"},
    }
    some = nobody | {"Action": USE, "Condition": trusted}
    for statements, opens in (([nobody], False), ([nobody, some], True)):
        aws.client("kms").put_key_policy(
            KeyId=key, PolicyName="default", Policy=document(*statements)
        )
        if opens:
            assert client.get_object(Bucket=HERE, Key="k"), "the roles it names, by IAM"
        else:
            assert refusal(client.get_object, Bucket=HERE, Key="k") == "AccessDenied"


def test_a_disabled_key_stops_reads_and_writes_of_everybody(sealed: tuple[Aws, str]) -> None:
    aws, key = sealed
    client, keys = aws.client("s3"), aws.client("kms")
    keys.disable_key(KeyId=key.rpartition("/")[2])
    assert refusal(client.get_object, Bucket=HERE, Key="k") == "KMS.DisabledException"
    assert refusal(client.put_object, Bucket=HERE, Key="k", Body=b"") == "KMS.DisabledException"
    client.head_object(Bucket=HERE, Key="k")
    keys.enable_key(KeyId=key.rpartition("/")[2])
    assert client.get_object(Bucket=HERE, Key="k")["Body"].read() == b"1"


@pytest.mark.parametrize(
    ("more", "passes"),
    [
        ({}, True),
        ({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "own"}, True),
        ({"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "other"}, False),
        ({"ServerSideEncryption": "AES256"}, False),
    ],
)
def test_a_bucket_takes_nothing_under_another_key(
    sealed: tuple[Aws, str], more: dict[str, str], *, passes: bool
) -> None:
    aws, key = sealed
    other = make_key(aws)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}
    aws.client("s3").put_bucket_policy(
        Bucket=HERE,
        Policy=document(
            *(
                deny | {"Condition": {"Null": {name: "false"}, differs: {name: value}}}
                for differs, name, value in (
                    ("StringNotEquals", "s3:x-amz-server-side-encryption", "aws:kms"),
                    ("ArnNotEquals", "s3:x-amz-server-side-encryption-aws-kms-key-id", key),
                )
            )
        ),
    )
    client = as_role(aws, allow(USE, [key, other]))
    named = {"own": key, "other": other}
    params = {name: named.get(value, value) for name, value in more.items()}
    if passes:
        client.put_object(Bucket=HERE, Key="k", Body=b"2", **params)
    else:
        assert (
            refusal(client.put_object, Bucket=HERE, Key="k", Body=b"2", **params) == "AccessDenied"
        )


def test_a_key_of_another_region_or_none_is_found_out_at_the_first_object(aws: Aws) -> None:
    aws.bucket(HERE)
    encrypt(aws, HERE, f"arn:aws:kms:{EAST}:{ACCOUNT}:key/ghost")
    said = refusal(aws.client("s3").put_object, Bucket=HERE, Key="k", Body=b"")
    assert said == "KMS.NotFoundException"


# --- replication -------------------------------------------------------------------------------


@pytest.fixture
def keys(aws: Aws) -> tuple[Aws, dict[str, str]]:
    """Two buckets, each under the key of its Region."""
    found = {EAST: make_key(aws), WEST: make_key(aws, WEST)}
    for bucket, region in ((HERE, EAST), (THERE, WEST)):
        aws.bucket(bucket, region)
        encrypt(aws, bucket, found[region], region)
    return aws, found


def replicate(aws: Aws, keys: dict[str, str], *statements: dict[str, Any], **more: Any) -> None:
    sealing = {
        "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        "Destination": {
            "Bucket": f"arn:aws:s3:::{THERE}",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": keys[WEST]},
        },
    }
    role = aws.role("copies", "s3.amazonaws.com", *permissions(HERE, THERE), *statements)
    configuration = {"Role": role, "Rules": [rule(THERE, **sealing | more)]}
    aws.client("s3").put_bucket_replication(Bucket=HERE, ReplicationConfiguration=configuration)


def key_rights(keys: dict[str, str]) -> list[dict[str, Any]]:
    return [
        through(f"s3.{EAST}.amazonaws.com", keys[EAST], ["kms:Decrypt"]),
        through(f"s3.{WEST}.amazonaws.com", keys[WEST], ["kms:Encrypt"]),
    ]


def test_a_replica_is_under_the_key_of_its_own_region(keys: tuple[Aws, dict[str, str]]) -> None:
    aws, found = keys
    replicate(aws, found, *key_rights(found))
    aws.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    assert arrives(aws, "k")["SSEKMSKeyId"] == found[WEST]


@pytest.mark.parametrize("missing", [0, 1], ids=["decrypt", "encrypt"])
def test_a_role_without_a_right_to_either_key_fails_the_copy(
    keys: tuple[Aws, dict[str, str]], missing: int
) -> None:
    aws, found = keys
    rights = key_rights(found)
    del rights[missing]
    replicate(aws, found, *rights)
    aws.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    aws.eventually(lambda: status(aws, HERE, "k", EAST) == "FAILED", "the object says FAILED")
    (failed,) = aws.facts("replication.failed")
    assert "kms:" in failed["reason"], "and the log says which permission"
    (figures,) = aws.storage.replicator.figures()
    assert figures.failed_operations == 1


def test_a_disabled_key_fails_the_copy(keys: tuple[Aws, dict[str, str]]) -> None:
    aws, found = keys
    replicate(aws, found, *key_rights(found))
    aws.client("kms", WEST).disable_key(KeyId=found[WEST].rpartition("/")[2])
    aws.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    aws.eventually(lambda: status(aws, HERE, "k", EAST) == "FAILED", "the object says FAILED")


def test_what_a_rule_does_not_select_stays_without_a_word(
    keys: tuple[Aws, dict[str, str]],
) -> None:
    aws, found = keys
    unselected = {"SourceSelectionCriteria": {}, "Destination": {"Bucket": f"arn:aws:s3:::{THERE}"}}
    replicate(aws, found, *key_rights(found), **unselected)
    aws.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    assert status(aws, HERE, "k", EAST) == "None", "not even a failure: S3 copies none of them"


# --- changes -----------------------------------------------------------------------------------


def both_ways(aws: Aws, *, modifications: bool) -> None:
    criteria = {"ReplicaModifications": {"Status": "Enabled" if modifications else "Disabled"}}
    for source, destination, region in ((HERE, THERE, EAST), (THERE, HERE, WEST)):
        name = f"copies-{source}"
        role = aws.role(name, "s3.amazonaws.com", *permissions(source, destination))
        rules = [rule(destination, SourceSelectionCriteria=criteria)]
        aws.client("s3", region).put_bucket_replication(
            Bucket=source, ReplicationConfiguration={"Role": role, "Rules": rules}
        )


def tag(aws: Aws, bucket: str, region: str, value: str) -> None:
    tags = [{"Key": "state", "Value": value}]
    aws.client("s3", region).put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags})


def tags_of(aws: Aws, bucket: str, region: str) -> list[str]:
    found = aws.client("s3", region).get_object_tagging(Bucket=bucket, Key="k")["TagSet"]
    return [each["Value"] for each in found]


@pytest.fixture
def pair(aws: Aws) -> Aws:
    aws.bucket(HERE, EAST)
    aws.bucket(THERE, WEST)
    return aws


def test_tags_follow_an_object_and_travel_back_from_its_replica(pair: Aws) -> None:
    both_ways(pair, modifications=True)
    pair.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    arrives(pair, "k")
    tag(pair, HERE, EAST, "changed")
    pair.eventually(lambda: tags_of(pair, THERE, WEST) == ["changed"], "tags follow")
    tag(pair, THERE, WEST, "answered")
    pair.eventually(lambda: tags_of(pair, HERE, EAST) == ["answered"], "tags travel back")
    assert status(pair, THERE, "k", WEST) == "REPLICA", "a replica stays one"
    pair.eventually(lambda: pair.storage.replicator.backlog() == 0, "and nothing goes round")
    versions = pair.client("s3").list_object_versions(Bucket=HERE)["Versions"]
    assert len(versions) == 1, "a change of tags makes no version"


def test_tags_of_a_replica_stay_where_modifications_are_not_replicated(pair: Aws) -> None:
    both_ways(pair, modifications=False)
    pair.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    arrives(pair, "k")
    tag(pair, THERE, WEST, "answered")
    assert pair.storage.replicator.backlog() == 0, "nothing is queued for it"
    assert tags_of(pair, HERE, EAST) == []


def test_of_two_changes_the_later_one_stands_on_both_sides(pair: Aws) -> None:
    both_ways(pair, modifications=True)
    pair.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    arrives(pair, "k")
    tag(pair, HERE, EAST, "earlier")
    tag(pair, THERE, WEST, "later")
    pair.eventually(lambda: pair.storage.replicator.backlog() == 0, "both have crossed")
    pair.eventually(
        lambda: (
            pair.storage.replicator.backlog() == 0
            and tags_of(pair, HERE, EAST) == tags_of(pair, THERE, WEST) == ["later"]
        ),
        "the later change stands",
    )


def test_deletions_travel_both_ways_and_take_nothing(pair: Aws) -> None:
    for source, destination, region in ((HERE, THERE, EAST), (THERE, HERE, WEST)):
        role = pair.role(f"c-{source}", "s3.amazonaws.com", *permissions(source, destination))
        rules = [rule(destination, DeleteMarkerReplication={"Status": "Enabled"})]
        pair.client("s3", region).put_bucket_replication(
            Bucket=source, ReplicationConfiguration={"Role": role, "Rules": rules}
        )
    pair.client("s3").put_object(Bucket=HERE, Key="k", Body=b"1")
    arrives(pair, "k")
    pair.client("s3", WEST).delete_object(Bucket=THERE, Key="k")
    pair.eventually(lambda: status(pair, HERE, "k", EAST) is None, "a replica's deletion crosses")
    versions = pair.client("s3").list_object_versions(Bucket=HERE)["Versions"]
    assert len(versions) == 1, "and hides the object without taking it"


def test_figures_tell_what_waits_and_for_how_long(pair: Aws) -> None:
    both_ways(pair, modifications=True)
    pair.faults.lose("region", WEST)
    pair.client("s3").put_object(Bucket=HERE, Key="k", Body=b"12345")
    figures = {each.source_bucket: each for each in pair.storage.replicator.figures()}
    waiting = figures[HERE]
    assert (waiting.destination_bucket, waiting.rule_id) == (THERE, "all")
    assert (waiting.pending_operations, waiting.pending_bytes) == (1, 5)
    pair.eventually(
        lambda: pair.storage.replicator.figures()[0].latency_s > 1, "it grows older as it waits"
    )
    assert figures[THERE].pending_operations == 0, "a rule with nothing to do is there all the same"
    assert json.dumps(figures[THERE].latency_s) == "0.0"
