"""Whether a KMS key may be used, and whether it can: its policy first, then IAM, then its state.

A key's own policy rules: a permission in IAM counts only where the key's policy lets the account
give it. https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from emulator import policy
from emulator.store.backends import ACCOUNT, backend_of, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from emulator.door.request import ApiRequest

PREFIX: Final = "kms:"
_KEY_ID_BYTES: Final = 36  # at the head of the emulator's ciphertexts


@dataclass(frozen=True, kw_only=True)
class Key:
    """A KMS key in one Region."""

    arn: str
    state: str
    policy: policy.Document


def find(reference: str | None, region: str) -> Key | None:
    """A key by id, ARN or alias, as a service in `region` finds it; None without one."""
    from moto.kms.models import kms_backends

    if not reference:
        return None
    if reference.startswith("arn:"):
        region, reference = reference.split(":")[3], reference.split(":", 5)[5]
    backend = backend_of(kms_backends, region)
    bare = reference.removeprefix("key/")
    keys = [] if backend is None else values_of(backend.keys)
    found = next((each for each in keys if each.id == bare or bare in each.aliases), None)
    if found is None:
        return None
    return Key(arn=str(found.arn), state=str(found.key_state), policy=str(found.policy))


def decide(
    identity: Sequence[policy.Document], action: str, key_arn: str, context: policy.Context
) -> policy.Decision:
    """Decide one use of one key by a caller with these identity policies.

    Raises:
        policy.PolicyError: A document cannot be evaluated.
    """
    key = find(key_arn, "")
    if key is None:
        return policy.allows((), action, key_arn, context)
    own = policy.allows([key.policy], action, key_arn, context)
    given = policy.allows(identity, action, key_arn, context)
    for decision in (own, given):
        if decision.effect == "Deny":
            return decision
    if own:
        return own
    let = policy.allows([_delegated(key.policy)], action, key_arn, context)
    return given if let else let


def key_named(request: ApiRequest) -> str | None:
    """ARN of the key that a KMS call is about, found by id, alias or ciphertext."""
    reference = request.document.get("KeyId") or request.document.get("TargetKeyId")
    if not reference:
        reference = _sealed_by(request.document.get("CiphertextBlob"))
    found = find(str(reference), request.region) if reference else None
    return found.arn if found else None


def encryption_context(request: ApiRequest) -> dict[str, str]:
    """The encryption context of a KMS call, as condition keys."""
    given = cast("Mapping[str, str]", request.document.get("EncryptionContext") or {})
    return {f"kms:EncryptionContext:{name}": value for name, value in given.items()}


def via(service: str, region: str, *, s3_arn: str = "") -> dict[str, str]:
    """Condition keys of a use of a key that a service makes for its caller."""
    named = {"kms:EncryptionContext:aws:s3:arn": s3_arn} if s3_arn else {}
    return {
        "kms:ViaService": f"{service}.{region}.amazonaws.com",
        "kms:CallerAccount": ACCOUNT,
        **named,
    }


def _sealed_by(ciphertext: Any) -> str | None:
    try:
        return base64.b64decode(str(ciphertext or ""))[:_KEY_ID_BYTES].decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return None


def _delegated(document: policy.Document) -> policy.Document:
    """The key's policy with what it lets the account give, given: `root` stands for anybody."""
    parsed: dict[str, Any] = dict(json.loads(document) if isinstance(document, str) else document)
    found = parsed["Statement"]
    statements = cast("list[dict[str, Any]]", found if isinstance(found, list) else [found])
    parsed["Statement"] = [
        each | {"Principal": "*"} if _names_account(each.get("Principal")) else each
        for each in statements
    ]
    return parsed


def _names_account(principal: Any) -> bool:
    if not isinstance(principal, dict):
        return False
    named = cast("dict[str, Any]", principal).get("AWS", [])
    listed = cast("list[str]", named if isinstance(named, list) else [named])
    return any(each in (ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root") for each in listed)
