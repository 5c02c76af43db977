"""One run of a stack: what each registration means for what is deployed.

Once a rule is broken nothing more is changed in AWS, but the program goes on, so that all
problems that can be seen without changing anything are reported together.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from emulator import catalogue
from emulator.catalogue import inputs as checks
from emulator.engine import regions, urn, wire
from emulator.engine.aws import AwsError
from emulator.engine.registration import ReadRequest, Registered, Registration, keep_old
from emulator.engine.request import Kept, OnEvent, Op, Problem, RefusedError, SkippedError
from emulator.engine.state import ResourceState, StackState
from emulator.engine.steps import Goal, Steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from emulator.engine.assets import AssetStore
    from emulator.engine.project import Project
    from emulator.engine.wire import Values

_COUNTED: Final[Mapping[Op, str]] = {
    "create": "created",
    "update": "updated",
    "replace": "replaced",
    "delete": "deleted",
    "same": "same",
    "read": "read",
}


class Deployment:
    """Registers resources for one run. Thread-safe: registrations arrive in parallel."""

    def __init__(  # the collaborators of one run
        self,
        project: Project,
        state: StackState,
        steps: Steps,
        assets: AssetStore,
        on_event: OnEvent,
        *,
        preview: bool,
    ) -> None:
        self.project = project
        self.state = state
        self.preview = preview
        self.outputs: Values = {}
        self.problems: list[Problem] = []
        self.kept: list[Kept] = []
        self.counts: Counter[str] = Counter()
        self._steps = steps
        self._assets = assets
        self._on_event = on_event
        self._lock = threading.Lock()
        self._registered: set[str] = set()
        self._failed: set[str] = set()
        self._default = regions.from_config(project.config)
        self._providers: dict[str, regions.Defaults] = {}

    # --- what the program does -------------------------------------------------------------

    def register(self, registration: Registration) -> Registered:
        """Carry out one registration; a refusal is noted, and answered as a failed resource."""
        name = urn.make(
            self.project.stack,
            self.project.name,
            registration.parent,
            registration.type,
            registration.name,
        )
        try:
            self._admit(name, registration)
            if registration.type == regions.PROVIDER_TYPE:
                return self._register_provider(name, registration)
            if not registration.custom:
                return self._register_component(name, registration)
            return self._register_custom(name, registration)
        except SkippedError:
            pass
        except (RefusedError, AwsError) as error:
            self.refuse(str(error), name)
        self._failed.add(name)
        return Registered(urn=name, outputs={}, failed=True)

    def register_outputs(self, name: str, outputs: Values, secrets: frozenset[str]) -> None:
        """Note a component's outputs; those of the stack are the run's own."""
        if urn.qualified_type(name) == urn.STACK_TYPE:
            self.outputs = wire.without_unknown_outputs(outputs)
            unresolved = sorted(wire.unknown_paths(self.outputs))
            if unresolved and not self.preview and not self.problems:
                self.refuse(
                    f"stack outputs {', '.join(unresolved)} have no value: they are made from "
                    "outputs that the catalogue does not compute",
                    name,
                )
            return
        found = self.state.get(name)
        if found is not None:
            hidden = tuple(sorted({*found.secrets, *secrets}))
            self.state.put(dataclasses.replace(found, outputs=outputs, secrets=hidden))

    def refuse(self, message: str, name: str | None = None) -> None:
        """Note a problem; from here on nothing is changed in AWS."""
        with self._lock:
            self.problems.append(Problem(message=message, urn=name))

    def defaults(self, provider: str) -> regions.Defaults:
        """Region and tags of a provider reference (`urn::id`); the stack's own when empty."""
        return self._providers.get(provider.rpartition("::")[0], self._default)

    def note(self, op: Op, name: str, kind: str) -> None:
        """Count a finished step and tell whoever listens."""
        with self._lock:
            self.counts[_COUNTED[op]] += 1
            self._on_event({"event": "resource", "op": op, "urn": name, "type": kind})

    def keep(self, resource: ResourceState, reason: str) -> None:
        """Note a resource that is left in AWS on purpose, and tell whoever listens."""
        kept = Kept(urn=resource.urn, type=resource.type, id=resource.id, reason=reason)
        with self._lock:
            self.kept.append(kept)
            self._on_event({"event": "kept", **kept.to_json()})

    def log(self, severity: str, message: str) -> None:
        """Pass on what the program logs."""
        with self._lock:
            self._on_event({"event": "log", "severity": severity, "message": message})

    def unregistered(self) -> tuple[ResourceState, ...]:
        """Resources of earlier runs that the program no longer has, oldest first."""
        return tuple(each for each in self.state.resources() if each.urn not in self._registered)

    # --- registration ----------------------------------------------------------------------

    def _admit(self, name: str, registration: Registration) -> None:
        missing = sorted(registration.dependencies - self._registered)
        self._admit_name(name)
        if registration.unsupported:
            raise RefusedError(registration.unsupported)
        if missing:
            raise RefusedError(
                f"{registration.name!r} depends on {', '.join(missing)}, which this program has "
                "not registered"
            )
        if registration.dependencies & self._failed:
            raise SkippedError

    def _admit_name(self, name: str) -> None:
        with self._lock:
            if name in self._registered:
                raise RefusedError(
                    f"two resources have the URN {name}; give one of them another name"
                )
            self._registered.add(name)

    def _register_provider(self, name: str, registration: Registration) -> Registered:
        self._providers[name] = regions.from_inputs(registration.inputs)
        identity = f"provider-{registration.name}"
        self._keep(name, registration, identity=identity, outputs=registration.inputs)
        return Registered(urn=name, id=identity, outputs=registration.inputs)

    def _register_component(self, name: str, registration: Registration) -> Registered:
        if registration.type != urn.STACK_TYPE:
            op: Op = "same" if self.state.get(name) else "create"
            self._keep(name, registration, identity="", outputs=registration.inputs)
            self.note(op, name, registration.type)
        return Registered(urn=name, outputs={})

    def _keep(
        self,
        name: str,
        registration: Registration,
        *,
        identity: str,
        outputs: Values,
    ) -> None:
        self.state.put(
            ResourceState(
                urn=name,
                type=registration.type,
                name=registration.name,
                custom=registration.custom,
                id=identity,
                parent=registration.parent,
                inputs=registration.inputs,
                outputs=outputs,
                secrets=tuple(sorted(registration.secrets)),
                dependencies=registration.options.dependencies,
            )
        )

    def _register_custom(self, name: str, registration: Registration) -> Registered:
        kind = catalogue.entry(registration.type)
        old = self._find(name, registration)
        given = self._assets.materialise(registration.inputs)
        for path in registration.options.ignore_changes if old else ():
            given = keep_old(given, old.inputs if old else {}, path)
        unresolved = sorted(wire.unknown_paths(given))
        before = old.inputs if old else None
        inputs = checks.check(kind, given, name=registration.name, urn=name, old=before)
        if unresolved and not self.preview:
            raise RefusedError(
                f"{', '.join(unresolved)} of {registration.name!r} cannot be resolved: made from "
                "an output that has no value here (the catalogue says which it does not compute)"
            )
        if self.problems:
            raise SkippedError
        goal = Goal(
            kind=kind,
            resource=self._wanted(name, registration, inputs),
            given=given,
            tags=self.defaults(registration.options.provider).tags_of(inputs),
            options=registration.options,
        )
        op, done = self._steps.carry_out(goal, old)
        self.note(op, name, registration.type)
        return Registered(
            urn=name, id=done.id, outputs=done.outputs, secrets=frozenset(done.secrets)
        )

    def _find(self, name: str, registration: Registration) -> ResourceState | None:
        """The resource as it is deployed, under its URN or one of its aliases."""
        for candidate in (name, *registration.options.aliases):
            found = self.state.get(candidate)
            if found is not None and not found.external and found.custom:
                return found
        return None

    def _wanted(self, name: str, registration: Registration, inputs: Values) -> ResourceState:
        defaults = self.defaults(registration.options.provider)
        kind = catalogue.entry(registration.type)
        options = registration.options
        return ResourceState(
            urn=name,
            type=registration.type,
            name=registration.name,
            custom=True,
            parent=registration.parent,
            region=defaults.region_of(inputs) if kind.scope == "region" else "",
            inputs=inputs,
            secrets=tuple(sorted(registration.secrets)),
            dependencies=options.dependencies,
            property_dependencies=options.property_dependencies,
            protect=options.protect,
            retain_on_delete=options.retain_on_delete,
            deleted_with=options.deleted_with,
        )

    def read(self, request: ReadRequest) -> Registered:
        """Answer `.get`: look up a resource that exists, which the stack never changes."""
        stack, project = self.project.stack, self.project.name
        name = urn.make(stack, project, request.parent, request.type, request.name)
        try:
            self._admit_name(name)
            if request.id == wire.UNKNOWN:  # only in a preview: what it reads is not there yet
                return Registered(urn=name, outputs={})
            found = self._look_up(name, request)
        except (RefusedError, AwsError) as error:
            self.refuse(str(error), name)
            self._failed.add(name)
            return Registered(urn=name, outputs={}, failed=True)
        self.state.put(found)
        self.note("read", name, request.type)
        return Registered(urn=name, id=request.id, outputs=found.outputs)

    def _look_up(self, name: str, request: ReadRequest) -> ResourceState:
        kind = catalogue.entry(request.type)
        defaults = self.defaults(request.provider)
        region = defaults.region_of(request.inputs) if kind.scope == "region" else ""
        outputs = self._steps.look_up(kind, request.id, request.inputs, region=region)
        return ResourceState(
            urn=name,
            type=request.type,
            name=request.name,
            custom=True,
            id=request.id,
            parent=request.parent,
            region=region,
            inputs=request.inputs,
            outputs=outputs,
            external=True,
        )
