"""KMS: a key's policy is looked at when it is put, as AWS does.

https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from emulator import policy as iam
from emulator.patches.mending import replace
from emulator.store.backends import ACCOUNT, PARTITION, values_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT: Final = f"arn:aws:iam::{ACCOUNT}:root"


def apply() -> None:
    """Guard CreateKey and PutKeyPolicy."""
    from moto.kms.responses import KmsResponse

    stock_create, stock_put = KmsResponse.create_key, KmsResponse.put_key_policy

    def guarded(stock: Any) -> Any:
        def call(self: Any) -> str:
            document = self._get_param("Policy")
            if document:
                check(document, bypass=bool(self._get_param("BypassPolicyLockoutSafetyCheck")))
            return str(stock(self))

        return call

    replace(KmsResponse, "create_key", guarded(stock_create))
    replace(KmsResponse, "put_key_policy", guarded(stock_put))


def check(document: str, *, bypass: bool) -> None:
    """Refuse a key policy that AWS would refuse.

    Raises:
        JsonRESTError: The document is malformed, names a principal that does not exist, or (unless
            `bypass`) would lock everybody out of the key.
    """
    from moto.core.exceptions import JsonRESTError

    problem = _problem(document, bypass=bypass)
    if problem:
        raise JsonRESTError("MalformedPolicyDocumentException", problem)


def _problem(document: str, *, bypass: bool) -> str | None:
    try:
        iam.check(document)
        statements = _statements(document)
    except (iam.PolicyError, ValueError) as error:
        return f"The key policy cannot be read: {error}"
    if any("Principal" not in each for each in statements):
        return "Policy document must have a principal in every statement."
    missing = sorted(set(_named_identities(statements)) - _identities())
    if missing:
        return (
            "Policy contains a statement with one or more invalid principals: "
            f"{', '.join(missing)} (roles and users must exist before a key policy names them)"
        )
    context = {iam.PRINCIPAL_ARN: _ROOT, iam.PRINCIPAL_ACCOUNT: ACCOUNT}
    if not bypass and not iam.allows([document], "kms:PutKeyPolicy", "*", context):
        return "The new key policy will not allow you to update the key policy in the future."
    return None


def _statements(document: str) -> list[dict[str, Any]]:
    found = json.loads(document)["Statement"]
    return found if isinstance(found, list) else [found]


def _named_identities(statements: list[dict[str, Any]]) -> Iterator[str]:
    """ARNs of the roles and users that statements name as principals."""
    for statement in statements:
        principal = statement["Principal"]
        named = principal.get("AWS", []) if isinstance(principal, dict) else []
        for each in named if isinstance(named, list) else [named]:
            if ":role/" in each or ":user/" in each:
                yield str(each)


def _identities() -> set[str]:
    from moto.iam.models import iam_backends

    backend = iam_backends[ACCOUNT][PARTITION]
    return {each.arn for each in (*values_of(backend.roles), *values_of(backend.users))}
