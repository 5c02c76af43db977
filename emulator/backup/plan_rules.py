"""What AWS Backup refuses about plans, and what would make every one of their jobs fail.

AWS takes a plan whose retention its vault's lock does not allow, and then fails each of its jobs;
here such a plan (or lock) is refused when it is put, so that a deploy sees it.
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.backup.errors import invalid
from emulator.watch import times

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.backup.state import Account, Lock, Values, Vault

DEFAULT_SCHEDULE: Final = "cron(0 5 ? * * *)"
DEFAULT_ZONE: Final = "Etc/UTC"
DEFAULT_START_MINUTES: Final = 480
DEFAULT_COMPLETION_MINUTES: Final = 10_080
_START_AT_LEAST_MINUTES: Final = 60
_COLD_AT_LEAST_DAYS: Final = 90


def refuse_plan(account: Account, region: str, document: Values) -> None:
    """Refuse a plan that AWS would refuse, or whose jobs would all fail.

    Raises:
        InvalidParameterValueException: Every problem, in one.
    """
    problems = [
        f"rule {rule['RuleName']}: {problem}"
        for rule in document["Rules"]
        for problem in _rule_problems(account, region, rule)
    ]
    names = [rule["RuleName"] for rule in document["Rules"]]
    if len(set(names)) != len(names):
        problems.append("two rules have the same name")
    if problems:
        raise invalid("; ".join(problems))


def refuse_lock(account: Account, vault: Vault, lock: Lock) -> None:
    """Refuse a lock under which the jobs of a plan that is there would all fail."""
    problems: list[str] = []
    for region_name, region in account.regions():
        for plan in region.plans.values():
            for rule in plan.document["Rules"]:
                for target, lifecycle in _destinations(account, region_name, rule):
                    problem = lock.refusal(lifecycle) if target is vault else None
                    if problem:
                        problems.append(f"plan {plan.document['BackupPlanName']}: {problem}")
    if problems:
        raise invalid("; ".join(problems))


def _destinations(
    account: Account, region: str, rule: Values
) -> Iterator[tuple[Vault | None, Values]]:
    yield (
        account.region(region).vaults.get(rule["TargetBackupVaultName"]),
        rule.get("Lifecycle") or {},
    )
    for action in rule.get("CopyActions") or []:
        yield (
            account.vault_of(action["DestinationBackupVaultArn"]),
            action.get("Lifecycle") or {},
        )


def _rule_problems(account: Account, region: str, rule: Values) -> Iterator[str]:
    yield from schedule_problems(rule.get("ScheduleExpression", DEFAULT_SCHEDULE), rule)
    start = rule.get("StartWindowMinutes", DEFAULT_START_MINUTES)
    if start < _START_AT_LEAST_MINUTES:
        yield f"StartWindowMinutes is {start}; expected {_START_AT_LEAST_MINUTES} or more"
    completion = rule.get("CompletionWindowMinutes", DEFAULT_COMPLETION_MINUTES)
    if completion <= start:
        yield f"CompletionWindowMinutes is {completion}; expected more than the start window"
    if rule.get("EnableContinuousBackup"):
        yield "continuous backups are not emulated"
    targets = [rule["TargetBackupVaultName"]]
    targets += [each["DestinationBackupVaultArn"] for each in rule.get("CopyActions") or []]
    for named, (vault, lifecycle) in zip(
        targets, _destinations(account, region, rule), strict=True
    ):
        if vault is None:
            yield f"backup vault {named} does not exist"
            continue
        yield from _lifecycle_problems(lifecycle)
        problem = vault.lock.refusal(lifecycle) if vault.lock else None
        if problem:
            yield f"every job into {vault.name} would fail: {problem}"


def _lifecycle_problems(lifecycle: Values) -> Iterator[str]:
    cold, end = lifecycle.get("MoveToColdStorageAfterDays"), lifecycle.get("DeleteAfterDays")
    if cold is not None and end is not None and end < cold + _COLD_AT_LEAST_DAYS:
        yield f"DeleteAfterDays must be {_COLD_AT_LEAST_DAYS} more than MoveToColdStorageAfterDays"


def schedule_problems(expression: str, holder: Values) -> Iterator[str]:
    """What is wrong with a schedule and its time zone."""
    if not expression.startswith("cron("):
        yield f"schedule {expression!r} is no cron expression, the only form AWS Backup takes"
        return
    try:
        next_moment(expression, holder, 0.0)
    except times.ScheduleError as error:
        yield str(error)


def next_moment(expression: str, holder: Values, after_s: float) -> float | None:
    """When a plan's (or rule's) schedule fires next after a moment; None: never again."""
    zone = holder.get("ScheduleExpressionTimezone") or DEFAULT_ZONE
    return times.parse(expression, start_s=after_s, zone=zone).after(after_s)
