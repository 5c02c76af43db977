"""Backups and restore tests that AWS accepts, and whose every job then fails."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from emulator.backup import keys, permissions
from emulator.backup.contents import table_of
from emulator.backup.state import vault_arn
from emulator.storage import encryption
from emulator.storage.objects import Objects

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from emulator.engine.state import ResourceState

VAULT: Final = "aws:backup/vault:Vault"
PLAN: Final = "aws:backup/plan:Plan"
SELECTION: Final = "aws:backup/selection:Selection"
TESTING_PLAN: Final = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
TESTING_SELECTION: Final = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
# https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-inferred-metadata.html
_PLACE: Final = "awsbackup-restore-test-example"


def problems(resources: Iterable[ResourceState]) -> Iterator[tuple[str, str]]:
    """URN and explanation for each selection whose role could not do what it is for."""
    found = list(resources)
    key_of = {
        vault_arn(each.region, str(each.inputs["name"])): each.inputs.get("kmsKeyArn")
        for each in found
        if each.type == VAULT
    }
    plans = {each.id: each.inputs for each in found if each.type == PLAN}
    # Their ids are their names, which may be the same in every Region.
    tests = {(each.region, each.id): each.inputs for each in found if each.type == TESTING_PLAN}
    for each in found:
        said: list[str] = []
        if each.type == SELECTION:
            rules = plans.get(str(each.inputs["planId"]), {}).get("rules", ())
            said = [line for rule in rules for line in _backups(each, rule, key_of)]
        elif each.type == TESTING_SELECTION:
            plan = tests.get((each.region, str(each.inputs["restoreTestingPlanName"])), {})
            vaults = plan.get("recoveryPointSelection", {}).get("includeVaults", ())
            said = list(_restores(each, vaults, key_of))
        yield from ((each.urn, line) for line in dict.fromkeys(said))


def _backups(
    selection: ResourceState, rule: dict[str, Any], key_of: Mapping[str, str | None]
) -> Iterator[str]:
    role = str(selection.inputs["iamRoleArn"])
    vault = vault_arn(selection.region, str(rule["targetVaultName"]))
    writes = keys.to_write_backup(key_of.get(vault))
    for resource in map(str, selection.inputs.get("resources") or ()):
        denied = permissions.to_back_up(_objects(), role, resource, vault) or keys.denial(
            role, vault, writes, _to_read(selection.region, resource)
        )
        if denied:
            yield (
                f"nothing of {resource} would be backed up: {denied} (AWS accepts the selection;"
                " the jobs fail, or leave the objects out)"
            )
    reads = keys.to_read_backup(key_of.get(vault))
    for copy in rule.get("copyActions") or ():
        target = str(copy["destinationVaultArn"])
        denied = permissions.to_copy(role, vault, target) or keys.denial(
            role, vault, reads, keys.to_write_backup(key_of.get(target))
        )
        if denied:
            yield f"nothing would be copied to {target}: {denied} (AWS fails every copy job)"


def _to_read(region: str, resource: str) -> encryption.Asked:
    if ":dynamodb:" in resource:
        table = table_of(region, resource.rpartition("/")[2])
        return ([], None) if table is None else keys.to_read_table(table)
    bucket = resource.rpartition(":")[2]
    return encryption.to_read(_objects(), bucket, _objects().default_key(bucket))


def _restores(
    selection: ResourceState, vaults: Iterable[str], key_of: Mapping[str, str | None]
) -> Iterator[str]:
    role, kind = str(selection.inputs["iamRoleArn"]), selection.inputs["protectedResourceType"]
    target = f"arn:aws:s3:::{_PLACE}"
    if kind == "DynamoDB":
        account = role.split(":")[4]
        target = f"arn:aws:dynamodb:{selection.region}:{account}:table/{_PLACE}"
    for vault in map(str, vaults):
        denied = permissions.to_restore(
            _objects(), role, target, vault, new=kind != "DynamoDB"
        ) or keys.denial(role, vault, keys.to_read_backup(key_of.get(vault)))
        if denied:
            yield f"nothing would be restored from {vault}: {denied} (AWS fails every restore job)"


def _objects() -> Objects:
    return Objects(threading.RLock())
