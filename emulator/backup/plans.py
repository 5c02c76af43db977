"""The API's operations on plans and their selections, and the plans' schedules."""

from __future__ import annotations

import copy
import uuid
from typing import TYPE_CHECKING, Any, Final

from emulator.backup import permissions, plan_rules, shown
from emulator.backup.errors import exists, invalid, not_found
from emulator.backup.state import BackupJob, Plan, new_id, resource_type_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.backup.state import Account, Values
    from emulator.backup.work import Worker
    from emulator.clock import Clock
    from emulator.faults import FaultBoard

_NOT_EMULATED: Final = ("ListOfTags", "NotResources", "Conditions")


class Plans:
    """Operations on plans; each takes a Region and a call's parameters."""

    def __init__(self, account: Account, worker: Worker, clock: Clock, faults: FaultBoard) -> None:
        self._account = account
        self._worker = worker
        self._clock = clock
        self._faults = faults

    def operations(self) -> Mapping[str, Callable[[str, Values], Values]]:
        """Every operation by its name."""
        return {
            "CreateBackupPlan": self.create,
            "GetBackupPlan": self.get,
            "UpdateBackupPlan": self.update,
            "DeleteBackupPlan": self.delete,
            "ListBackupPlans": self.list_all,
            "CreateBackupSelection": self.create_selection,
            "GetBackupSelection": self.get_selection,
            "DeleteBackupSelection": self.delete_selection,
            "ListBackupSelections": self.list_selections,
        }

    def create(self, region: str, params: Values) -> Values:
        """CreateBackupPlan."""
        document = params["BackupPlan"]
        plans = self._account.region(region).plans
        if any(each.document == document for each in plans.values()):
            raise exists("Backup plan with the same plan document already exists")
        plan_rules.refuse_plan(self._account, region, document)
        now_s = self._clock.now_s()
        plan = Plan(
            id=str(uuid.uuid4()),
            region=region,
            document=_completed(document),
            version=new_id(),
            created_s=now_s,
            fired_s=now_s,
            creator_request_id=params.get("CreatorRequestId"),
        )
        plans[plan.id] = plan
        return _told(plan)

    def get(self, region: str, params: Values) -> Values:
        """GetBackupPlan."""
        return shown.plan(self._plan(region, params))

    def update(self, region: str, params: Values) -> Values:
        """UpdateBackupPlan."""
        plan = self._plan(region, params)
        plan_rules.refuse_plan(self._account, region, params["BackupPlan"])
        plan.document, plan.version = _completed(params["BackupPlan"]), new_id()
        plan.fired_s = self._clock.now_s()
        return _told(plan)

    def delete(self, region: str, params: Values) -> Values:
        """DeleteBackupPlan."""
        plan = self._plan(region, params)
        if plan.selections:
            raise invalid(
                f"Related backup plan selections must be deleted prior to backup plan {plan.id}"
            )
        del self._account.region(region).plans[plan.id]
        return _told(plan) | {"DeletionDate": self._clock.now_s()}

    def list_all(self, region: str, params: Values) -> Values:
        """ListBackupPlans."""
        del params
        plans = self._account.region(region).plans.values()
        named = [
            {"BackupPlanName": each.document["BackupPlanName"], **shown.plan(each)}
            for each in plans
        ]
        return {
            "BackupPlansList": [
                {name: value for name, value in each.items() if name != "BackupPlan"}
                for each in named
            ]
        }

    # --- selections --------------------------------------------------------------------------

    def create_selection(self, region: str, params: Values) -> Values:
        """CreateBackupSelection."""
        plan, selection = self._plan(region, params), params["BackupSelection"]
        name = selection["SelectionName"]
        if any(
            each["BackupSelection"]["SelectionName"] == name for each in plan.selections.values()
        ):
            raise exists(f"Selection {name} exists already in plan {plan.id}")
        problems = [f"{each} is not emulated" for each in _NOT_EMULATED if selection.get(each)]
        problems += [
            f"{each} is not the ARN of a bucket or table"
            for each in selection.get("Resources") or ()
            if resource_type_of(each) is None or "*" in each
        ]
        if not selection.get("Resources"):
            problems.append("it selects nothing")
        refusal = permissions.to_assume(selection["IamRoleArn"], plan.arn)
        if refusal:
            problems.append(f"IAM Role cannot be assumed by AWS Backup ({refusal})")
        if problems:
            raise invalid("; ".join(problems))
        selection_id = str(uuid.uuid4())
        plan.selections[selection_id] = {
            "BackupSelection": selection,
            "CreationDate": self._clock.now_s(),
            "CreatorRequestId": params.get("CreatorRequestId"),
        }
        return {
            "SelectionId": selection_id,
            "BackupPlanId": plan.id,
            "CreationDate": self._clock.now_s(),
        }

    def get_selection(self, region: str, params: Values) -> Values:
        """GetBackupSelection."""
        plan = self._plan(region, params)
        return shown.selection(
            plan.id, params["SelectionId"], self._selection(plan, params["SelectionId"])
        )

    def delete_selection(self, region: str, params: Values) -> Values:
        """DeleteBackupSelection."""
        plan = self._plan(region, params)
        self._selection(plan, params["SelectionId"])
        del plan.selections[params["SelectionId"]]
        return {}

    def list_selections(self, region: str, params: Values) -> Values:
        """ListBackupSelections."""
        plan = self._plan(region, params)
        return {
            "BackupSelectionsList": [
                {
                    "SelectionId": key,
                    "BackupPlanId": plan.id,
                    "SelectionName": each["BackupSelection"]["SelectionName"],
                    "IamRoleArn": each["BackupSelection"]["IamRoleArn"],
                    "CreationDate": each["CreationDate"],
                }
                for key, each in plan.selections.items()
            ]
        }

    def _plan(self, region: str, params: Values) -> Plan:
        found = self._account.region(region).plans.get(params["BackupPlanId"])
        if found is None:
            raise not_found(f"Backup plan {params['BackupPlanId']} does not exist in {region}")
        return found

    def _selection(self, plan: Plan, selection_id: str) -> Values:
        if selection_id not in plan.selections:
            raise not_found(f"Selection {selection_id} does not exist in plan {plan.id}")
        return plan.selections[selection_id]

    # --- schedules ---------------------------------------------------------------------------

    def fire(self) -> None:
        """Start the jobs of every rule whose time has come. A lost Region catches up once."""
        now_s = self._clock.now_s()
        for region_name, region in self._account.regions():
            if self._faults.region_lost(region_name):
                continue
            for plan in region.plans.values():
                due = [rule for rule in plan.document["Rules"] if _is_due(rule, plan, now_s)]
                plan.fired_s = now_s
                for rule in due:
                    plan.last_run_s = now_s
                    self._start(plan, rule, now_s)

    def _start(self, plan: Plan, rule: Values, now_s: float) -> None:
        for selected in plan.selections.values():
            selection = selected["BackupSelection"]
            for resource in selection.get("Resources") or ():
                self._worker.start(
                    BackupJob(
                        id=new_id(),
                        region=plan.region,
                        role_arn=selection["IamRoleArn"],
                        resource_arn=resource,
                        resource_type=resource_type_of(resource) or "",
                        created_s=now_s,
                        due_s=now_s + self._worker.times.start_s,
                        created_by=_created_by(plan, rule),
                        vault_name=rule["TargetBackupVaultName"],
                        lifecycle=dict(rule.get("Lifecycle") or {}),
                        start_by_s=now_s + rule["StartWindowMinutes"] * 60,
                        copies=tuple(rule.get("CopyActions") or ()),
                    )
                )


