"""Programs for the engine's tests: registrations made directly, without a child process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from emulator.engine import urn
from emulator.engine.program import Finished
from emulator.engine.registration import Options, Registered, Registration

if TYPE_CHECKING:
    from emulator.engine.deployment import Deployment
    from emulator.engine.invokes import Invokes

REGION = "us-east-1"


class Play:
    """What a program does, resource by resource, on one deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.stack = self._register(
            Registration(
                type=urn.STACK_TYPE,
                name="made-up",
                custom=False,
                parent="",
                inputs={},
                secrets=frozenset(),
                options=Options(dependencies=(), property_dependencies={}),
            )
        ).urn

    def resource(
        self,
        kind: str,
        name: str,
        inputs: Mapping[str, Any],
        *,
        uses: Mapping[str, Iterable[Registered]] | None = None,
        **options: Any,
    ) -> Registered:
        """Register a custom resource; `uses` says which inputs are made from which resources."""
        by_property = {
            key: tuple(each.urn for each in found) for key, found in (uses or {}).items()
        }
        every = tuple(sorted({one for urns in by_property.values() for one in urns}))
        dependencies = (*every, *options.pop("dependencies", ()))
        return self._register(
            Registration(
                type=kind,
                name=name,
                custom=options.pop("custom", True),
                parent=options.pop("parent", self.stack),
                inputs=dict(inputs),
                secrets=frozenset(options.pop("secrets", ())),
                unsupported=options.pop("unsupported", ""),
                options=Options(
                    dependencies=dependencies, property_dependencies=by_property, **options
                ),
            )
        )

    def export(self, **outputs: Any) -> None:
        """Name the stack's outputs."""
        self.deployment.register_outputs(self.stack, outputs, frozenset())

    def _register(self, registration: Registration) -> Registered:
        return self.deployment.register(registration)


Script = Callable[[Play], None]


def launch(script: Script) -> Callable[[Deployment, Invokes], Finished]:
    """A launcher that lets `script` play instead of a program."""

    def run(deployment: Deployment, invokes: Invokes) -> Finished:
        del invokes
        script(Play(deployment))
        return Finished(0, "")

    return run


def trust(service: str) -> str:
    """A trust policy for one service."""
    return (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",'
        f'"Principal":{{"Service":"{service}"}}}}]}}'
    )


def allow(actions: list[str], resources: list[str]) -> str:
    """A policy that allows these actions on these resources."""
    import json

    statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
