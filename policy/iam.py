"""Policy documents held against IAM's vocabulary: actions, ARNs and condition keys that exist.

The vocabulary is parliament's, the one thing here that the standard library does not bring:
https://github.com/duo-labs/parliament
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# What parliament says of a resource's own policy, and is meant there: by kind of resource.
_MEANT: Final[Mapping[str, frozenset[str]]] = {
    # In a key's policy `*` is the key itself.
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    "Key": frozenset({"RESOURCE_STAR"}),
    "ReplicaKey": frozenset({"RESOURCE_STAR"}),
    # So it is in a secret's and in a vault's.
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html
    "SecretPolicy": frozenset({"RESOURCE_STAR"}),
    "VaultPolicy": frozenset({"RESOURCE_STAR"}),
    "RepositoryPolicy": frozenset({"RESOURCE_STAR"}),
}
# A repository's policy names no resource: it is the repository.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html
_NAMES_NO_RESOURCE: Final = frozenset({"RepositoryPolicy"})
# What IAM lists as about a resource, and AWS grants for all or for none: composite alarms are told
# to nobody whose permission names some.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
_ALL_OR_NONE: Final = frozenset({"cloudwatch:DescribeAlarms"})
# A key of any name may follow, which no list can hold:
# https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context
_OPEN_CONDITION: Final = "kms:EncryptionContext:"


@cache
def _parliament() -> Callable[[str], Any]:
    """Load parliament, which warns of how it finds its own files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import parliament

    return parliament.analyze_policy_string


def complaints(document: Iterable[Mapping[str, Any]], kind: str) -> list[str]:
    """What is wrong with a policy's statements, as parliament says it.

    Args:
        document: The statements.
        kind: What kind of resource the policy belongs to, e.g. `RolePolicy`.
    """
    itself = {"Resource": "*"} if kind in _NAMES_NO_RESOURCE else {}
    statements = [
        itself | _without_open_conditions(each)
        for each in document
        if not _ALL_OR_NONE.issuperset(_actions(each))
    ]
    if not statements:
        return []
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    found = _parliament()(text).findings
    meant = _MEANT.get(kind, frozenset())
    return [_sentence(each) for each in found if each.issue not in meant]


def actions_that_could_name_a_resource(actions: Iterable[str]) -> list[str]:
    """Those of some actions for which IAM knows a type of resource, so that `*` is not needed."""
    return [
        action
        for action in actions
        if complaints([{"Effect": "Allow", "Action": [action], "Resource": ["*"]}], "RolePolicy")
    ]


def _actions(statement: Mapping[str, Any]) -> list[str]:
    actions: Any = statement.get("Action", [])
    return [actions] if isinstance(actions, str) else list(actions)


def _without_open_conditions(statement: Mapping[str, Any]) -> dict[str, Any]:
    condition: Any = statement.get("Condition")
    if not isinstance(condition, Mapping):
        return dict(statement)
    kept = {
        operator: {key: value for key, value in keys.items() if not key.startswith(_OPEN_CONDITION)}
        for operator, keys in cast("Mapping[str, Mapping[str, Any]]", condition).items()
    }
    return {**statement, "Condition": {operator: keys for operator, keys in kept.items() if keys}}


def _sentence(finding: Any) -> str:
    location: Mapping[str, Any] = finding.location or {}
    detail = finding.detail or location.get("string") or ""
    where = location.get("string") if finding.detail else None
    about = f" ({where})" if where else ""
    return f"{finding.issue}: {detail}{about}"
