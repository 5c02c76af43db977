"""A small IAM evaluator: who may do what, decided by the deployed policy documents alone.

Rules, in the order AWS states them
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html), within
one account:

1. an explicit deny in any policy wins;
2. otherwise one allow is enough, in an identity policy or in the resource's own policy;
3. otherwise the answer is no.

A statement with a `Principal` belongs to a resource policy (bucket policy, trust policy) and
applies when the context's principal matches it; a statement without one belongs to the identity.
So both kinds are handed in together. Pure: no I/O.

What is not evaluated is refused by name (`PolicyError`), never guessed: `NotPrincipal`, and
condition operators outside `_OPERATORS` with their `IfExists` and `ForAllValues:` forms. Service
control policies and permission boundaries are not part of the emulator.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias, cast

Document: TypeAlias = str | Mapping[str, Any]
"""A policy document, as JSON text or already parsed."""

Context: TypeAlias = Mapping[str, str | Sequence[str]]
"""Condition keys and their values, e.g. `aws:PrincipalArn`, `aws:SourceArn`, `s3:prefix`."""

PRINCIPAL_ARN: Final = "aws:PrincipalArn"
PRINCIPAL_ACCOUNT: Final = "aws:PrincipalAccount"
PRINCIPAL_SERVICE: Final = "aws:PrincipalServiceName"

_KNOWN_ELEMENTS: Final = frozenset(
    {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "Condition"}
)


class PolicyError(ValueError):
    """A policy document that is malformed or uses what this evaluator does not know."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The answer and what decided it. True in a boolean context when allowed."""

    allowed: bool
    action: str
    resource: str | None
    effect: Literal["Allow", "Deny", "none"]
    """`Deny`: an explicit deny decided; `none`: no statement spoke, so the answer is no."""
    statement: Mapping[str, Any] | None

    def __bool__(self) -> bool:
        """Whether the action is allowed."""
        return self.allowed

    @property
    def reason(self) -> str:
        """One sentence naming the statement that decided."""
        what = f"{self.action} on {self.resource or 'a resource not known from the call'}"
        if self.statement is None:
            return f"no policy statement allows {what}"
        name = self.statement.get("Sid") or json.dumps(dict(self.statement), sort_keys=True)
        verb = "allowed" if self.allowed else "explicitly denied"
        return f"{what} is {verb} by statement {name}"


def allows(
    policies: Iterable[Document], action: str, resource: str | None, context: Context | None = None
) -> Decision:
    """Decide one action on one resource.

    Args:
        policies: Identity policies of the caller and, where there is one, the resource's policy.
        action: e.g. `s3:GetObject`; compared without regard to case.
        resource: The ARN acted upon, or `*` for actions that know no resource. None when it is
            not known: then any allow of the action is enough, and only a deny of everything denies.
        context: Condition keys; a principal is named by `PRINCIPAL_ARN` (role ARN, or role and
            session ARN), `PRINCIPAL_ACCOUNT` and `PRINCIPAL_SERVICE`.

    Raises:
        PolicyError: A document is malformed or uses an element or operator not known here.
    """
    known = _lower_keys(context or {})
    allowing: Mapping[str, Any] | None = None
    for statement in (each for document in policies for each in _statements(document)):
        if not _applies(statement, action, resource, known):
            continue
        if statement["Effect"] == "Deny":
            return Decision(
                allowed=False, action=action, resource=resource, effect="Deny", statement=statement
            )
        allowing = allowing or statement
    return Decision(
        allowed=allowing is not None,
        action=action,
        resource=resource,
        effect="Allow" if allowing else "none",
        statement=allowing,
    )


def check(document: Document) -> None:
    """Refuse a document that `allows` could not evaluate.

    Raises:
        PolicyError: Names the element, operator or value at fault.
    """
    _statements(document)


def matches(pattern: str, value: str) -> bool:
    """Whether `value` fits an IAM pattern: `*` any run of characters, `?` any one."""
    return _compiled(pattern).fullmatch(value) is not None


def _statements(document: Document) -> tuple[Mapping[str, Any], ...]:
    if isinstance(document, str):
        return _parse(document)
    return _validated(document)


@lru_cache(maxsize=1024)
def _parse(text: str) -> tuple[Mapping[str, Any], ...]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PolicyError(f"policy document is not JSON ({error}): {text[:80]!r}") from error
    if not isinstance(document, dict):
        raise PolicyError(f"policy document must be a JSON object, got {text[:80]!r}")
    return _validated(cast("dict[str, Any]", document))


