"""The graph of what a stack deploys, as its rules see it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, cast

Values = dict[str, Any]

UNKNOWN: Final = "\0 known after the deploy"
"""Stands for a value that a preview cannot know."""

IDENTITIES: Final = ("arn", "name", "bucket", "dnsName", "fqdn")
"""Not `zoneId`: load balancers of a Region share theirs, and a hosted zone is known by its id."""


class UndecidedError(Exception):
    """A rule needs a value that is known only after the deploy."""


class MissingError(Exception):
    """A rule needs a resource that the stack does not make."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack.

    Attributes:
        inputs: What the program asks for, keys as they are on Pulumi's wire (camelCase).
        outputs: What is known of it beyond that; in a preview perhaps `UNKNOWN`.
        dependencies: URNs of what must exist before it.
        property_dependencies: By input, URNs of the resources its value comes from.
        retain_on_delete: None where it is not told, as to a Pulumi policy pack.
    """

    type: str
    name: str
    urn: str
    parent: str = ""
    id: str = ""
    inputs: Values = field(default_factory=dict[str, Any])
    outputs: Values = field(default_factory=dict[str, Any])
    dependencies: frozenset[str] = frozenset()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict[str, tuple[str, ...]]
    )
    protect: bool = False
    retain_on_delete: bool | None = None

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Resource:
        """Make a resource of its JSON form; keys that are not known are left out."""
        by_property = cast("Mapping[str, list[str]]", found.get("property_dependencies") or {})
        return cls(
            type=str(found["type"]),
            name=str(found["name"]),
            urn=str(found["urn"]),
            parent=str(found.get("parent", "")),
            id=str(found.get("id", "")),
            inputs=_whole(found.get("inputs") or {}),
            outputs=_whole(found.get("outputs") or {}),
            dependencies=frozenset(found.get("dependencies") or ()),
            property_dependencies={key: tuple(urns) for key, urns in by_property.items()},
            protect=bool(found.get("protect")),
            retain_on_delete=found.get("retain_on_delete"),
        )

    def __str__(self) -> str:
        """Its type and name."""
        return f"{self.type} {self.name}"

    @property
    def kind(self) -> str:
        """The last part of its type, e.g. `TargetGroup`."""
        return self.type.rpartition(":")[2]

    @property
    def is_aws(self) -> bool:
        """Whether it is AWS's, and not a component of the program."""
        return self.type.startswith("aws:")

    @property
    def region(self) -> str | None:
        """The Region it states; None for what belongs to none, or does not say."""
        found = self.inputs.get("region")
        return None if found is None else str(found)

    def get(self, key: str) -> Any:
        """An input, or else an output; None if there is neither, or it is empty.

        The real provider tells unset properties as empty ones, so the two are the same here. Parts
        of an object or a list may still be `UNKNOWN`.

        Raises:
            UndecidedError: It is known only after the deploy.
        """
        value = self.inputs.get(key)
        if value is None:
            value = self.outputs.get(key)
        return self._known(key, value)

    def asked(self, key: str) -> Any:
        """An input as the program gives it; None if it gives none, or an empty one.

        What AWS or the provider makes of an input that is not given is left out.

        Raises:
            UndecidedError: It is known only after the deploy.
        """
        return self._known(key, self.inputs.get(key))

    def _known(self, key: str, value: Any) -> Any:
        if value == UNKNOWN:
            raise UndecidedError(f"{self}: {key} is known after the deploy")
        return None if value in ("", [], {}) else value

    def items(self, key: str) -> list[Values]:
        """A list of objects among its properties; empty if it is not set."""
        return list(self.get(key) or ())

    def object(self, key: str) -> Values:
        """An object among its properties; empty if it is not set."""
        return dict(self.get(key) or {})

    def document(self, key: str) -> list[Values]:
        """The statements of a policy document among its properties.

        Raises:
            UndecidedError: It is known only after the deploy.
        """
        text = self.get(key)
        parsed: Any = json.loads(text) if isinstance(text, str) else text
        statements: Any = (parsed or {}).get("Statement", [])
        return [statements] if isinstance(statements, dict) else list(statements)

    def known_as(self, value: object) -> bool:
        """Whether this is its id, ARN, name or address."""
        if not isinstance(value, str) or value in ("", UNKNOWN):
            return False
        names = (source.get(key) for source in (self.inputs, self.outputs) for key in IDENTITIES)
        return value == self.id or value in names


