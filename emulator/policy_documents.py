"""What AWS refuses about a policy document when it is put. Pure: no I/O.

Every service reads a document the same way (the grammar), and each has its own mind about
principals, resources and actions (`Kind`). A condition or element that `emulator.policy` cannot
evaluate is refused here too, by name, rather than at the first call it would have decided.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from emulator import policy
from emulator.store.backends import PARTITION

Presence = Literal["required", "optional", "forbidden"]

_TOP: Final = frozenset({"Version", "Id", "Statement"})
_VERSIONS: Final = ("2012-10-17", "2008-10-17")
_PRINCIPALS: Final = frozenset({"AWS", "Service", "Federated", "CanonicalUser"})
_ACTION: Final = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_SID: Final = re.compile(r"[A-Za-z0-9]*")
_ARN: Final = re.compile(r"arn:([^:]*):[^:]*:[^:]*:[^:]*:.+", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What one service takes.

    Attributes:
        principal: Whether statements name one.
        resource: Whether statements name what they are about.
        actions: The only services whose actions may stand in it; empty: any.
        newest: Whether only the version of 2012 is taken.
        plain_sids: Whether statement ids are letters and digits alone.
    """

    principal: Presence
    resource: Presence
    actions: tuple[str, ...] = ()
    newest: bool = False
    plain_sids: bool = False


IDENTITY: Final = Kind(principal="forbidden", resource="required", newest=True, plain_sids=True)
TRUST: Final = Kind(principal="required", resource="forbidden", actions=("sts",), plain_sids=True)
BUCKET: Final = Kind(principal="required", resource="required", actions=("s3",))
TOPIC: Final = Kind(principal="required", resource="required", actions=("sns",))
QUEUE: Final = Kind(principal="required", resource="required", actions=("sqs",))
KEY: Final = Kind(principal="required", resource="required", actions=("kms",))
SECRET: Final = Kind(principal="required", resource="required", actions=("secretsmanager",))
VAULT: Final = Kind(principal="required", resource="required", actions=("backup",))


def problem(document: str, kind: Kind, *, owner: str | None = None) -> str | None:
    """What is wrong with a document, in a sentence; None when AWS would take it.

    Args:
        document: JSON text.
        kind: What it is put on.
        owner: The ARN that it is put on, where a statement may be about that alone.
    """
    try:
        policy.check(document)
    except policy.PolicyError as error:
        return str(error)
    found = statements(document)
    wrong = itertools.chain(
        _in_document(json.loads(document), found, kind),
        *(_in_statement(each, kind, owner) for each in found),
    )
    return next(wrong, None)


def statements(document: str) -> list[dict[str, Any]]:
    """The statements of a document that has been read already."""
    found = json.loads(document).get("Statement")
    return found if isinstance(found, list) else [found]


def named_identities(found: list[dict[str, Any]]) -> list[str]:
    """ARNs of the roles and users that statements name as principals."""
    principals = (each.get("Principal") for each in found)
    named = (
        each
        for principal in principals
        if isinstance(principal, Mapping)
        for each in _texts(cast("Mapping[str, Any]", principal).get("AWS", []))
    )
    return [each for each in named if ":role/" in each or ":user/" in each]


def _in_document(
    parsed: Mapping[str, Any], found: list[dict[str, Any]], kind: Kind
) -> Iterator[str]:
    if unknown := sorted(set(parsed) - _TOP):
        yield f"element {unknown[0]} is none of a policy's; expected {', '.join(sorted(_TOP))}"
    version = parsed.get("Version", _VERSIONS[-1])
    if version not in _VERSIONS:
        yield f"Version is {version!r}; expected {' or '.join(_VERSIONS)}"
    if kind.newest and version != _VERSIONS[0]:
        yield f"Policy document must be version {_VERSIONS[0]} or greater"
    if not found:
        yield "it has no statement"
    sids = [each["Sid"] for each in found if each.get("Sid")]
    if len(set(sids)) != len(sids):
        yield "Statement IDs (SID) in a single policy must be unique"
    for sid in sids:
        if kind.plain_sids and not _SID.fullmatch(sid):
            yield f"Statement IDs (SID) must be alpha-numeric; got {sid!r}"


def _in_statement(statement: dict[str, Any], kind: Kind, owner: str | None) -> Iterator[str]:
    name = f"statement {statement.get('Sid', 'without Sid')}"
    yield from _principal(statement, kind, name)
    yield from _actions(statement, kind, name)
    resources = statement.get("Resource", statement.get("NotResource"))
    if resources is None and kind.resource == "required":
        yield f"{name}: it has no Resource"
    if resources is not None and kind.resource == "forbidden":
        yield f"{name}: Has prohibited field Resource"
    for each in _texts(resources if resources is not None else []):
        yield from _resource(each, owner, name)


def _principal(statement: dict[str, Any], kind: Kind, name: str) -> Iterator[str]:
    principal: Any = statement.get("Principal")
    if principal is None:
        if kind.principal == "required":
            yield f"{name}: it has no Principal"
        return
    if kind.principal == "forbidden":
        yield f"{name}: Policy document should not specify a principal"
    known = isinstance(principal, Mapping) and principal and set(principal) <= _PRINCIPALS  # pyright: ignore[reportUnknownArgumentType]  # any JSON object
    if principal != "*" and not known:
        yield (
            f'{name}: Principal is {principal!r}; expected "*" or an object of '
            f"{', '.join(sorted(_PRINCIPALS))}"
        )


def _actions(statement: dict[str, Any], kind: Kind, name: str) -> Iterator[str]:
    actions = _texts(statement.get("Action", statement.get("NotAction")))
    if not actions:
        yield f"{name}: Policy statement must contain actions"
    for action in actions:
        if action == "*":
            continue
        if not _ACTION.fullmatch(action):
            yield f"{name}: {action!r} is no action; expected a service, a colon and a name"
        service = action.partition(":")[0].lower()
        if kind.actions and service not in kind.actions:
            yield f"{name}: action {action} is out of scope; expected {kind.actions[0]}:..."


def _resource(resource: str, owner: str | None, name: str) -> Iterator[str]:
    if resource == "*":
        return
    found = _ARN.fullmatch(resource)
    if found is None:
        yield f'{name}: Resource {resource} must be in ARN format or "*"'
    elif found[1] not in (PARTITION, "*"):
        yield f'{name}: Partition "{found[1]}" is not valid for resource "{resource}"'
    elif owner is not None and not _about(resource, owner):
        yield f"{name}: invalid resource {resource}; expected {owner} or what is in it"


def _about(resource: str, owner: str) -> bool:
    """Whether a pattern is about an ARN, or about what is below it."""
    inside = resource.startswith((owner + "/", owner + ":"))
    return inside or policy.matches(resource, owner) or policy.matches(resource, owner + "/x")


def _texts(value: Any) -> list[str]:
    items = cast("list[Any]", value if isinstance(value, list) else [value])
    return [str(each) for each in items if each is not None]
