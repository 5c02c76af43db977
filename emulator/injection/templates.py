"""Operations on experiment templates, on kinds of actions, and on tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.injection import checks, shown
from emulator.injection.actions import KNOWN
from emulator.injection.errors import invalid, not_found
from emulator.injection.state import Template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.clock import Clock
    from emulator.injection.state import Account, Values

_MEMBERS = (
    "description",
    "targets",
    "actions",
    "stopConditions",
    "roleArn",
    "logConfiguration",
    "experimentOptions",
    "experimentReportConfiguration",
)


class Templates:
    """Operations on templates; each takes a Region and a call's parameters."""

    def __init__(
        self, account: Account, clock: Clock, alarm_state: Callable[[str, str], str | None]
    ) -> None:
        self._account = account
        self._clock = clock
        self._alarm_state = alarm_state

    def operations(self) -> Mapping[str, Callable[[str, Values], Values]]:
        """Every operation by its name."""
        return {
            "CreateExperimentTemplate": self.create,
            "GetExperimentTemplate": self.get,
            "UpdateExperimentTemplate": self.update,
            "DeleteExperimentTemplate": self.delete,
            "ListExperimentTemplates": self.list_all,
            "ListActions": self.list_actions,
            "GetAction": self.get_action,
            "ListTagsForResource": self.list_tags,
            "TagResource": self.tag,
            "UntagResource": self.untag,
        }

    def create(self, region: str, params: Values) -> Values:
        """CreateExperimentTemplate."""
        told = {name: params[name] for name in _MEMBERS if name in params}
        self._check(told, region)
        now_s = self._clock.now_s()
        made = Template(
            region=region,
            told=told,
            created_s=now_s,
            updated_s=now_s,
            tags=dict(params.get("tags") or {}),
        )
        self._account.of(region).templates[made.id] = made
        return {"experimentTemplate": shown.template(made)}

    def get(self, region: str, params: Values) -> Values:
        """GetExperimentTemplate."""
        return {"experimentTemplate": shown.template(self._find(region, params["id"]))}

    def update(self, region: str, params: Values) -> Values:
        """UpdateExperimentTemplate: what is not named stays, and so do experiments under way."""
        found = self._find(region, params["id"])
        told = found.told | {name: params[name] for name in _MEMBERS if name in params}
        self._check(told, region)
        found.told, found.updated_s = told, self._clock.now_s()
        return {"experimentTemplate": shown.template(found)}

    def delete(self, region: str, params: Values) -> Values:
        """DeleteExperimentTemplate: experiments that were started from it go on."""
        found = self._find(region, params["id"])
        del self._account.of(region).templates[found.id]
        return {"experimentTemplate": shown.template(found)}

    def list_all(self, region: str, params: Values) -> Values:
        """ListExperimentTemplates."""
        del params
        templates = self._account.of(region).templates.values()
        return {"experimentTemplates": [shown.template_summary(each) for each in templates]}

    @staticmethod
    def list_actions(region: str, params: Values) -> Values:
        """ListActions: those that are emulated."""
        del region, params
        return {"actions": shown.actions()}

    @staticmethod
    def get_action(region: str, params: Values) -> Values:
        """GetAction."""
        del region
        if params["id"] not in KNOWN:
            raise not_found(f"there is no action {params['id']}, or it is not emulated")
        return {"action": shown.action(KNOWN[params["id"]])}

    def list_tags(self, region: str, params: Values) -> Values:
        """ListTagsForResource."""
        return {"tags": dict(self._tagged(region, params).tags)}

    def tag(self, region: str, params: Values) -> Values:
        """TagResource."""
        self._tagged(region, params).tags.update(params["tags"])
        return {}

    def untag(self, region: str, params: Values) -> Values:
        """UntagResource."""
        tags = self._tagged(region, params).tags
        for key in params.get("tagKeys") or list(tags):
            tags.pop(key, None)
        return {}

    def _check(self, told: Values, region: str) -> None:
        problems = list(checks.problems(told, region, self._alarm_state))
        if problems:
            raise invalid("; ".join(problems))

    def _find(self, region: str, template_id: str) -> Template:
        found = self._account.of(region).templates.get(template_id)
        if found is None:
            raise not_found(f"There is no experiment template {template_id}")
        return found

    def _tagged(self, region: str, params: Values) -> Any:
        kept = self._account.of(region)
        for each in (*kept.templates.values(), *kept.experiments.values()):
            if each.arn == params["resourceArn"]:
                return each
        raise not_found(f"There is no resource {params['resourceArn']}")
