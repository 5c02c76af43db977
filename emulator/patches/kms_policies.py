"""KMS: a key's policy is looked at when it is put, as AWS does.

https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

from __future__ import annotations

from typing import Any, Final

from emulator import policy as iam
from emulator.patches.mending import replace
from emulator.policy_documents import KEY
from emulator.store.backends import ACCOUNT
from emulator.strict import policies

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
    wrong = policies.problem(document, KEY)
    if wrong is not None:
        return wrong
    context = {iam.PRINCIPAL_ARN: _ROOT, iam.PRINCIPAL_ACCOUNT: ACCOUNT}
    if not bypass and not iam.allows([document], "kms:PutKeyPolicy", "*", context):
        return "The new key policy will not allow you to update the key policy in the future."
    return None
