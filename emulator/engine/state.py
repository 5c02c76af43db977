"""What a stack has deployed, kept in one JSON file, and beside it what changed during a run.

A resource is written down before AWS is asked to create it (`status="creating"`), again as soon
as its id is known (`"unfinished"`), and once more when all of it is done (`"complete"`). So a run
that is killed between any two API calls leaves a file from which the next run can continue.
"""

from __future__ import annotations

import dataclasses
import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from emulator.engine.journal import Journal
from emulator.engine.request import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from emulator.engine.wire import Values

_VERSION = 1

Status = Literal["creating", "unfinished", "complete"]


@dataclass(frozen=True, kw_only=True)
class ResourceState:
    """One resource as it was last deployed. `region` is empty for what has none."""

    urn: str
    type: str
    name: str
    custom: bool
    status: Status = "complete"
    id: str = ""
    parent: str = ""
    region: str = ""
    inputs: Values = field(default_factory=dict[str, Any])
    outputs: Values = field(default_factory=dict[str, Any])
    secrets: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict[str, tuple[str, ...]]
    )
    protect: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    external: bool = False
    """Only read (`.get`): never changed, never deleted."""

    def all_dependencies(self) -> frozenset[str]:
        """URNs that must exist as long as this resource does."""
        by_property = (urn for urns in self.property_dependencies.values() for urn in urns)
        return frozenset({*self.dependencies, *by_property, self.parent} - {""})


class StackState:
    """The resources of one stack, in the order they were created. Thread-safe."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._resources: dict[str, ResourceState] = {}
        self._doomed: list[ResourceState] = []
        self._outputs: Values = {}
        self._journal = Journal(file) if file else None
        self._changed = False
        """Whether the journal holds what the file does not."""

    @classmethod
    def load(cls, file: Path) -> StackState:
        """Read the state from `file`; empty when there is none.

        Raises:
            RefusedError: The file is not a state that this release can read.
        """
        state = cls(file)
        if file.exists():
            found = _parsed(file)
            state._resources = {each["urn"]: _resource(each) for each in found["resources"]}
            state._doomed = [_resource(each) for each in found["doomed"]]
            state._outputs = found["outputs"]
        for entry in Journal(file).entries():
            state._replay(entry)
        return state

    def read_only(self) -> StackState:
        """A copy that is never written to disk: what a preview works on."""
        copy = StackState()
        copy._resources, copy._doomed = dict(self._resources), list(self._doomed)
        copy._outputs = dict(self._outputs)
        return copy

    @property
    def outputs(self) -> Values:
        """The stack's outputs of the last run that got that far."""
        return self._outputs

    def get(self, urn: str) -> ResourceState | None:
        """The resource at `urn`."""
        return self._resources.get(urn)

    def resources(self) -> tuple[ResourceState, ...]:
        """All resources, oldest first."""
        with self._lock:
            return tuple(self._resources.values())

    def doomed(self) -> tuple[ResourceState, ...]:
        """Replaced resources that are still to be deleted, oldest first."""
        with self._lock:
            return tuple(self._doomed)

    def put(
        self,
        resource: ResourceState,
        *,
        replaces: str | None = None,
        doom: ResourceState | None = None,
    ) -> None:
        """Write `resource` down, last in order.

        `replaces` is the URN it had before; `doom` the resource that it takes the place of, which
        must be deleted at the end.
        """
        gone = {replaces or resource.urn, resource.urn}
        with self._lock:
            for urn in gone:
                self._resources.pop(urn, None)
            self._resources[resource.urn] = resource
            if doom is not None:
                self._doomed.append(doom)
            self._note(gone, resource, doomed=doom is not None)

    def revive(self, never_made: ResourceState) -> ResourceState | None:
        """Put back what `never_made` was to replace; None if it was to replace nothing."""
        with self._lock:
            doomed = [each for each in self._doomed if each.urn == never_made.urn]
            if not doomed:
                return None
            self._doomed.remove(doomed[-1])
            self._resources.pop(never_made.urn, None)
            self._resources[never_made.urn] = doomed[-1]
            self._note({never_made.urn}, doomed[-1], doomed=True)
        return doomed[-1]

    def unmake(self, never_made: ResourceState) -> None:
        """Write down that `never_made` was not made: what it was to replace is still deployed."""
        if self.revive(never_made) is None:
            self.remove(never_made)

    def remove(self, resource: ResourceState) -> None:
        """Forget a deleted resource."""
        with self._lock:
            if self._resources.get(resource.urn) == resource:
                del self._resources[resource.urn]
                self._note({resource.urn})
            else:
                self._doomed = [each for each in self._doomed if each != resource]
                self._note(set(), doomed=True)

    def set_outputs(self, outputs: Values) -> None:
        """Take the stack's outputs; `close` writes them down."""
        with self._lock:
            self._outputs = outputs
            self._changed = True

    def close(self) -> None:
        """Write the whole file, if a run changed anything, and forget the journal. Idempotent.

        Whoever ends in between leaves both: the journal, read again over the file, changes nothing.
        """
        with self._lock:
            if self._changed:
                self._write()
                self._changed = False
            if self._journal is not None:
                self._journal.clear()

    def _note(
        self, gone: set[str], resource: ResourceState | None = None, *, doomed: bool = False
    ) -> None:
        """Append a change to the journal."""
        if self._file is None or self._journal is None:
            return
        if not self._file.exists():
            self._write()  # that there is such a stack is seen by its file
        entry = {
            "gone": sorted(gone),
            "put": None if resource is None else _json(resource),
            "doomed": [_json(each) for each in self._doomed] if doomed else None,
        }
        self._changed = True
        self._journal.append(json.dumps(entry).encode())

    def _replay(self, entry: dict[str, Any]) -> None:
        for urn in entry["gone"]:
            self._resources.pop(urn, None)
        if entry["put"] is not None:
            self._resources[entry["put"]["urn"]] = _resource(entry["put"])
        if entry["doomed"] is not None:
            self._doomed = [_resource(each) for each in entry["doomed"]]
        self._changed = True

    def _write(self) -> None:
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part")
        part.touch(mode=0o600)  # secrets lie in it in the clear
        part.write_text(self._document(), encoding="utf-8")
        part.replace(self._file)

    def _document(self) -> str:
        resources = ",\n".join(json.dumps(_json(each)) for each in self._resources.values())
        doomed = ",\n".join(json.dumps(_json(each)) for each in self._doomed)
        outputs = json.dumps(self._outputs)
        return (
            f'{{"version": {_VERSION},\n"outputs": {outputs},\n'
            f'"resources": [\n{resources}\n],\n"doomed": [\n{doomed}\n]}}\n'
        )


def _parsed(file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RefusedError(f"{file} is not a stack's state ({error}); delete it") from error
    if found.get("version") != _VERSION:
        raise RefusedError(
            f"{file} is a state of version {found.get('version')!r}; expected {_VERSION}. "
            "Destroy the stack with the release that wrote it, or delete the file"
        )
    return found


def _json(resource: ResourceState) -> dict[str, Any]:
    # Not dataclasses.asdict: it copies every nested value, on every step of every run.
    return {each.name: getattr(resource, each.name) for each in dataclasses.fields(resource)}


def _resource(found: dict[str, Any]) -> ResourceState:
    by_property = cast("dict[str, list[str]]", found["property_dependencies"])
    fields: dict[str, Any] = {
        **found,
        "secrets": tuple(found["secrets"]),
        "dependencies": tuple(found["dependencies"]),
        "property_dependencies": {key: tuple(urns) for key, urns in by_property.items()},
    }
    return ResourceState(**fields)