def _validated(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    found = document.get("Statement")
    statements = cast("list[Any]", found if isinstance(found, list) else [found])
    for statement in statements:
        if not isinstance(statement, Mapping):
            raise PolicyError(f"policy Statement must be an object or a list of them, got {found}")
        _validate(cast("Mapping[str, Any]", statement))
    return tuple(statements)


def _validate(statement: Mapping[str, Any]) -> None:
    name = statement.get("Sid", "without Sid")
    if unknown := sorted(set(statement) - _KNOWN_ELEMENTS):
        raise PolicyError(
            f"statement {name}: element {unknown[0]} is not evaluated here; "
            f"known elements: {', '.join(sorted(_KNOWN_ELEMENTS))}"
        )
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(
            f"statement {name}: Effect must be Allow or Deny, got {statement.get('Effect')!r}"
        )
    if ("Action" in statement) == ("NotAction" in statement):
        raise PolicyError(f"statement {name}: exactly one of Action and NotAction is expected")
    resources = ("Resource" in statement) + ("NotResource" in statement)
    # Trust policies are the one kind without a resource: they stand on the role itself.
    if resources > 1 or (resources == 0 and "Principal" not in statement):
        raise PolicyError(f"statement {name}: exactly one of Resource and NotResource is expected")
    for operator in statement.get("Condition", {}):
        if _plain(operator) not in _OPERATORS:
            raise PolicyError(
                f"statement {name}: condition operator {operator} is not evaluated here; "
                f"known operators: {', '.join(sorted(_OPERATORS))} (each also with IfExists)"
            )


def _applies(
    statement: Mapping[str, Any], action: str, resource: str | None, context: Context
) -> bool:
    return (
        _action_matches(statement, action)
        and _resource_matches(statement, resource, context)
        and _principal_matches(statement, context)
        and all(
            _condition_holds(operator, key, _strings(expected), context)
            for operator, block in statement.get("Condition", {}).items()
            for key, expected in block.items()
        )
    )


def _action_matches(statement: Mapping[str, Any], action: str) -> bool:
    negated = "NotAction" in statement
    patterns = _strings(statement["NotAction" if negated else "Action"])
    found = any(matches(pattern.lower(), action.lower()) for pattern in patterns)
    return found is not negated


def _resource_matches(statement: Mapping[str, Any], resource: str | None, context: Context) -> bool:
    if resource is None:
        return statement["Effect"] == "Allow" or "*" in _strings(statement.get("Resource", "*"))
    if "NotResource" in statement:
        return not _any_resource(statement["NotResource"], resource, context)
    if "Resource" in statement:
        return _any_resource(statement["Resource"], resource, context)
    return True


def _any_resource(patterns: object, resource: str, context: Context) -> bool:
    filled = (_fill(pattern, context) for pattern in _strings(patterns))
    return any(pattern is not None and matches(pattern, resource) for pattern in filled)


def _principal_matches(statement: Mapping[str, Any], context: Context) -> bool:
    if "Principal" not in statement:
        return True
    principal = statement["Principal"]
    if principal == "*":
        return True
    arns = _values(context, PRINCIPAL_ARN)
    accounts = _values(context, PRINCIPAL_ACCOUNT)
    services = _values(context, PRINCIPAL_SERVICE)
    named = _strings(principal.get("AWS", ()))
    if "*" in named or any(each in arns for each in named):
        return True
    # Naming the account delegates to its identity policies: a deny binds everyone in it, an
    # allow gives nothing by itself.
    if statement["Effect"] == "Deny" and any(_account_of(each) in accounts for each in named):
        return True
    return any(each in services for each in _strings(principal.get("Service", ())))


def _account_of(principal: str) -> str:
    match = re.fullmatch(r"arn:aws[\w-]*:iam::(\d{12}):root", principal)
    return match[1] if match else principal


_Test: TypeAlias = Callable[[str, str], bool]


def _arn_like(pattern: str, value: str) -> bool:
    """Compare ARNs part by part: a wildcard does not reach over a colon of the first five."""
    patterns, values = pattern.split(":", 5), value.split(":", 5)
    return len(patterns) == len(values) and all(map(matches, patterns, values))


def _equal(pattern: str, value: str) -> bool:
    return pattern == value


def _equal_in_any_case(pattern: str, value: str) -> bool:
    return pattern.lower() == value.lower()


# Operator -> (how one expected value is compared with one actual value, negated).
_OPERATORS: Final[Mapping[str, tuple[_Test, bool]]] = {
    "StringEquals": (_equal, False),
    "StringNotEquals": (_equal, True),
    "StringEqualsIgnoreCase": (_equal_in_any_case, False),
    "StringNotEqualsIgnoreCase": (_equal_in_any_case, True),
    "StringLike": (matches, False),
    "StringNotLike": (matches, True),
    "ArnEquals": (_arn_like, False),
    "ArnNotEquals": (_arn_like, True),
    "ArnLike": (_arn_like, False),
    "ArnNotLike": (_arn_like, True),
    "Bool": (_equal_in_any_case, False),
    "Null": (_equal_in_any_case, False),
}


_EVERY: Final = "ForAllValues:"


def _plain(operator: str) -> str:
    """An operator without what is said beside it."""
    return operator.removeprefix(_EVERY).removesuffix("IfExists")


def _condition_holds(operator: str, key: str, expected: Sequence[str], context: Context) -> bool:
    test, negated = _OPERATORS[_plain(operator)]
    actual = _values(context, key)
    if operator == "Null":  # about whether the request carries the key at all
        actual = ("false",) if actual else ("true",)
    if operator.startswith(_EVERY):
        # Every value that the request has must fit; one without any has nothing that does not.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
        return all(
            any(test(pattern, value) for pattern in expected) is not negated for value in actual
        )
    if not actual:
        # A key the request does not carry: negated operators hold, and IfExists lets it pass.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
        return negated or operator.endswith("IfExists")
    filled = [value for value in (_fill(each, context) for each in expected) if value is not None]
    found = any(test(pattern, value) for pattern in filled for value in actual)
    return found is not negated


def _fill(pattern: str, context: Context) -> str | None:
    """Put policy variables such as `${aws:PrincipalArn}` in; None when one has no value."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        found = _values(context, match[1])
        missing = missing or len(found) != 1
        return found[0] if found else ""

    filled = re.sub(r"\$\{([^}]+)\}", value, pattern)
    return None if missing else filled


def _values(context: Context, key: str) -> tuple[str, ...]:
    return _strings(context.get(key.lower(), ()))


def _lower_keys(context: Context) -> Context:
    """Condition keys are compared without regard to case, their values with it."""
    return {key.lower(): value for key, value in context.items()}


def _strings(value: object) -> tuple[str, ...]:
    """One value or a list of them, as strings (JSON booleans and numbers included)."""
    items = cast("Iterable[object]", value if isinstance(value, list | tuple) else (value,))
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in items)


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(each, re.escape(each)) for each in pattern), re.DOTALL)
