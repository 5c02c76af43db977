"""What the program asks AWS Backup for: what leaves, where it goes, and what outlives the stack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from infra import backup_policies
from infra.backup_policies import Protected
from infra.naming import RegionNames, StackNames
from tests.infra.graph import Graph, run_program, stack_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROTECTED = Protected(
    account_id="123456789012",
    region="us-east-1",
    bucket_arns=["arn:aws:s3:::a", "arn:aws:s3:::b"],
    table_arn="arn:aws:dynamodb:us-east-1:123456789012:table/understudy-prod",
    key_arn="arn:aws:kms:us-east-1:123456789012:key/mrk-1",
    vault_arn="arn:aws:backup:us-east-1:123456789012:backup-vault:it",
    copy_vault_arn="arn:aws:backup:us-west-2:123456789012:backup-vault:it",
    copy_region="us-west-2",
    copy_key_arn="arn:aws:kms:us-west-2:123456789012:key/mrk-1",
)

HERE = RegionNames(
    stack=StackNames(project="understudy", stack="prod", account_id="123456789012"),
    region="us-east-1",
)


def statements(document: str) -> Iterator[dict[str, Any]]:
    yield from json.loads(document)["Statement"]


def reached(document: str, action: str) -> set[str]:
    """What a policy lets an action be done to."""
    return {
        resource
        for each in statements(document)
        if action in each["Action"]
        for resource in each["Resource"]
    }


def test_each_region_copies_to_the_next_and_is_tested_there(release_zip: Path) -> None:
    regions = ["us-east-1", "us-west-2", "eu-west-1"]
    config = stack_config("prod", regions=json.dumps(regions))
    graph = run_program("prod", config, release_zip)
    copies = {
        plan.region: plan.inputs["rules"][0]["copyActions"][0]["destinationVaultArn"].split(":")[3]
        for plan in graph.of("Plan")
    }
    assert copies == dict(zip(regions, [*regions[1:], regions[0]], strict=True))
    for tested in graph.of("RestoreTestingSelection"):
        [source] = [region for region, refuge in copies.items() if refuge == tested.region]
        assert all(source in arn for arn in tested.inputs["protectedResourceArns"])


@pytest.mark.parametrize("consistency", ["eventual", "strong"])
def test_every_regions_replica_of_the_table_is_backed_up_and_tested_elsewhere(
    consistency: str, release_zip: Path
) -> None:
    regions = ["us-east-1", "us-west-2", "us-east-2"]
    config = stack_config("prod", regions=json.dumps(regions), tableConsistency=consistency)
    graph = run_program("prod", config, release_zip)
    tables = {
        each.region: [arn for arn in each.inputs["resources"] if ":dynamodb:" in arn]
        for each in graph.of("Selection")
    }
    assert tables == {
        region: [f"arn:aws:dynamodb:{region}:123456789012:table/understudy-prod"]
        for region in regions
    }
    tested = {
        str(arn): each.region
        for each in graph.of("RestoreTestingSelection")
        if each.inputs["protectedResourceType"] == "DynamoDB"
        for arn in each.inputs["protectedResourceArns"]
    }
    assert set(tested) == {arn for arns in tables.values() for arn in arns}
    assert all(arn.split(":")[3] != region for arn, region in tested.items())


def test_what_a_locked_vault_needs_to_be_opened_outlives_the_stack(graph: Graph) -> None:
    locked = graph.outputs["stack"] == "prod"
    kinds = ("Vault", "VaultLockConfiguration", "Key", "ReplicaKey")
    kept = [each for kind in kinds for each in graph.all(kind)]
    assert kept
    assert all(each.retain_on_delete is locked for each in kept), (
        "a locked vault stays, and so must the keys: without them it holds nothing"
    )
    assert bool(graph.all("VaultLockConfiguration")) is locked
    for vault in graph.of("Vault"):
        assert vault.inputs["forceDestroy"] is not locked


def test_a_compliance_lock_states_when_it_sets(prod: Graph) -> None:
    for lock in prod.of("VaultLockConfiguration"):
        assert lock.inputs["changeableForDays"] == 3, "without it anybody could remove the lock"


def test_a_governance_lock_never_sets(release_zip: Path) -> None:
    graph = run_program("staging", stack_config("staging", backupLock="governance"), release_zip)
    for lock in graph.of("VaultLockConfiguration"):
        assert "changeableForDays" not in lock.inputs


def test_a_stack_without_backups_asks_for_nothing_of_the_kind(release_zip: Path) -> None:
    config = stack_config(
        "staging", backupEnabled="false", backupOffReason="nothing here outlives a day"
    )
    graph = run_program("staging", config, release_zip)
    assert not [each for each in graph.custom if each.type.startswith("aws:backup/")]


def test_who_takes_backups_reads_and_writes_nothing_but_the_vaults() -> None:
    policy = backup_policies.back_up(PROTECTED)
    assert reached(policy, "s3:GetObject") == {"arn:aws:s3:::a/*", "arn:aws:s3:::b/*"}
    assert reached(policy, "backup:CopyIntoBackupVault") == {PROTECTED.copy_vault_arn}
    assert reached(policy, "dynamodb:StartAwsBackupJob") == {PROTECTED.table_arn}
    writes = ("s3:PutObject", "s3:DeleteObject", "dynamodb:PutItem", "backup:DeleteRecoveryPoint")
    for action in writes:
        assert not reached(policy, action), f"a backup needs no {action}"


def test_who_restores_cannot_write_to_what_serves() -> None:
    policy = backup_policies.restore(HERE, PROTECTED.key_arn)
    places = reached(policy, "s3:PutObject")
    assert places == {
        "arn:aws:s3:::awsbackup-restore-test-*",
        "arn:aws:s3:::understudy-prod-restored-*",
    }
    serving = "arn:aws:s3:::understudy-prod-123456789012-us-east-1-predictions"
    assert not any(serving.startswith(each.removesuffix("*")) for each in places)
    tables = reached(policy, "dynamodb:PutItem")
    assert not any(PROTECTED.table_arn.startswith(each.removesuffix("*")) for each in tables)
    assert tables == {
        "arn:aws:dynamodb:us-east-1:123456789012:table/awsbackup-restore-test-*",
        "arn:aws:dynamodb:us-east-1:123456789012:table/understudy-prod-restored-*",
    }


@pytest.mark.parametrize("action", ["Decrypt", "GenerateDataKey"])
def test_keys_are_used_through_services_alone(action: str) -> None:
    for policy in (
        backup_policies.back_up(PROTECTED),
        backup_policies.restore(HERE, PROTECTED.key_arn),
    ):
        for each in statements(policy):
            if f"kms:{action}" in each["Action"]:
                assert "kms:ViaService" in each["Condition"]["StringEquals"]