def _is_due(rule: Values, plan: Plan, now_s: float) -> bool:
    moment_s = plan_rules.next_moment(rule["ScheduleExpression"], rule, plan.fired_s)
    return moment_s is not None and moment_s <= now_s


def _completed(document: Values) -> Values:
    """A plan with what AWS fills in."""
    completed = copy.deepcopy(document)
    for rule in completed["Rules"]:
        rule.setdefault("ScheduleExpression", plan_rules.DEFAULT_SCHEDULE)
        rule.setdefault("ScheduleExpressionTimezone", plan_rules.DEFAULT_ZONE)
        rule.setdefault("StartWindowMinutes", plan_rules.DEFAULT_START_MINUTES)
        rule.setdefault("CompletionWindowMinutes", plan_rules.DEFAULT_COMPLETION_MINUTES)
        rule["RuleId"] = str(uuid.uuid4())
    return completed


def _told(plan: Plan) -> Values:
    told: dict[str, Any] = shown.plan(plan)
    told.pop("BackupPlan")
    return told


def _created_by(plan: Plan, rule: Values) -> Values:
    return {
        "BackupPlanId": plan.id,
        "BackupPlanArn": plan.arn,
        "BackupPlanName": plan.document["BackupPlanName"],
        "BackupPlanVersion": plan.version,
        "BackupRuleId": rule["RuleId"],
        "BackupRuleName": rule["RuleName"],
        "BackupRuleCron": rule["ScheduleExpression"],
        "BackupRuleTimezone": rule["ScheduleExpressionTimezone"],
    }
