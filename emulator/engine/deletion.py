"""The order in which resources are deleted: nothing before what depends on it."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.engine.state import ResourceState


def in_deletion_order(doomed: Iterable[ResourceState]) -> list[ResourceState]:
    """`doomed` so that dependents come before what they depend on, else newest first."""
    chosen = list(doomed)
    by_urn: dict[str, list[int]] = {}
    for index, resource in enumerate(chosen):
        by_urn.setdefault(resource.urn, []).append(index)
    graph: TopologicalSorter[int] = TopologicalSorter()
    for index in reversed(range(len(chosen))):
        graph.add(index)
    for index, resource in enumerate(chosen):
        for urn in resource.all_dependencies():
            for earlier in by_urn.get(urn, []):
                if earlier != index:
                    graph.add(earlier, index)
    return [chosen[index] for index in graph.static_order()]
