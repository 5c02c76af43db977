"""What a program says about one resource, freed from protobuf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.engine import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.runtime.proto import resource_pb2


@dataclass(frozen=True, kw_only=True)
class Options:
    """Resource options that the engine honours.

    Custom timeouts are accepted and have no effect: the emulated AWS answers at once.
    """

    dependencies: tuple[str, ...]
    property_dependencies: Mapping[str, tuple[str, ...]]
    provider: str = ""
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    delete_before_replace: bool | None = None
    retain_on_delete: bool = False
    deleted_with: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One `RegisterResource` call."""

    type: str
    name: str
    custom: bool
    parent: str
    inputs: wire.Values
    secrets: frozenset[str]
    options: Options
    unsupported: str = ""
    """Why the engine cannot carry this out at all."""

    @property
    def dependencies(self) -> frozenset[str]:
        """Every URN that this registration refers to."""
        by_property = self.options.property_dependencies.values()
        named = {*self.options.dependencies, *(urn for urns in by_property for urn in urns)}
        provider = self.options.provider.rpartition("::")[0]
        return frozenset(named | {self.parent, self.options.deleted_with, provider} - {""})


@dataclass(frozen=True, kw_only=True)
class ReadRequest:
    """One `ReadResource` call."""

    type: str
    name: str
    id: str
    parent: str
    provider: str
    inputs: wire.Values


@dataclass(frozen=True, kw_only=True)
class Registered:
    """The engine's answer; a failed one has no outputs."""

    urn: str
    id: str = ""
    outputs: wire.Values
    secrets: frozenset[str] = frozenset()
    failed: bool = False


def from_request(request: resource_pb2.RegisterResourceRequest) -> Registration:
    """Read a `RegisterResource` request."""
    decoded = wire.decode(request.object)
    defined = request.deleteBeforeReplaceDefined
    return Registration(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        inputs=decoded.values,
        secrets=decoded.secrets | frozenset(request.additionalSecretOutputs),
        options=Options(
            dependencies=tuple(request.dependencies),
            property_dependencies={
                name: tuple(each.urns) for name, each in request.propertyDependencies.items()
            },
            provider=request.provider,
            protect=request.protect,
            ignore_changes=tuple(request.ignoreChanges),
            replace_on_changes=tuple(request.replaceOnChanges),
            delete_before_replace=request.deleteBeforeReplace if defined else None,
            retain_on_delete=request.retainOnDelete,
            deleted_with=request.deletedWith,
            aliases=tuple(request.aliasURNs),
        ),
        unsupported=_unsupported(request),
    )


def _unsupported(request: resource_pb2.RegisterResourceRequest) -> str:
    if request.remote:
        return "remote components are built by a provider plug-in, which the emulator does not run"
    if request.importId:
        return "`import` is not supported; read the resource with `.get` instead"
    return ""


def select(inputs: wire.Values, path: str) -> Any:
    """The value at a property path (`tags.owner`, `rules[0].id`); None when there is none."""
    current: Any = inputs
    for step in _steps(path):
        if isinstance(step, int):
            current = current[step] if isinstance(current, list) and step < len(current) else None  # pyright: ignore[reportUnknownArgumentType]  # JSON
        else:
            current = current.get(step) if isinstance(current, dict) else None  # pyright: ignore[reportUnknownMemberType]  # JSON
    return current  # pyright: ignore[reportUnknownVariableType]  # any JSON value


def keep_old(new: wire.Values, old: wire.Values, path: str) -> wire.Values:
    """`new` with the value at a property path as it is in `old` (`ignoreChanges`)."""
    steps = _steps(path)
    return _keep(new, old, steps) if steps else new


def _keep(new: Any, old: Any, steps: tuple[str | int, ...]) -> Any:
    if not steps:
        return old
    step, rest = steps[0], steps[1:]
    if isinstance(step, int):
        if (
            not isinstance(new, list)
            or not isinstance(old, list)
            or step >= min(len(new), len(old))
        ):  # pyright: ignore[reportUnknownArgumentType]  # JSON
            return new  # pyright: ignore[reportUnknownVariableType]  # JSON
        return [*new[:step], _keep(new[step], old[step], rest), *new[step + 1 :]]
    before: Any = old.get(step) if isinstance(old, dict) else None  # pyright: ignore[reportUnknownMemberType]  # JSON
    holder: dict[str, Any] = dict(new) if isinstance(new, dict) else {}  # pyright: ignore[reportUnknownArgumentType]  # JSON
    kept = _keep(holder.get(step), before, rest)
    if kept is None:
        holder.pop(step, None)
    else:
        holder[step] = kept
    return holder


def _steps(path: str) -> tuple[str | int, ...]:
    parts = path.replace("[", ".").replace("]", "").replace('"', "").split(".")
    return tuple(int(part) if part.isdigit() else part for part in parts if part)