def _whole(value: Any) -> Any:
    """Whole numbers as such: Pulumi's wire has floating point alone."""
    if isinstance(value, Mapping):
        return {key: _whole(each) for key, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list):
        return [_whole(each) for each in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def holds_unknown(value: object) -> bool:
    """Whether a value, or anything in it, is known only after the deploy."""
    if isinstance(value, Mapping):
        return any(map(holds_unknown, cast("Mapping[str, object]", value).values()))
    if isinstance(value, list):
        return any(map(holds_unknown, cast("list[object]", value)))
    return value == UNKNOWN


@dataclass(frozen=True)
class Graph:
    """Every resource of a stack by its URN, and the stack's outputs."""

    resources: dict[str, Resource] = field(default_factory=dict[str, Resource])
    outputs: Values = field(default_factory=dict[str, Any])

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Graph:
        """Make a graph of `{"resources": [...], "outputs": {...}}`."""
        resources = map(Resource.from_json, found["resources"])
        return cls({each.urn: each for each in resources}, dict(found.get("outputs") or {}))

    @property
    def custom(self) -> list[Resource]:
        """Resources of AWS; components are left out."""
        return [each for each in self.resources.values() if each.is_aws]

    @property
    def components(self) -> list[Resource]:
        """The program's own components."""
        found = self.resources.values()
        return [each for each in found if not each.type.startswith(("aws:", "pulumi:"))]

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """The stack's Regions, in its settings' order where the outputs tell it."""
        entries = self.outputs.get("regions")
        if isinstance(entries, list):
            found = cast("list[Mapping[str, str]]", entries)
            return tuple(entry["region"] for entry in found)
        return tuple(sorted({str(each.region) for each in self.all("LoadBalancer")}))

    @property
    def production(self) -> bool:
        """Whether clients depend on the stack: its zone is tagged so."""
        return any(zone.object("tags").get("production") == "true" for zone in self.all("Zone"))

    def all(self, kind: str) -> list[Resource]:
        """AWS resources by the last part of their type."""
        return [each for each in self.custom if each.kind == kind]

    def of(self, kind: str) -> list[Resource]:
        """AWS resources by the last part of their type.

        Raises:
            MissingError: There are none.
        """
        found = self.all(kind)
        if not found:
            raise MissingError(f"the stack makes no {kind}")
        return found

    def matching(self, kind: str, **properties: object) -> list[Resource]:
        """AWS resources of a kind that have these properties."""
        return [
            each
            for each in self.all(kind)
            if all(each.get(key) == value for key, value in properties.items())
        ]

    def one(self, kind: str, **properties: object) -> Resource:
        """The only resource of a kind that has these properties.

        Raises:
            MissingError: There is none, or more than one.
        """
        found = self.matching(kind, **properties)
        if len(found) != 1:
            told = ", ".join(f"{key} {value}" for key, value in properties.items())
            raise MissingError(f"expected one {kind} with {told or 'anything'}, found {len(found)}")
        return found[0]

    def known_as(self, kind: str, value: object) -> Resource | None:
        """The resource of a kind with this id, ARN, name or address."""
        return next((each for each in self.all(kind) if each.known_as(value)), None)

    def behind(self, resource: Resource, key: str, *kinds: str) -> list[Resource]:
        """The resources of some kinds that an input names, also when a preview cannot say by what.

        Where a value is known only after the deploy, it is the nearest that it comes from.
        """
        value = resource.inputs.get(key)
        if holds_unknown(value):
            return self._sources(resource.property_dependencies.get(key, ()), kinds)
        named = list(texts(value))
        return [each for kind in kinds for each in self.all(kind) if any(map(each.known_as, named))]

    def _sources(self, urns: Iterable[str], kinds: tuple[str, ...]) -> list[Resource]:
        """The nearest resources that a value comes from, handed on by others or not."""
        found: list[Resource] = []
        for urn in urns:
            source = self.resources.get(urn)
            if source is None:
                continue
            if source.is_aws and source.kind in kinds:
                found.append(source)
            else:
                onward = {each for by in source.property_dependencies.values() for each in by}
                found += self._sources(sorted(onward), kinds)
        return list({each.urn: each for each in found}.values())

    def waits_for(self, later: Resource, earlier: Resource) -> bool:
        """Whether one resource is made only after another."""
        return earlier.urn in self.ahead_of(later)

    def ahead_of(self, resource: Resource) -> frozenset[str]:
        """URNs of all that is made before a resource."""
        seen: set[str] = set()
        ahead = [resource.urn]
        while ahead:
            urn = ahead.pop()
            if urn in seen:
                continue
            seen.add(urn)
            found = self.resources.get(urn)
            ahead.extend(found.dependencies if found else ())
        return frozenset(seen - {resource.urn})

    def per_region(self, kind: str) -> dict[str, list[Resource]]:
        """Resources of a kind by their Region; every Region of the stack is in it."""
        found: dict[str, list[Resource]] = defaultdict(list, {each: [] for each in self.regions})
        for resource in self.all(kind):
            found[str(resource.region)].append(resource)
        return found


def texts(value: object) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, Mapping):
        for each in cast("Mapping[str, object]", value).values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in cast("list[object]", value):
            yield from texts(each)
    elif isinstance(value, str):
        yield value
