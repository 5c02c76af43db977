"""A graph that changes no more: what rules look up in it again and again is found once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from policy.graph import IDENTITIES, Graph, Resource, holds_unknown, texts

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Settled(Graph):
    """The same answers as `Graph`'s, in a time that does not grow with what was not asked for."""

    @classmethod
    def of_graph(cls, graph: Graph) -> Settled:
        """Settle a graph; nothing may be put into it, or changed in it, from then on."""
        return cls(graph.resources, graph.outputs)

    @cached_property
    def _by_kind(self) -> Mapping[str, list[Resource]]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.custom:
            found[resource.kind].append(resource)
        return found

    @cached_property
    def _by_identity(self) -> Mapping[tuple[str, str], list[Resource]]:
        """The resources of a kind that a text may name, in order."""
        found: dict[tuple[str, str], dict[str, Resource]] = defaultdict(dict)
        for resource in self.custom:
            for name in _identities(resource):
                found[resource.kind, name][resource.urn] = resource
        return {key: list(resources.values()) for key, resources in found.items()}

    @cached_property
    def _waits(self) -> dict[str, frozenset[str]]:
        return {}

    def all(self, kind: str) -> list[Resource]:
        """See `Graph`."""
        return list(self._by_kind.get(kind, ()))

    def behind(self, resource: Resource, key: str, *kinds: str) -> list[Resource]:
        """See `Graph`."""
        value = resource.inputs.get(key)
        if holds_unknown(value):
            return super().behind(resource, key, *kinds)
        named = {text for text in texts(value) if text}
        found = {
            each.urn: each
            for kind in kinds
            for text in named
            for each in self._by_identity.get((kind, text), ())
        }
        places = self._places
        return sorted(found.values(), key=lambda each: (kinds.index(each.kind), places[each.urn]))

    def waits_for(self, later: Resource, earlier: Resource) -> bool:
        """See `Graph`."""
        if later.urn not in self._waits:
            self._waits[later.urn] = self.ahead_of(later)
        return earlier.urn in self._waits[later.urn]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {urn: place for place, urn in enumerate(self.resources)}


def _identities(resource: Resource) -> set[str]:
    known = (
        source.get(key) for source in (resource.inputs, resource.outputs) for key in IDENTITIES
    )
    return {resource.id, *(each for each in known if isinstance(each, str))}
