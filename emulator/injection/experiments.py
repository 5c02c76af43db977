"""Operations on experiments: started, read, stopped."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from emulator.injection import shown
from emulator.injection.errors import conflict, not_found
from emulator.injection.state import ActionRun, Experiment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.clock import Clock
    from emulator.injection.running import Runner
    from emulator.injection.state import Account, Values


class Experiments:
    """Operations on experiments; each takes a Region and a call's parameters."""

    def __init__(self, account: Account, runner: Runner, clock: Clock) -> None:
        self._account = account
        self._runner = runner
        self._clock = clock

    def operations(self) -> Mapping[str, Callable[[str, Values], Values]]:
        """Every operation by its name."""
        return {
            "StartExperiment": self.start,
            "StopExperiment": self.stop,
            "GetExperiment": self.get,
            "ListExperiments": self.list_all,
            "ListExperimentResolvedTargets": self.list_targets,
        }

    def start(self, region: str, params: Values) -> Values:
        """StartExperiment: the template as it is now."""
        kept = self._account.of(region)
        template = kept.templates.get(params["experimentTemplateId"])
        if template is None:
            raise not_found(f"There is no experiment template {params['experimentTemplateId']}")
        told = copy.deepcopy(template.told)
        started = Experiment(
            region=region,
            template_id=template.id,
            told=told,
            actions_mode=(params.get("experimentOptions") or {}).get("actionsMode", "run-all"),
            created_s=self._clock.now_s(),
            actions={
                name: ActionRun(name=name, told=each) for name, each in told["actions"].items()
            },
            tags=dict(params.get("tags") or {}),
        )
        kept.experiments[started.id] = started
        self._runner.note(started, "")
        return {"experiment": shown.experiment(started)}

    def stop(self, region: str, params: Values) -> Values:
        """StopExperiment: its actions end at once."""
        found = self._find(region, params["id"])
        if found.over:
            raise conflict(f"Experiment {found.id} is {found.status} already")
        self._runner.stop(found, "Experiment was stopped by a caller.")
        return {"experiment": shown.experiment(found)}

    def get(self, region: str, params: Values) -> Values:
        """GetExperiment."""
        return {"experiment": shown.experiment(self._find(region, params["id"]))}

    def list_all(self, region: str, params: Values) -> Values:
        """ListExperiments, the newest first."""
        wanted = params.get("experimentTemplateId")
        found = reversed(self._account.of(region).experiments.values())
        return {
            "experiments": [
                shown.experiment_summary(each)
                for each in found
                if wanted in (None, each.template_id)
            ]
        }

    def list_targets(self, region: str, params: Values) -> Values:
        """ListExperimentResolvedTargets."""
        found = self._find(region, params["experimentId"])
        return {
            "resolvedTargets": [
                {
                    "resourceType": found.told["targets"][name]["resourceType"],
                    "targetName": name,
                    "targetInformation": {"arn": arn},
                }
                for name, arns in found.resolved.items()
                for arn in arns
                if params.get("targetName") in (None, name)
            ]
        }

    def _find(self, region: str, experiment_id: str) -> Experiment:
        found = self._account.of(region).experiments.get(experiment_id)
        if found is None:
            raise not_found(f"There is no experiment {experiment_id}")
        return found
