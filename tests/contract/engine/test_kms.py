"""Multi-Region keys: one key in several Regions, and the states in which it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud
    from tests.contract.engine.play import Play, Script

EAST, WEST, EUROPE = "us-east-1", "us-west-2", "eu-west-1"
ACCOUNT = "123456789012"


def policy(*, action: str = "kms:*", principal: str = f"arn:aws:iam::{ACCOUNT}:root") -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": action,
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def key(cloud: Cloud) -> str:
    """A multi-Region key with its primary in the east and a replica in the west."""
    made = cloud.call("kms", "CreateKey", region=EAST, MultiRegion=True)["KeyMetadata"]["KeyId"]
    cloud.call("kms", "ReplicateKey", region=EAST, KeyId=made, ReplicaRegion=WEST)
    return str(made)


def encrypt(cloud: Cloud, key: str, *, region: str = EAST) -> bytes:
    made = cloud.call("kms", "Encrypt", region=region, KeyId=key, Plaintext=b"secret")
    return bytes(made["CiphertextBlob"])


def describe(cloud: Cloud, key: str, region: str) -> dict[str, Any]:
    found = cloud.call("kms", "DescribeKey", region=region, KeyId=key)["KeyMetadata"]
    return dict(found)


@pytest.mark.parametrize(("here", "there"), [(EAST, WEST), (WEST, EAST), (EAST, EAST)])
def test_what_one_region_encrypts_any_other_decrypts(
    cloud: Cloud, key: str, here: str, there: str
) -> None:
    sealed = encrypt(cloud, key, region=here)
    opened = cloud.call("kms", "Decrypt", region=there, CiphertextBlob=sealed)
    assert opened["Plaintext"] == b"secret", "replicas have the primary's material"
    assert opened["KeyId"] == f"arn:aws:kms:{there}:{ACCOUNT}:key/{key}", "by its own key"


def test_a_region_without_a_replica_cannot_decrypt(cloud: Cloud, key: str) -> None:
    refused = cloud.refused("kms", "Decrypt", region=EUROPE, CiphertextBlob=encrypt(cloud, key))
    assert "AccessDeniedException" in refused


def test_each_region_knows_its_relatives(cloud: Cloud, key: str) -> None:
    for region, kind in ((EAST, "PRIMARY"), (WEST, "REPLICA")):
        shown = describe(cloud, key, region)
        family = shown["MultiRegionConfiguration"]
        assert family["MultiRegionKeyType"] == kind
        assert family["PrimaryKey"]["Region"] == EAST
        assert [each["Region"] for each in family["ReplicaKeys"]] == [WEST]
        assert shown["Arn"].split(":")[3] == region


def test_a_disabled_key_refuses_and_its_replica_does_not(cloud: Cloud, key: str) -> None:
    sealed = encrypt(cloud, key)
    cloud.call("kms", "DisableKey", region=EAST, KeyId=key)
    refused = cloud.refused("kms", "Encrypt", region=EAST, KeyId=key, Plaintext=b"more")
    assert "DisabledException" in refused
    refused = cloud.refused("kms", "Decrypt", region=EAST, CiphertextBlob=sealed)
    assert "DisabledException" in refused
    assert cloud.call("kms", "Decrypt", region=WEST, CiphertextBlob=sealed), (
        "a key's state is each Region's own"
    )
    cloud.call("kms", "EnableKey", region=EAST, KeyId=describe(cloud, key, EAST)["Arn"])
    assert cloud.call("kms", "Decrypt", region=EAST, CiphertextBlob=sealed)


def test_a_key_to_be_deleted_refuses_and_waits_for_its_replicas(cloud: Cloud, key: str) -> None:
    cloud.call("kms", "ScheduleKeyDeletion", region=EAST, KeyId=key, PendingWindowInDays=7)
    assert describe(cloud, key, EAST)["KeyState"] == "PendingReplicaDeletion"
    refused = cloud.refused("kms", "Encrypt", region=EAST, KeyId=key, Plaintext=b"x")
    assert "KMSInvalidStateException" in refused
    assert describe(cloud, key, WEST)["KeyState"] == "Enabled", "deletion is each Region's own"


def test_the_primary_moves_to_a_replica_and_nowhere_else(cloud: Cloud, key: str) -> None:
    move = {"KeyId": key, "PrimaryRegion": EUROPE}
    assert "NotFoundException" in cloud.refused("kms", "UpdatePrimaryRegion", region=EAST, **move)
    cloud.call("kms", "UpdatePrimaryRegion", region=EAST, **move | {"PrimaryRegion": WEST})
    shown = describe(cloud, key, EAST)["MultiRegionConfiguration"]
    assert shown["MultiRegionKeyType"] == "REPLICA"
    assert cloud.call("kms", "ReplicateKey", region=WEST, KeyId=key, ReplicaRegion=EUROPE)


@pytest.mark.parametrize(
    ("region", "to", "code"),
    [
        (EAST, WEST, "AlreadyExistsException"),
        (EAST, EAST, "AlreadyExistsException"),
        (WEST, EUROPE, "UnsupportedOperationException"),
    ],
)
def test_only_a_primary_is_replicated_and_once_a_region(
    cloud: Cloud, key: str, region: str, to: str, code: str
) -> None:
    refused = cloud.refused("kms", "ReplicateKey", region=region, KeyId=key, ReplicaRegion=to)
    assert code in refused


def test_a_key_of_one_region_has_no_replicas(cloud: Cloud) -> None:
    made = cloud.call("kms", "CreateKey", region=EAST)["KeyMetadata"]["KeyId"]
    refused = cloud.refused("kms", "ReplicateKey", region=EAST, KeyId=made, ReplicaRegion=WEST)
    assert "UnsupportedOperationException" in refused


def test_policy_alias_and_tags_are_each_regions_own(cloud: Cloud, key: str) -> None:
    cloud.call("kms", "CreateAlias", region=EAST, AliasName="alias/a", TargetKeyId=key)
    found = cloud.call("kms", "ListAliases", region=WEST, KeyId=key)["Aliases"]
    assert found == [], "an alias is of one Region"
    cloud.call("kms", "CreateAlias", region=WEST, AliasName="alias/a", TargetKeyId=key)
    sealed = encrypt(cloud, "alias/a", region=WEST)
    assert cloud.call("kms", "Decrypt", region=EAST, CiphertextBlob=sealed)
    cloud.call("kms", "PutKeyPolicy", region=WEST, KeyId=key, PolicyName="default", Policy=policy())
    read = {"KeyId": key, "PolicyName": "default"}
    here, there = (
        cloud.call("kms", "GetKeyPolicy", region=each, **read)["Policy"] for each in (EAST, WEST)
    )
    assert here != there == policy()


def test_rotation_is_set_on_the_primary_and_seen_on_replicas(cloud: Cloud, key: str) -> None:
    refused = cloud.refused("kms", "EnableKeyRotation", region=WEST, KeyId=key)
    assert "UnsupportedOperationException" in refused
    cloud.call("kms", "EnableKeyRotation", region=EAST, KeyId=key, RotationPeriodInDays=180)
    shown = cloud.call("kms", "GetKeyRotationStatus", region=WEST, KeyId=key)
    assert (shown["KeyRotationEnabled"], shown["RotationPeriodInDays"]) == (True, 180)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (policy(action="kms:Decrypt"), "update the key policy in the future"),
        (policy(principal=f"arn:aws:iam::{ACCOUNT}:role/ghost"), "role/ghost"),
        ('{"Statement": [{"Effect": "Allow"}]}', "exactly one of Action"),
        ("not JSON", "is not JSON"),
    ],
)
def test_a_policy_that_aws_would_refuse_is_refused(
    cloud: Cloud, key: str, document: str, says: str
) -> None:
    for operation, params in (
        ("CreateKey", {}),
        ("PutKeyPolicy", {"KeyId": key, "PolicyName": "default"}),
        ("ReplicateKey", {"KeyId": key, "ReplicaRegion": EUROPE}),
    ):
        refused = cloud.refused("kms", operation, region=EAST, Policy=document, **params)
        assert "MalformedPolicyDocumentException" in refused, operation
        assert says in refused, operation


KEY, REPLICA, ALIAS = "aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:kms/alias:Alias"


def keys(*, replica: bool = True, **inputs: Any) -> Script:
    """A program with a key in the east, named, and perhaps its replica in the west."""

    def script(play: Play) -> None:
        described = {"description": "d", "policy": policy(), "tags": {"a": "b"}} | inputs
        made = {"region": EAST, "multiRegion": True, "enableKeyRotation": True} | described
        key = play.resource(KEY, "key", made)
        if replica:
            copy = {"region": WEST, "primaryKeyArn": key.outputs["arn"]} | described
            play.resource(REPLICA, "replica", copy, uses={"primaryKeyArn": [key]})
        named = {"region": EAST, "name": "alias/stack", "targetKeyId": key.outputs["arn"]}
        play.resource(ALIAS, "alias", named, uses={"targetKeyId": [key]})

    return script


def test_keys_are_deployed_changed_in_place_and_left_alone(cloud: Cloud) -> None:
    cloud.deploy(keys())
    cloud.deploy(keys())
    assert cloud.steps() == [], "what did not change is left alone"
    cloud.deploy(keys(description="new"))
    assert {op for op, _ in cloud.steps()} == {"update"}, "a key is never replaced for its words"
    cloud.deploy(keys(policy=policy(principal="*")))
    assert {op for op, _ in cloud.steps()} == {"update"}


def test_a_region_that_leaves_takes_only_its_own_replica(cloud: Cloud) -> None:
    cloud.deploy(keys())
    cloud.deploy(keys(replica=False))
    assert cloud.steps() == [("delete", "replica")]
    key = cloud.call("kms", "DescribeKey", region=EAST, KeyId="alias/stack")["KeyMetadata"]
    assert key["KeyState"] == "Enabled"
    assert describe(cloud, key["KeyId"], WEST)["KeyState"] == "PendingDeletion"


def test_a_key_that_is_destroyed_is_only_scheduled_to_go(cloud: Cloud) -> None:
    cloud.deploy(keys(deletionWindowInDays=7))
    key = cloud.call("kms", "DescribeKey", region=EAST, KeyId="alias/stack")["KeyMetadata"]
    assert cloud.run(lambda _play: None, kind="destroy").result == "done"
    assert describe(cloud, key["KeyId"], EAST)["KeyState"].startswith("Pending")
    cloud.deploy(keys())
    assert cloud.steps()[0] == ("create", "key"), "its name is free for another"
