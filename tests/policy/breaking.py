"""Ways to break a recorded graph, for tests that see a rule notice."""

from __future__ import annotations

import dataclasses
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from policy import Graph, Resource

Break = Callable[[Graph], None]


@dataclass(frozen=True)
class Broken:
    """A rule, how it is broken, and part of what it then says."""

    rule: str
    says: str
    breaks: tuple[Break, ...]


def case(rule: str, says: str, *breaks: Break) -> Broken:
    return Broken(rule, says, breaks)


def broken(graph: Graph, *breaks: Break) -> Graph:
    """A copy of a graph with something wrong in it."""
    made: Graph = pickle.loads(pickle.dumps(graph))  # noqa: S301 - ours; a deep copy takes thrice
    for apply in breaks:
        apply(made)
    return made


def set_inputs(resource: Resource, inputs: dict[str, object]) -> None:
    """Give a resource other inputs; None takes one away, an object is merged in."""
    for key, value in inputs.items():
        if value is None:
            resource.inputs.pop(key, None)
            resource.outputs.pop(key, None)
        elif isinstance(value, dict) and isinstance(resource.inputs.get(key), dict):
            resource.inputs[key].update(value)
        else:
            resource.inputs[key] = value


def change(kind: str, named: str = "", /, **inputs: object) -> Break:
    """Give the first resource of a kind whose name holds `named` other inputs."""

    def apply(graph: Graph) -> None:
        set_inputs(first(graph, kind, named), inputs)

    return apply


def first(graph: Graph, kind: str, named: str = "") -> Resource:
    return next(each for each in graph.of(kind) if named in each.name)


def replace(graph: Graph, resource: Resource, **fields: Any) -> None:
    graph.resources[resource.urn] = dataclasses.replace(resource, **fields)


def drop(kind: str, named: str = "") -> Break:
    """Leave one resource out."""

    def apply(graph: Graph) -> None:
        del graph.resources[first(graph, kind, named).urn]

    return apply


def forget_dependencies(kind: str, *on: str) -> Break:
    """Let resources of one kind no longer wait, directly, for those of others."""

    def apply(graph: Graph) -> None:
        for resource in graph.of(kind):
            kept = {urn for urn in resource.dependencies if graph.resources[urn].kind not in on}
            replace(graph, resource, dependencies=frozenset(kept))

    return apply


def add(type_: str, name: str, **inputs: object) -> Break:
    """Add a resource that nobody asked for, to the component of the first function."""

    def apply(graph: Graph) -> None:
        parent = first(graph, "Function").parent
        urn = f"urn:pulumi:s::p::{type_}::{name}"
        graph.resources[urn] = Resource(
            type=type_, name=name, urn=urn, parent=parent, inputs=dict(inputs)
        )

    return apply


def say(named: str, document: str, **statement: object) -> Break:
    """Change the first statement of a policy document, in the RolePolicy or Role so named."""

    def apply(graph: Graph) -> None:
        kind = "Role" if document == "assumeRolePolicy" else "RolePolicy"
        policy = first(graph, kind, named)
        parsed = json.loads(policy.inputs[document])
        parsed["Statement"][0].update(statement)
        parsed["Statement"][0] = {
            key: value for key, value in parsed["Statement"][0].items() if value is not None
        }
        policy.inputs[document] = json.dumps(parsed)

    return apply


def in_first_rule(kind: str, named: str, *path: str, value: object) -> Break:
    """Change something deep in the first of a resource's `rules`."""

    def apply(graph: Graph) -> None:
        holder = first(graph, kind, named).inputs["rules"][0]
        for step in path[:-1]:
            holder = holder[step]
        holder[path[-1]] = value

    return apply
