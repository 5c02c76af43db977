"""What a stack has deployed, for whoever asks over the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.engine.state import ResourceState, StackState

if TYPE_CHECKING:
    from pathlib import Path


def resources(folder: Path, stack: str) -> dict[str, Any] | None:
    """The resources and outputs of `<project>.<stack>`; None if there is no such stack.

    Secrets are shown: the emulator takes none that is worth keeping.
    """
    file = folder / f"{stack}.json"
    if file.parent != folder or not file.is_file():
        return None
    state = StackState.load(file)
    return {
        "resources": [_shown(each) for each in state.resources()],
        "outputs": state.outputs,
    }


def _shown(resource: ResourceState) -> dict[str, Any]:
    return {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "id": resource.id,
        "parent": resource.parent,
        "inputs": resource.inputs,
        "outputs": resource.outputs,
        "dependencies": sorted(resource.all_dependencies() - {resource.parent}),
        "property_dependencies": {
            key: list(urns) for key, urns in resource.property_dependencies.items()
        },
        "protect": resource.protect,
        "retain_on_delete": resource.retain_on_delete,
    }
