"""Tables with replicas, deployed: each Region comes, changes and goes by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud
    from tests.contract.engine.play import Play, Script

EAST, WEST, OHIO = "us-east-1", "us-west-2", "us-east-2"
TABLE, REPLICA = "aws:dynamodb/table:Table", "aws:dynamodb/tableReplica:TableReplica"


def key(cloud: Cloud, region: str) -> str:
    return str(cloud.call("kms", "CreateKey", region=region)["KeyMetadata"]["Arn"])


def table(**more: Any) -> dict[str, Any]:
    return {
        "region": EAST,
        "name": "t",
        "billingMode": "PAY_PER_REQUEST",
        "hashKey": "pk",
        "attributes": [{"name": "pk", "type": "S"}],
        "pointInTimeRecovery": {"enabled": True},
        "tags": {"a": "b"},
        **more,
    }


def eventual(keys: dict[str, str], *regions: str, protected: bool = False) -> Script:
    """A table with a replica in each of these Regions, each a resource of its own."""

    def script(play: Play) -> None:
        sealed = {"serverSideEncryption": {"enabled": True, "kmsKeyArn": keys[EAST]}}
        ageing = {"ttl": {"attributeName": "expires_at", "enabled": True}}
        stream = {"streamEnabled": True, "streamViewType": "NEW_AND_OLD_IMAGES"}
        more = sealed | ageing | stream | {"deletionProtectionEnabled": protected}
        made = play.resource(TABLE, "table", table(**more))
        for region in regions:
            inputs = {
                "region": region,
                "globalTableArn": made.outputs["arn"],
                "kmsKeyArn": keys[region],
                "pointInTimeRecovery": True,
                "deletionProtectionEnabled": protected,
                "tags": {"a": region},
            }
            play.resource(REPLICA, region, inputs, uses={"globalTableArn": [made]})

    return script


def describe(cloud: Cloud, region: str) -> dict[str, Any]:
    return dict(cloud.call("dynamodb", "DescribeTable", region=region, TableName="t")["Table"])


def recovers(cloud: Cloud, region: str) -> bool:
    found = cloud.call("dynamodb", "DescribeContinuousBackups", region=region, TableName="t")
    shown = found["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    return bool(shown["PointInTimeRecoveryStatus"] == "ENABLED")


def test_regions_come_and_go_one_by_one(cloud: Cloud) -> None:
    keys = {region: key(cloud, region) for region in (EAST, WEST, OHIO)}
    cloud.deploy(eventual(keys, WEST))
    cloud.deploy(eventual(keys, WEST))
    assert cloud.steps() == [], "what did not change is left alone"
    assert describe(cloud, WEST)["SSEDescription"]["KMSMasterKeyArn"] == keys[WEST]
    assert recovers(cloud, WEST)
    cloud.deploy(eventual(keys, WEST, OHIO))
    assert cloud.steps() == [("create", OHIO)], "a Region that comes touches no other"
    cloud.deploy(eventual(keys, OHIO))
    assert cloud.steps() == [("delete", WEST)], "nor does one that goes"
    assert [each["RegionName"] for each in describe(cloud, EAST)["Replicas"]] == [OHIO]


def test_protection_is_changed_in_place_and_holds(cloud: Cloud) -> None:
    keys = {region: key(cloud, region) for region in (EAST, WEST)}
    cloud.deploy(eventual(keys, WEST))
    cloud.deploy(eventual(keys, WEST, protected=True))
    assert set(cloud.steps()) == {("update", "table"), ("update", WEST)}
    assert cloud.run(lambda _play: None, kind="destroy").result == "refused"
    cloud.deploy(eventual(keys, WEST))
    assert cloud.run(lambda _play: None, kind="destroy").result == "done"


def test_a_key_of_another_region_is_refused(cloud: Cloud) -> None:
    keys = {EAST: key(cloud, EAST), WEST: key(cloud, EAST)}
    assert "KMS validation error" in cloud.refusal(eventual(keys, WEST))


def strong(*, protected: bool = False, regions: tuple[str, ...] = (WEST,)) -> Script:
    def script(play: Play) -> None:
        replicas = [
            {
                "regionName": region,
                "consistencyMode": "STRONG",
                "pointInTimeRecovery": True,
                "deletionProtectionEnabled": protected,
                "propagateTags": True,
            }
            for region in regions
        ]
        witness = {"globalTableWitness": {"regionName": OHIO}}
        play.resource(TABLE, "table", table(replicas=replicas, **witness))

    return script


def test_a_strong_table_is_made_changed_and_destroyed_whole(cloud: Cloud) -> None:
    cloud.deploy(strong())
    cloud.deploy(strong())
    assert cloud.steps() == []
    shown = describe(cloud, WEST)
    assert shown["MultiRegionConsistency"] == "STRONG"
    assert shown["GlobalTableWitnesses"][0]["RegionName"] == OHIO
    assert recovers(cloud, WEST)
    tags = cloud.call("dynamodb", "ListTagsOfResource", region=WEST, ResourceArn=shown["TableArn"])[
        "Tags"
    ]
    assert tags == [{"Key": "a", "Value": "b"}]
    cloud.deploy(strong(protected=True))
    assert cloud.steps() == [("update", "table")]
    assert describe(cloud, WEST)["DeletionProtectionEnabled"] is True
    cloud.deploy(strong())
    assert cloud.run(lambda _play: None, kind="destroy").result == "done"
    for region in (EAST, WEST):
        assert cloud.call("dynamodb", "ListTables", region=region)["TableNames"] == []


def test_a_strong_tables_rules_are_held(cloud: Cloud) -> None:
    assert "exactly three different Regions" in cloud.refusal(strong(regions=(OHIO,)))
