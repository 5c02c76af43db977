"""What a rule is.

A rule is a function with a docstring of three parts, which is all of its documentation:

```python
@each("TargetGroup")
def lambda_targets_are_checked(group: Resource, graph: Graph) -> Iterator[str]:
    '''The health check of a target group is on.

    It is off by default for Lambda targets, and then every function is called healthy.

    Source: https://docs.aws.amazon.com/...
    '''
```

The first line says what holds, the middle why it matters on the day of a failover, the last where
AWS says so. The function's name, with hyphens, is the rule's id. It yields what is wrong.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from policy.graph import Graph, MissingError, Resource, UndecidedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Said = str | tuple[Resource, str]
"""What is wrong, and with which resource if it is one."""

_PARTS: Final = re.compile(
    r"(?P<holds>[^\n]+)\n\n(?P<reason>.+)\n\nSource: (?P<source>\S+)", re.DOTALL
)


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One thing that breaks a rule."""

    rule: Rule
    resource: Resource | None
    message: str

    def __str__(self) -> str:
        """Read as one line: the resource, what is wrong, and the rule's id."""
        where = "the stack" if self.resource is None else str(self.resource)
        return f"{where}: {self.message} [{self.rule.id}]"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule; it has either `over_graph`, or `kinds` and `over_resource`.

    Attributes:
        id: Its name, kebab-case.
        holds: What holds, one sentence.
        reason: Why it matters, in the words of whoever is called at night.
        source: Where AWS says so.
        kinds: What it looks at one by one; empty if it looks at the graph as a whole.
        alone: Whether it looks at nothing but the one resource.
        optional: Whether a stack may have none of these kinds.
    """

    id: str
    holds: str
    reason: str
    source: str
    kinds: tuple[str, ...] = ()
    alone: bool = False
    optional: bool = False
    over_graph: Callable[[Graph], Iterator[Said]] | None = None
    over_resource: Callable[[Resource, Graph], Iterator[str]] | None = None

    def check(self, graph: Graph, undecided: list[str] | None = None) -> Iterator[Violation]:
        """Yield what breaks the rule.

        Args:
            graph: What is deployed, or will be.
            undecided: Takes what a preview cannot decide; without it that is raised.

        Raises:
            UndecidedError: A value is known only after the deploy.
        """
        if self.over_graph is not None:
            yield from self._guarded(self.over_graph(graph), None, undecided)
            return
        found = [resource for kind in self.kinds for resource in graph.all(kind)]
        if not found and not self.optional:
            yield self._violation(f"the stack makes no {' or '.join(self.kinds)}")
        for resource in found:
            yield from self.check_one(resource, graph, undecided)

    def check_one(
        self, resource: Resource, graph: Graph, undecided: list[str] | None = None
    ) -> Iterator[Violation]:
        """Yield what breaks the rule in one resource; nothing if that is not of its kinds."""
        ours = resource.is_aws and resource.kind in self.kinds
        if self.over_resource is not None and ours:
            said = self.over_resource(resource, graph)
            yield from self._guarded(said, resource, undecided)

    def _guarded(
        self, said: Iterator[Said], resource: Resource | None, undecided: list[str] | None
    ) -> Iterator[Violation]:
        try:
            for each_said in said:
                yield self._violation(each_said, resource)
        except MissingError as error:
            yield self._violation(str(error), resource)
        except UndecidedError as error:
            if undecided is None:
                raise
            undecided.append(str(error))

    def _violation(self, said: Said, resource: Resource | None = None) -> Violation:
        about, message = (resource, said) if isinstance(said, str) else said
        return Violation(rule=self, resource=about, message=message)


def whole(body: Callable[[Graph], Iterator[Said]]) -> Rule:
    """Make a rule of a function that looks at the graph as a whole."""
    return dataclasses.replace(_documented(body), over_graph=body)


def each(
    *kinds: str, optional: bool = False
) -> Callable[[Callable[[Resource, Graph], Iterator[str]]], Rule]:
    """Make a rule of a function that looks at resources one by one, in their graph."""

    def make(body: Callable[[Resource, Graph], Iterator[str]]) -> Rule:
        rule = _documented(body)
        return dataclasses.replace(rule, kinds=kinds, optional=optional, over_resource=body)

    return make


def alone(
    *kinds: str, optional: bool = False
) -> Callable[[Callable[[Resource], Iterator[str]]], Rule]:
    """Make a rule of a function that looks at resources one by one and at nothing else."""

    def make(body: Callable[[Resource], Iterator[str]]) -> Rule:
        rule = _documented(body)
        return dataclasses.replace(
            rule,
            kinds=kinds,
            alone=True,
            optional=optional,
            over_resource=lambda resource, _graph: body(resource),
        )

    return make


def _documented(body: Callable[..., object]) -> Rule:
    parts = _PARTS.fullmatch(inspect.getdoc(body) or "")
    if parts is None:
        msg = f"{body.__name__}: expected a docstring of a sentence, its reason, and `Source: URL`"
        raise TypeError(msg)
    return Rule(
        id=body.__name__.replace("_", "-"),
        holds=parts["holds"],
        reason=parts["reason"].replace("\n", " "),
        source=parts["source"],
    )
