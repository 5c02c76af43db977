"""Operations on state machines: created, read, changed, deleted; tags.

Versions, aliases, express workflows and activities are refused by name.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any, Final

from emulator.steps import definition
from emulator.steps.errors import refused
from emulator.steps.pages import page
from emulator.steps.state import RUNNING, Machine
from emulator.steps.tasks import SERVICE
from emulator.storage.roles import denial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.clock import Clock
    from emulator.steps.running import Runner
    from emulator.steps.state import Account, Values

_NAME: Final = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_SETTINGS: Final = ("loggingConfiguration", "tracingConfiguration", "encryptionConfiguration")
_NOT_EMULATED: Final = ("publish", "versionDescription")


class Machines:
    """Operations on state machines; each takes a Region and a call's parameters."""

    def __init__(self, account: Account, runner: Runner, clock: Clock) -> None:
        self._account = account
        self._runner = runner
        self._clock = clock

    def operations(self) -> Mapping[str, Callable[[str, Values], Values]]:
        """Every operation by its name."""
        return {
            "CreateStateMachine": self.create,
            "DescribeStateMachine": self.describe,
            "UpdateStateMachine": self.update,
            "DeleteStateMachine": self.delete,
            "ListStateMachines": self.list_all,
            "ListStateMachineVersions": self.list_versions,
            "ValidateStateMachineDefinition": self.validate,
            "TagResource": self.tag,
            "UntagResource": self.untag,
            "ListTagsForResource": self.list_tags,
        }

    def create(self, region: str, params: Values) -> Values:
        """CreateStateMachine: the same again is no other; another of the same name is refused."""
        name = str(params["name"])
        check_name(name)
        _refuse_not_emulated(params)
        if params.get("type", "STANDARD") != "STANDARD":
            raise refused("ValidationException", "type EXPRESS is not emulated; STANDARD is")
        made = Machine(
            region=region,
            name=name,
            text=params["definition"],
            definition=_parsed(params["definition"]),
            role_arn=params["roleArn"],
            created_s=self._clock.now_s(),
            settings={each: params[each] for each in _SETTINGS if each in params},
            tags={each["key"]: each["value"] for each in params.get("tags", ())},
        )
        _check_role(made.arn, made.role_arn)
        machines = self._account.of(region).machines
        there = machines.get(made.arn)
        if there is not None and (there.text, there.settings) != (made.text, made.settings):
            raise refused(
                "StateMachineAlreadyExists", f"State Machine Already Exists: '{made.arn}'"
            )
        kept = machines.setdefault(made.arn, made)
        return {"stateMachineArn": kept.arn, "creationDate": kept.created_s}

    def describe(self, region: str, params: Values) -> Values:
        """DescribeStateMachine."""
        machine = find(self._account, region, params["stateMachineArn"])
        return {
            "stateMachineArn": machine.arn,
            "name": machine.name,
            "status": "ACTIVE",
            "definition": machine.text,
            "roleArn": machine.role_arn,
            "type": "STANDARD",
            "creationDate": machine.created_s,
            "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
            "tracingConfiguration": {"enabled": False},
            "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
            "revisionId": machine.revision,
            **machine.settings,
        }

    def update(self, region: str, params: Values) -> Values:
        """UpdateStateMachine: executions under way go on as they began."""
        machine = find(self._account, region, params["stateMachineArn"])
        _refuse_not_emulated(params)
        parsed = _parsed(params["definition"]) if "definition" in params else machine.definition
        role_arn = params.get("roleArn", machine.role_arn)
        _check_role(machine.arn, role_arn)
        machine.text = params.get("definition", machine.text)
        machine.definition, machine.role_arn = parsed, role_arn
        machine.settings |= {each: params[each] for each in _SETTINGS if each in params}
        machine.revision = str(uuid.uuid4())
        return {"updateDate": self._clock.now_s(), "revisionId": machine.revision}

    def delete(self, region: str, params: Values) -> Values:
        """DeleteStateMachine: what still runs of it is ended. Idempotent."""
        kept = self._account.of(region)
        machine = kept.machines.pop(params["stateMachineArn"], None)
        for execution in list(kept.executions.values()):
            if execution.machine is machine and machine is not None:
                if execution.status == RUNNING:
                    self._runner.abort(execution)
                del kept.executions[execution.arn]
        return {}

    def list_all(self, region: str, params: Values) -> Values:
        """ListStateMachines, by name."""
        machines = sorted(self._account.of(region).machines.values(), key=lambda each: each.name)
        shown = [
            {
                "stateMachineArn": each.arn,
                "name": each.name,
                "type": "STANDARD",
                "creationDate": each.created_s,
            }
            for each in machines
        ]
        return page("stateMachines", shown, params)

    def list_versions(self, region: str, params: Values) -> Values:
        """ListStateMachineVersions: none is ever published here."""
        find(self._account, region, params["stateMachineArn"])
        return {"stateMachineVersions": []}

    @staticmethod
    def validate(region: str, params: Values) -> Values:
        """ValidateStateMachineDefinition."""
        del region
        _, problems = definition.read(params["definition"])
        return {
            "result": "FAIL" if problems else "OK",
            "diagnostics": [
                {
                    "severity": "ERROR",
                    "code": each.code,
                    "message": each.message,
                    "location": each.location,
                }
                for each in problems
            ],
            "truncated": False,
        }

    def tag(self, region: str, params: Values) -> Values:
        """TagResource."""
        tags = self._tags(region, params)
        tags.update({each["key"]: each["value"] for each in params["tags"]})
        return {}

    def untag(self, region: str, params: Values) -> Values:
        """UntagResource."""
        tags = self._tags(region, params)
        for key in params["tagKeys"]:
            tags.pop(key, None)
        return {}

    def list_tags(self, region: str, params: Values) -> Values:
        """ListTagsForResource."""
        tags = self._tags(region, params)
        return {"tags": [{"key": key, "value": value} for key, value in sorted(tags.items())]}

    def _tags(self, region: str, params: Values) -> dict[str, str]:
        found = self._account.of(region).machines.get(params["resourceArn"])
        if found is None:
            message = f"Resource not found: '{params['resourceArn']}'"
            raise refused("ResourceNotFound", message)
        return found.tags


def find(account: Account, region: str, arn: str) -> Machine:
    """A machine by its ARN.

    Raises:
        ServiceError: There is none.
    """
    machine = account.of(region).machines.get(arn)
    if machine is None:
        raise refused("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")
    return machine


def check_name(name: str) -> None:
    """Refuse a name that a machine or an execution cannot have."""
    if _NAME.fullmatch(name) is None:
        raise refused("InvalidName", f"Invalid Name: '{name}'")


def _refuse_not_emulated(params: Values) -> None:
    for each in _NOT_EMULATED:
        if params.get(each):
            raise refused("ValidationException", f"{each} is not emulated: there are no versions")


def _parsed(text: str) -> Mapping[str, Any]:
    machine, problems = definition.read(text)
    if problems:
        said = ", ".join(map(str, problems))
        raise refused("InvalidDefinition", f"Invalid State Machine Definition: '{said}'")
    return machine


def _check_role(machine_arn: str, role_arn: str) -> None:
    reason = denial(role_arn, (SERVICE,), (), source_arn=machine_arn)
    if reason is not None:
        raise refused(
            "AccessDeniedException",
            f"Neither the global service principal {SERVICE}, nor the regional one is authorized "
            f"to assume the provided role. ({reason})",
        )
