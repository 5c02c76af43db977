"""The rules of `policy`, held against what is deployed on a stage."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import policy
from resilience.rehearsal.run import release_zip
from resilience.stage import Stage

if TYPE_CHECKING:
    from policy import Violation
    from resilience.progress import Progress
    from resilience.rehearsal.options import Options


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the rules say of a stack: what was looked at, and what breaks a rule."""

    stack: str
    resources: int
    violations: tuple[Violation, ...]

    def to_json(self) -> dict[str, object]:
        """Give it as plain data, for a machine to read."""
        return {
            "stack": self.stack,
            "rules": len(policy.RULES),
            "resources": self.resources,
            "violations": [
                {
                    "rule": each.rule.id,
                    "resource": None if each.resource is None else each.resource.urn,
                    "message": each.message,
                    "reason": each.rule.reason,
                    "source": each.rule.source,
                }
                for each in self.violations
            ],
        }

    def text(self) -> str:
        """Say it to whoever deploys."""
        held = len(policy.RULES) - len({each.rule.id for each in self.violations})
        lines = [f"stack {self.stack}: {self.resources} resources, {held} of {len(policy.RULES)}"]
        lines[0] += " rules hold"
        for each in self.violations:
            lines += ["", str(each), f"  why: {each.rule.reason}", f"  see: {each.rule.source}"]
        return "\n".join(lines)


def rules_text() -> str:
    """List the rules: id, what holds, and why."""
    return "\n".join(f"{rule.id}\n  {rule.holds}\n  {rule.reason}" for rule in policy.RULES)


def judge(options: Options, progress: Progress) -> Verdict:
    """Deploy a stack into an emulated AWS and hold what is there against the rules.

    Raises:
        RefusedError: the program or its deploy was refused.
        ReleaseError: there is no release to deploy.
        StageGoneError: the emulator did not stay up.
    """
    with tempfile.TemporaryDirectory(prefix="understudy-") as folder:
        work = Path(folder)
        progress.step("build the release and start the emulator")
        package = release_zip(options, work)
        with Stage.start(work / "emulator", speed=options.speed, seed=options.seed) as stage:
            progress.step(f"deploy stack {options.stack}")
            stage.deploy(
                options.project_dir,
                options.stack,
                config_file=options.config_file,
                config={"release": str(package.resolve())},
                progress=progress.update,
            )
            graph = policy.Graph.from_json(stage.resources())
    progress.step(f"hold it against {len(policy.RULES)} rules")
    return Verdict(
        stack=options.stack, resources=len(graph.resources), violations=policy.check(graph)
    )
