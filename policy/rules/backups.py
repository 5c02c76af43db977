"""Backups: of everything that is kept, out of the Region, locked, and restored to be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policy.graph import UNKNOWN, UndecidedError
from policy.rule import Said, each, whole
from policy.rules.table import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.graph import Graph, Resource

_NOT_KEPT: Final = frozenset({"evacuation", "accesslogs", "journals"})
_JUDGE: Final = "-restore-validation"
_AGE: Final = "RestoreTestAge"


def _goes_without(graph: Graph) -> bool:
    """Whether this stack has no backups at all, and may."""
    return not graph.production and not graph.all("Vault")


@each("Plan", optional=True)
def backups_leave_the_region(plan: Resource, graph: Graph) -> Iterator[str]:
    """Every rule of a backup plan copies into another Region's vault, and keeps the copy as long.

    Replication is not backup: it copies the mistake. A backup in the Region it is of is lost with
    it.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/cross-region-backup.html
    """
    for rule in plan.asked("rules") or []:
        copies = rule.get("copyActions") or []
        elsewhere = [copy for copy in copies if _region_of(graph, copy) != plan.region]
        if not elsewhere:
            yield f"keeps what its rule {rule.get('ruleName')} backs up in {plan.region} alone"
        kept = (rule.get("lifecycle") or {}).get("deleteAfter") or 0
        for copy in elsewhere:
            days = (copy.get("lifecycle") or {}).get("deleteAfter") or 0
            if days < kept:
                yield f"keeps copies for {days} days, and what they are of for {kept}"


def _region_of(graph: Graph, copy: dict[str, Any]) -> str | None:
    """Where a copy goes; vaults have the same name in every Region."""
    arn = copy.get("destinationVaultArn")
    if arn == UNKNOWN:
        raise UndecidedError("a vault's ARN is known after the deploy")
    return next((each.region for each in graph.all("Vault") if each.get("arn") == arn), None)


@whole
def everything_that_is_kept_is_backed_up(graph: Graph) -> Iterator[Said]:
    """Every bucket and table that cannot be made again is in its Region's backup selection.

    What nobody selected is found missing on the day it is to be restored. Flags are set again by
    hand, logs of the edge are nobody's to restore, and journals are locked where they lie.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html
    """
    if _goes_without(graph):
        return
    selections = graph.of("Selection")
    for bucket in graph.of("Bucket"):
        if str(bucket.get("bucket")).rpartition("-")[2] in _NOT_KEPT:
            continue
        if not any(
            bucket in graph.behind(selection, "resources", "Bucket")
            for selection in selections
            if selection.region == bucket.region
        ):
            yield bucket, "is in no backup selection of its Region"
    kept = {selection.region for selection in selections if _selects_table(selection, graph)}
    for region, table in tables(graph):
        if region not in kept:
            yield table, f"is in no backup selection of {region}"


def _selects_table(selection: Resource, graph: Graph) -> bool:
    """Whether a selection names a table of its own Region, which a strong table's ARN is not."""
    arns = [str(arn) for arn in selection.inputs.get("resources") or ()]
    if any(arn.split(":")[2:4] == ["dynamodb", selection.region] for arn in arns):
        return True
    return UNKNOWN in arns and bool(graph.behind(selection, "resources", "Table", "TableReplica"))


@whole
def restores_are_tested_where_the_copies_are(graph: Graph) -> Iterator[Said]:
    """Every Region restores, on a schedule, what another Region's copies hold, and judges it.

    A backup that nobody has restored is a hope; that one kind comes back says nothing of another.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html
    """
    if _goes_without(graph):
        return
    for region, plans in graph.per_region("RestoreTestingPlan").items():
        selections = graph.matching("RestoreTestingSelection", region=region)
        restored = {each.get("protectedResourceType") for each in selections if plans}
        for kind in ("S3", *(["DynamoDB"] if graph.all("Table") else [])):
            if kind not in restored:
                yield f"nothing of {kind} is ever restored in {region}"
        for selection in selections:
            arns = " ".join(map(str, selection.asked("protectedResourceArns") or []))
            if region in arns:
                yield selection, "restores what is its own Region's"
        judges = [
            each_function
            for each_function in graph.matching("Function", region=region)
            if str(each_function.get("name")).endswith(_JUDGE)
        ]
        if not judges:
            yield f"nobody judges what is restored in {region}"


@whole
def restore_tests_that_stop_are_noticed(graph: Graph) -> Iterator[Said]:
    """Every Region is told, on a schedule, how old its last verdict is, and silence is an alarm.

    A restore test that never runs raises nothing by itself: no job, no event, no metric.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    if _goes_without(graph):
        return
    for region in graph.regions:
        asks = [
            rule
            for rule in graph.matching("EventRule", region=region)
            if rule.get("scheduleExpression") and _calls_the_judge(rule, graph)
        ]
        if not asks:
            yield f"nobody asks how old the last verdict in {region} is"
        alarms = graph.matching("MetricAlarm", region=region, metricName=_AGE)
        if not alarms:
            yield f"no alarm in {region} looks at {_AGE}"
        for alarm in alarms:
            if alarm.get("treatMissingData") != "breaching":
                yield alarm, "takes silence for a verdict"


def _calls_the_judge(rule: Resource, graph: Graph) -> bool:
    return any(
        str(function.get("name")).endswith(_JUDGE)
        for target in graph.matching("EventTarget", region=rule.region)
        if rule in graph.behind(target, "rule", "EventRule")
        for alias in graph.behind(target, "arn", "Alias")
        for function in graph.behind(alias, "functionName", "Function")
    )


@each("Vault", optional=True)
def vaults_are_locked_in_production(vault: Resource, graph: Graph) -> Iterator[str]:
    """In production every vault is locked for good, after days in which that can be taken back.

    Whoever gets hold of an administrator's keys deletes the backups first.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
    """
    if vault.asked("kmsKeyArn") is None:
        yield "is not under the stack's key"
    if not graph.production:
        return
    locks = [
        lock
        for lock in graph.matching("VaultLockConfiguration", region=vault.region)
        if lock.get("backupVaultName") == vault.get("name")
    ]
    if not locks:
        yield "is not locked, and this is production"
    for lock in locks:
        if not lock.get("changeableForDays"):
            yield "has a lock that an administrator can take off"
