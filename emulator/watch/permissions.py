"""What a service may send to: a topic, a queue, a function, by their own policies and keys.

A service acts as its principal (`events.amazonaws.com`) on behalf of a resource (`aws:SourceArn`),
or under a role it was given, whose policies then decide.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from emulator import policy
from emulator.door import key_access
from emulator.storage.roles import Need, denial
from emulator.store.backends import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.store import Function

_ON_KEYS: Final = ("kms:GenerateDataKey", "kms:Decrypt")


@dataclass(frozen=True, kw_only=True)
class Sender:
    """On whose behalf a service sends."""

    service: str
    source_arn: str
    role_arn: str | None = None
    owns_source: bool = False
    """Whether it names the account as `aws:SourceOwner`, which topics' own policies ask for."""

    def context(self) -> dict[str, str]:
        """Condition keys of its calls."""
        found = {
            policy.PRINCIPAL_SERVICE: self.service,
            "aws:SourceArn": self.source_arn,
            "aws:SourceAccount": ACCOUNT,
        }
        if self.owns_source:
            found["aws:SourceOwner"] = ACCOUNT
        return found


def may(sender: Sender, action: str, arn: str, documents: Sequence[policy.Document]) -> str | None:
    """Why a sender may not act on a resource that has these policies; None when it may."""
    if sender.role_arn is not None:
        need = Need(action=action, resource=arn)
        source = sender.source_arn
        return denial(sender.role_arn, (sender.service,), [(need, ())], source_arn=source)
    try:
        decision = policy.allows(documents, action, arn, sender.context())
    except policy.PolicyError as error:
        return str(error)
    if decision:
        return None
    return f"{sender.service} is not authorized: {decision.reason} for {sender.source_arn}"


def may_use_key(sender: Sender, key_id: str, region: str) -> str | None:
    """Why a sender may not write to what a key encrypts; None when it may.

    The policy of a key that AWS manages cannot be changed, so services other than the owner's
    never may.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    """
    if "alias/aws/" in key_id:
        return f"key {key_id} is managed by AWS and does not admit {sender.service}"
    if sender.role_arn is not None:
        return None  # the role's key permissions are those of its own calls
    key = key_access.find(key_id, region)
    if key is None:
        return f"key {key_id} does not exist in {region}"
    if key.state != "Enabled":
        return f"key {key_id} is {key.state}"
    for action in _ON_KEYS:
        reason = may(sender, action, key.arn, [key.policy])
        if reason is not None:
            return f"key {key_id}: {reason}"
    return None


def may_invoke(sender: Sender, function: Function, target_arn: str) -> str | None:
    """Why a sender may not invoke a function under this (qualified) ARN; None when it may.

    A statement for the function does not cover its aliases and versions, nor the other way round.
    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """
    if sender.role_arn is not None:
        return may(sender, "lambda:InvokeFunction", target_arn, ())
    effects = {
        each.effect
        for each in function.permissions
        if each.resource == target_arn
        and sender.service in each.services
        and any(fnmatch.fnmatchcase("lambda:InvokeFunction", action) for action in each.actions)
        and fnmatch.fnmatchcase(sender.source_arn, each.source_arn or "*")
        and each.source_account in (None, ACCOUNT)
    }
    if "Allow" in effects and "Deny" not in effects:
        return None
    return f"{sender.service} may not invoke {target_arn} for {sender.source_arn}"
