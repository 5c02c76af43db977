"""Between Pulumi's policy SDK and our rules: its resources into a graph, our rules into policies.

A rule that looks at one resource alone becomes a resource policy, which stops a deploy before that
resource is made; all others become stack policies. What a preview cannot know is marked, and a
rule that needs it is reported as not applicable yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import pulumi
from pulumi_policy import (
    Policy,
    PolicyResource,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
    proxy,
)

from policy import RULES, Graph, Resource, Rule
from policy.graph import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy import Violation

    Report = Callable[[str, str | None], None]

_UNKNOWN_MARKS = frozenset(
    value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")
)
_STACK = "pulumi:pulumi:Stack"


def policies() -> list[Policy]:
    """Every rule as a policy."""
    asked: dict[str, dict[str, Any]] = {}
    return [_listening(asked), *(_policy(rule, asked) for rule in RULES)]


def plain(value: Any) -> Any:
    """A value of the SDK without its proxies, which raise at what is unknown: that is marked."""
    if isinstance(value, proxy._DictProxy | proxy._ListProxy):  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # the SDK has no other way to look at what is unknown
        return plain(value["__target"])
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, pulumi.AssetArchive):
        return plain(value.assets)
    if isinstance(value, pulumi.FileAsset | pulumi.FileArchive):
        return value.path
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(each) for each in cast("Sequence[Any]", value)]
    return UNKNOWN if isinstance(value, str) and value in _UNKNOWN_MARKS else value


def _listening(asked: dict[str, dict[str, Any]]) -> Policy:
    """A policy that forbids nothing and notes what the program asks for.

    A stack policy is shown what each resource became, its provider's defaults included; some rules
    are about what was asked.
    """

    def note(args: ResourceValidationArgs, _report: Report) -> None:
        asked[args.urn] = plain(args.props)

    return ResourceValidationPolicy(
        name="what-the-program-asks-for",
        description="Notes what the program asks for; forbids nothing.",
        validate=note,
    )


def _policy(rule: Rule, asked: Mapping[str, dict[str, Any]]) -> Policy:
    told: dict[str, Any] = {
        "name": rule.id,
        "description": f"{rule.holds} {rule.reason}",
        "url": rule.source,
    }
    if rule.alone:

        def validate_one(args: ResourceValidationArgs, report: Report) -> None:
            props = plain(args.props)
            resource = Resource(type=args.resource_type, name=args.name, urn=args.urn, inputs=props)
            _report(args, report, lambda left: rule.check_one(resource, Graph(), left))

        return ResourceValidationPolicy(**told, validate=validate_one)

    def validate(args: StackValidationArgs, report: Report) -> None:
        graph = graph_of(args.resources, asked)
        _report(args, report, lambda left: rule.check(graph, left))

    return StackValidationPolicy(**told, validate=validate)


def _report(
    args: ResourceValidationArgs | StackValidationArgs,
    report: Report,
    check: Callable[[list[str]], Iterator[Violation]],
) -> None:
    left: list[str] = []
    violations = list(check(left))
    for violation in violations:
        report(violation.message, None if violation.resource is None else violation.resource.urn)
    if left and not violations:
        args.not_applicable(left[0])


def graph_of(found: Sequence[PolicyResource], asked: Mapping[str, dict[str, Any]]) -> Graph:
    """The graph of what the SDK shows to a stack policy."""
    resources = {each.urn: _resource(each, asked) for each in found if each.resource_type != _STACK}
    stack = next((plain(each.props) for each in found if each.resource_type == _STACK), {})
    return Graph(resources, stack)


def _resource(found: PolicyResource, asked: Mapping[str, dict[str, Any]]) -> Resource:
    props = plain(found.props)
    return Resource.from_json(
        {
            "type": found.resource_type,
            "name": found.name,
            "urn": found.urn,
            "parent": found.parent.urn if found.parent is not None else "",
            "id": props.get("id", ""),
            "inputs": asked.get(found.urn, props),
            "outputs": props,
            "dependencies": [each.urn for each in found.dependencies],
            "property_dependencies": {
                key: [each.urn for each in sources]
                for key, sources in found.property_dependencies.items()
            },
            "protect": found.opts.protect,
        }
    )
