"""The API's operations on restore testing: plans and their selections.

https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html
"""

from __future__ import annotations

import copy
import re
import uuid
from typing import TYPE_CHECKING, Final

from emulator.backup import permissions, shown
from emulator.backup.errors import exists, invalid, not_found, refused
from emulator.backup.plan_rules import DEFAULT_ZONE, schedule_problems
from emulator.backup.restore_tests import DEFAULT_WINDOW_DAYS
from emulator.backup.restoring import unknown_keys
from emulator.backup.state import RestoreTestingPlan
from emulator.store.backends import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.backup.restore_tests import RestoreTests
    from emulator.backup.state import Account, Values
    from emulator.clock import Clock

# https://docs.aws.amazon.com/aws-backup/latest/devguide/API_RestoreTestingPlanForCreate.html
_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,50}")
_HOURS: Final = range(1, 169)
_WINDOW_DAYS: Final = range(1, 366)
_DEFAULT_START_HOURS: Final = 24
_TYPES: Final = ("S3", "DynamoDB")


class Testing:
    """Operations on restore testing; each takes a Region and a call's parameters."""

    def __init__(self, account: Account, tests: RestoreTests, clock: Clock) -> None:
        self._account = account
        self._tests = tests
        self._clock = clock

    def operations(self) -> Mapping[str, Callable[[str, Values], Values]]:
        """Every operation by its name."""
        return {
            "CreateRestoreTestingPlan": self.create,
            "GetRestoreTestingPlan": self.get,
            "UpdateRestoreTestingPlan": self.update,
            "DeleteRestoreTestingPlan": self.delete,
            "ListRestoreTestingPlans": self.list_all,
            "CreateRestoreTestingSelection": self.create_selection,
            "GetRestoreTestingSelection": self.get_selection,
            "UpdateRestoreTestingSelection": self.update_selection,
            "DeleteRestoreTestingSelection": self.delete_selection,
            "ListRestoreTestingSelections": self.list_selections,
            "GetRestoreTestingInferredMetadata": self.inferred_metadata,
        }

    # --- plans -------------------------------------------------------------------------------

    def create(self, region: str, params: Values) -> Values:
        """CreateRestoreTestingPlan."""
        document = params["RestoreTestingPlan"]
        name = document["RestoreTestingPlanName"]
        tests = self._account.region(region).tests
        if name in tests:
            raise exists(f"Restore testing plan {name} exists already")
        self._refuse_plan(region, document)
        now_s = self._clock.now_s()
        tests[name] = RestoreTestingPlan(
            name=name,
            region=region,
            arn=f"arn:aws:backup:{region}:{ACCOUNT}:restore-testing-plan:{name}-{uuid.uuid4()}",
            document=_completed(document),
            created_s=now_s,
            fired_s=now_s,
        )
        return _told(tests[name])

    def get(self, region: str, params: Values) -> Values:
        """GetRestoreTestingPlan."""
        return {"RestoreTestingPlan": shown.testing_plan(self._plan(region, params))}

    def update(self, region: str, params: Values) -> Values:
        """UpdateRestoreTestingPlan."""
        plan = self._plan(region, params)
        document = plan.document | params["RestoreTestingPlan"]
        self._refuse_plan(region, document)
        plan.document = _completed(document)
        plan.fired_s = plan.updated_s = self._clock.now_s()
        return _told(plan) | {"UpdateTime": plan.updated_s}

    def delete(self, region: str, params: Values) -> Values:
        """DeleteRestoreTestingPlan."""
        plan = self._plan(region, params)
        if plan.selections:
            raise refused(f"Restore testing plan {plan.name} still has selections")
        del self._account.region(region).tests[plan.name]
        return {}

    def list_all(self, region: str, params: Values) -> Values:
        """ListRestoreTestingPlans."""
        del params
        plans = self._account.region(region).tests.values()
        return {"RestoreTestingPlans": [shown.testing_plan(each) for each in plans]}

    def _refuse_plan(self, region: str, document: Values) -> None:
        problems = list(schedule_problems(document["ScheduleExpression"], document))
        chosen = document["RecoveryPointSelection"]
        if not _NAME.fullmatch(document["RestoreTestingPlanName"]):
            problems.append("RestoreTestingPlanName takes letters, digits and _, 50 at most")
        problems += [
            f"RecoveryPointSelection.{name} is missing"
            for name in ("Algorithm", "IncludeVaults", "RecoveryPointTypes")
            if not chosen.get(name)
        ]
        if chosen.get("SelectionWindowDays", DEFAULT_WINDOW_DAYS) not in _WINDOW_DAYS:
            problems.append("SelectionWindowDays is from 1 to 365")
        if document.get("StartWindowHours", _DEFAULT_START_HOURS) not in _HOURS:
            problems.append("StartWindowHours is from 1 to 168")
        for arn in (*chosen.get("IncludeVaults", ()), *chosen.get("ExcludeVaults", ())):
            vault = self._account.vault_of(arn)
            if arn != "*" and (vault is None or vault.region != region):
                problems.append(f"there is no backup vault {arn} in {region}")
        if problems:
            raise invalid("; ".join(problems))

    def _plan(self, region: str, params: Values) -> RestoreTestingPlan:
        name = params["RestoreTestingPlanName"]
        found = self._account.region(region).tests.get(name)
        if found is None:
            raise not_found(f"Restore testing plan {name} does not exist in {region}")
        return found

    # --- selections --------------------------------------------------------------------------

    def create_selection(self, region: str, params: Values) -> Values:
        """CreateRestoreTestingSelection."""
        plan, selection = self._plan(region, params), params["RestoreTestingSelection"]
        name = selection["RestoreTestingSelectionName"]
        if name in plan.selections:
            raise exists(f"Selection {name} exists already in {plan.name}")
        self._refuse_selection(plan, selection)
        now_s = self._clock.now_s()
        plan.selections[name] = copy.deepcopy(selection) | {"CreationTime": now_s}
        return _selection_told(plan, name, now_s)

    def get_selection(self, region: str, params: Values) -> Values:
        """GetRestoreTestingSelection."""
        plan, selection = self._selection(region, params)
        shown_selection = {"RestoreTestingPlanName": plan.name, **selection}
        return {"RestoreTestingSelection": shown_selection}

    def update_selection(self, region: str, params: Values) -> Values:
        """UpdateRestoreTestingSelection."""
        plan, selection = self._selection(region, params)
        changed = selection | params["RestoreTestingSelection"]
        self._refuse_selection(plan, changed)
        selection.update(changed)
        name, now_s = selection["RestoreTestingSelectionName"], self._clock.now_s()
        return _selection_told(plan, name, selection["CreationTime"]) | {"UpdateTime": now_s}

    def delete_selection(self, region: str, params: Values) -> Values:
        """DeleteRestoreTestingSelection."""
        plan, selection = self._selection(region, params)
        del plan.selections[selection["RestoreTestingSelectionName"]]
        return {}

    def list_selections(self, region: str, params: Values) -> Values:
        """ListRestoreTestingSelections."""
        plan = self._plan(region, params)
        listed = (
            "CreationTime",
            "IamRoleArn",
            "ProtectedResourceType",
            "RestoreTestingSelectionName",
            "ValidationWindowHours",
        )
        return {
            "RestoreTestingSelections": [
                {"RestoreTestingPlanName": plan.name}
                | {name: each[name] for name in listed if name in each}
                for each in plan.selections.values()
            ]
        }

    def _refuse_selection(self, plan: RestoreTestingPlan, selection: Values) -> None:
        problems: list[str] = []
        kind = selection["ProtectedResourceType"]
        if kind not in _TYPES:
            problems.append(f"resources of type {kind} are not emulated")
        if not _NAME.fullmatch(selection["RestoreTestingSelectionName"]):
            problems.append("RestoreTestingSelectionName takes letters, digits and _, 50 at most")
        if bool(selection.get("ProtectedResourceArns")) == bool(
            selection.get("ProtectedResourceConditions")
        ):
            problems.append("either ProtectedResourceArns or ProtectedResourceConditions is needed")
        if selection.get("ProtectedResourceConditions"):
            problems.append("ProtectedResourceConditions are not emulated")
        if selection.get("ValidationWindowHours", 1) not in _HOURS:
            problems.append("ValidationWindowHours is from 1 to 168")
        unknown = unknown_keys(kind, selection.get("RestoreMetadataOverrides") or {})
        problems += [f"override {key} is not emulated" for key in unknown]
        refusal = permissions.to_assume(selection["IamRoleArn"], plan.arn)
        if refusal:
            problems.append(f"IAM Role cannot be assumed by AWS Backup ({refusal})")
        if problems:
            raise invalid("; ".join(problems))

    def _selection(self, region: str, params: Values) -> tuple[RestoreTestingPlan, Values]:
        plan, name = self._plan(region, params), params["RestoreTestingSelectionName"]
        if name not in plan.selections:
            raise not_found(f"Selection {name} does not exist in {plan.name}")
        return plan, plan.selections[name]

    def inferred_metadata(self, region: str, params: Values) -> Values:
        """GetRestoreTestingInferredMetadata."""
        point = self._account.point_of(region, params["RecoveryPointArn"])
        if point is None:
            raise not_found(f"There is no recovery point {params['RecoveryPointArn']}")
        return {"InferredMetadata": self._tests.inferred(point)}


def _completed(document: Values) -> Values:
    completed = copy.deepcopy(document)
    completed.setdefault("ScheduleExpressionTimezone", DEFAULT_ZONE)
    completed.setdefault("StartWindowHours", _DEFAULT_START_HOURS)
    completed["RecoveryPointSelection"].setdefault("SelectionWindowDays", DEFAULT_WINDOW_DAYS)
    return completed


def _told(plan: RestoreTestingPlan) -> Values:
    return {
        "RestoreTestingPlanArn": plan.arn,
        "RestoreTestingPlanName": plan.name,
        "CreationTime": plan.created_s,
    }


def _selection_told(plan: RestoreTestingPlan, name: str, created_s: float) -> Values:
    return {
        "RestoreTestingPlanArn": plan.arn,
        "RestoreTestingPlanName": plan.name,
        "RestoreTestingSelectionName": name,
        "CreationTime": created_s,
    }
