"""Runs one request from beginning to end."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator import catalogue
from emulator.catalogue.provider import Provider
from emulator.engine import program, project
from emulator.engine.assets import AssetStore
from emulator.engine.aws import Aws, AwsError
from emulator.engine.deletion import in_deletion_order
from emulator.engine.deployment import Deployment
from emulator.engine.invokes import Invokes
from emulator.engine.monitor import serving
from emulator.engine.request import OnEvent, Outcome, Problem, RefusedError, Request
from emulator.engine.state import ResourceState, StackState
from emulator.engine.steps import Steps
from emulator.strict import closing

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path


Launch = Callable[[Deployment, Invokes], program.Finished]
"""Lets a program play against a deployment, until it ends."""


class Runner:
    """Carries out requests against one AWS endpoint and one work directory."""

    def __init__(
        self, aws: Aws, work_dir: Path, on_event: OnEvent, *, launch: Launch | None = None
    ) -> None:
        self._aws = aws
        self._work_dir = work_dir
        self._on_event = on_event
        self._launch = launch or _in_child

    def run(self, request: Request) -> Outcome:
        """Carry out `request`; whatever rule is broken becomes an outcome."""
        started_s = time.monotonic()
        self._aws.read_only = request.kind == "preview"
        try:
            outcome = self._run(request)
        except (RefusedError, AwsError) as error:
            problem = (
                error.problem if isinstance(error, RefusedError) else Problem(message=str(error))
            )
            outcome = Outcome(result="refused", summary={}, problems=(problem,))
        finally:
            self._aws.read_only = False
        duration_s = time.monotonic() - started_s
        return dataclasses.replace(outcome, duration_s=duration_s)

    def _run(self, request: Request) -> Outcome:
        loaded = project.load(request)
        file = self._work_dir / "stacks" / f"{loaded.name}.{loaded.stack}.json"
        state = StackState.load(file)
        if request.kind == "preview":
            state = state.read_only()
        assets = AssetStore(self._work_dir / "assets", loaded.root)
        steps = Steps(Provider(self._aws, assets.read), state, preview=request.kind == "preview")
        deployment = Deployment(
            loaded, state, steps, assets, self._on_event, preview=request.kind == "preview"
        )
        try:
            if request.kind == "destroy":
                return self._destroy(deployment, steps)
            return self._deploy(deployment, steps)
        finally:
            state.close()

    def _destroy(self, deployment: Deployment, steps: Steps) -> Outcome:
        state = deployment.state
        self._delete(deployment, steps, (*state.doomed(), *state.resources()))
        if not deployment.problems:
            state.set_outputs({})
        return _outcome(deployment, {})

    def _deploy(self, deployment: Deployment, steps: Steps) -> Outcome:
        # The child imports for a second or two: time in which the API's models can be loaded.
        services = sorted({each.service for each in catalogue.all_types().values()})
        threading.Thread(target=self._aws.warm_up, args=(services,), daemon=True).start()
        finished = self._launch(deployment, Invokes(self._aws))
        for doubt in steps.doubts:
            deployment.log("warning", doubt)
        if deployment.problems:
            return _outcome(deployment, {})
        if finished.exit_code != 0:
            return Outcome(
                result="failed", summary=_summary(deployment.counts), traceback=finished.stderr_tail
            )
        self._delete(deployment, steps, (*deployment.state.doomed(), *deployment.unregistered()))
        if not deployment.preview and not deployment.problems:
            deployment.state.set_outputs(deployment.outputs)
            for name, message in closing.problems(deployment.state.resources()):
                deployment.refuse(message, name)
        return _outcome(deployment, deployment.outputs)

    def _delete(
        self, deployment: Deployment, steps: Steps, doomed: tuple[ResourceState, ...]
    ) -> None:
        """Delete in reverse dependency order; a protected resource keeps all the others too."""
        for resource in (each for each in doomed if each.protect):
            deployment.refuse(
                f"cannot delete {resource.name!r}: it is protected, so nothing is deleted; remove "
                "`protect` and deploy once before",
                resource.urn,
            )
        if deployment.problems:
            return
        deleted: list[ResourceState] = []
        going = {each.urn for each in doomed}
        for resource in in_deletion_order(doomed):
            try:
                if resource.deleted_with in going:
                    deployment.state.remove(resource)
                else:
                    steps.delete(resource)
            except (RefusedError, AwsError) as error:
                deployment.refuse(f"cannot delete {resource.name!r}: {error}", resource.urn)
                return
            if resource.type in catalogue.all_types() or not resource.custom:
                deployment.note("delete", resource.urn, resource.type)
            deleted.append(resource)
        # Asked at the end: what is kept may still go with what holds it (an object, its bucket).
        for resource in deleted:
            reason = steps.keeps(resource)
            if reason is not None:
                deployment.keep(resource, reason)


def _in_child(deployment: Deployment, invokes: Invokes) -> program.Finished:
    """The program in a process of its own, with the real SDK on the real wire."""
    with serving(deployment, invokes) as address:
        return program.run(deployment.project, address=address, dry_run=deployment.preview)


def _outcome(deployment: Deployment, outputs: dict[str, Any]) -> Outcome:
    problems = tuple(deployment.problems)
    return Outcome(
        result="refused" if problems else "done",
        summary=_summary(deployment.counts),
        outputs=outputs,
        problems=problems,
        kept=tuple(deployment.kept),
    )


def _summary(counts: Counter[str]) -> dict[str, int]:
    kinds = ("created", "updated", "replaced", "deleted", "same")
    return {kind: counts[kind] for kind in kinds}
