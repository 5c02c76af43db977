"""One stack whose settings change from deploy to deploy, and what DNS answers at each moment."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from emulator.dataplane import health_quorum
from emulator.dataplane.dns_answers import Answers
from emulator.engine import Request
from emulator.engine.runner import Runner
from emulator.engine.state import StackState
from emulator.store import Store
from emulator.store.names import absolute
from tests.infra.graph import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from emulator.engine.aws import Aws
    from emulator.engine.state import ResourceState
    from emulator.store import HealthCheck

STACK: Final = "staging"
CLIENTS_NAME: Final = "predict.staging.understudy.example"
NOBODY: Final = "nobody"
HOME_REGION: Final = "eu-west-1"


class Lost:
    """Health as it is once every check has settled, with some Regions lost."""

    def __init__(self, store: Store, *regions: str) -> None:
        self._store = store
        self._lost = regions

    def check_healthy(self, check_id: str) -> bool:
        check = self._store.health_check(check_id)
        assert check is not None, f"a record follows {check_id}, which is not there"
        return health_quorum.status(check, base=self._passes, find=self._store.health_check)

    def balancer_addresses(self, name: str) -> tuple[str, ...] | None:
        found = self._store.load_balancer_named(name.rstrip("."))
        return None if found is None else (found.arn.split(":")[3],)

    def balancer_healthy(self, name: str) -> bool:
        raise AssertionError(f"an alias judges {name} beside its health check")

    def _passes(self, check: HealthCheck) -> bool:
        """Deep checks of what is lost fail; nobody is evacuated, so no flag is ever read."""
        at_home = not any(f".{region}." in check.fqdn for region in self._lost)
        return at_home and check.path.startswith("/health/")


@dataclass(frozen=True)
class Change:
    """One resource that a deploy did not leave as it was, before and after."""

    op: str
    name: str
    type: str
    before: ResourceState | None
    after: ResourceState | None

    def differences(self) -> str:
        """The inputs that changed, old and new, as text."""
        old = self.before.inputs if self.before else {}
        new = self.after.inputs if self.after else {}
        keys = [key for key in {*old, *new} if old.get(key) != new.get(key)]
        return json.dumps([[old.get(key), new.get(key)] for key in keys], default=str)


@dataclass
class Deployed:
    """What one deploy changed, and each answer that DNS gave between two of its steps.

    `answers` are (lost Region or "", the Region answered).
    """

    regions: tuple[str, ...]
    changes: list[Change] = field(default_factory=list[Change])
    answers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    resources: tuple[ResourceState, ...] = ()

    def ops(self, op: str) -> list[str]:
        return sorted(change.name for change in self.changes if change.op == op)


class Stack:
    """Deploys the staging program again and again into one mended moto, without a data plane."""

    def __init__(self, aws: Aws, work_dir: Path, release: Path) -> None:
        self._aws = aws
        self._work_dir = work_dir
        self._release = release
        self._store = Store()
        self._regions: tuple[str, ...] = ()

    def deploy(self, *regions: str, **settings: str) -> Deployed:
        """Deploy with these Regions; ask DNS after each step, as clients would."""
        deployed = Deployed(regions)
        standing = {*self._regions, *regions} if self._regions else set[str]()
        before = self._resources()
        steps: dict[str, str] = {}

        def on_event(event: dict[str, Any]) -> None:
            if event["event"] != "resource" or event["op"] == "same":
                return
            steps[event["urn"]] = event["op"]
            if standing and "route53" in event["type"]:
                self._ask(deployed, standing)

        config = {
            "release": str(self._release),
            "regions": json.dumps(regions),
            "homeRegion": HOME_REGION,
            **settings,
        }
        request = Request(kind="deploy", project_dir=ROOT, stack=STACK, config=config)
        outcome = Runner(self._aws, self._work_dir, on_event).run(request)
        assert outcome.result == "done", (outcome.problems, outcome.traceback)
        after = self._resources()
        for urn, op in steps.items():
            old, new = before.get(urn), after.get(urn)
            known = new or old
            if known is not None and known.custom:
                deployed.changes.append(Change(op, known.name, known.type, old, new))
        self._regions = regions
        self._ask(deployed, set(regions))
        deployed.resources = tuple(after.values())
        return deployed

    def serving(self, *lost: str, place: str = "us-east-1") -> str:
        """Name the Region that clients are sent to, or `NOBODY`."""
        answers = Answers(
            self._store.zones(), Lost(self._store, *lost), draw=lambda: 0.0, place=place
        )
        answer = answers.answer(absolute(CLIENTS_NAME), "A")
        found = [value for each in answer.sets if each.type == "A" for value in each.values]
        return found[0] if found else NOBODY

    def _ask(self, deployed: Deployed, standing: set[str]) -> None:
        deployed.answers += [(lost, self.serving(lost)) for lost in ("", *sorted(standing))]

    def _resources(self) -> Mapping[str, ResourceState]:
        path = self._work_dir / "stacks" / f"understudy.{STACK}.json"
        return {each.urn: each for each in StackState.load(path).resources()}
