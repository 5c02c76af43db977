"""Whether a service may do something with the role it was given: trust first, then permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator import policy
from emulator.door import key_access
from emulator.door.actions import Need
from emulator.door.callers import find_role, role_policies
from emulator.store.backends import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Need", "denial"]

_ASSUME: Final = "sts:AssumeRole"


def denial(
    role_arn: str,
    services: Sequence[str],
    needs: Iterable[tuple[Need, Sequence[policy.Document]]],
    *,
    source_arn: str,
) -> str | None:
    """Why a service may not act under a role; None when it may.

    Args:
        role_arn: The role the service is to assume.
        services: Principals by any of which the service calls itself (`s3.amazonaws.com`).
        needs: Each permission with the policies of the resource it is for.
        source_arn: The resource on whose behalf the service acts (`aws:SourceArn`).
    """
    role = find_role(role_arn)
    if role is None:
        return f"role {role_arn} does not exist"
    trust = (str(role.assume_role_policy_document),)
    trusted = {
        policy.PRINCIPAL_SERVICE: services,
        "aws:SourceAccount": ACCOUNT,
        "aws:SourceArn": source_arn,
        "sts:ExternalId": ACCOUNT,  # Firehose names the account so
    }
    context = {policy.PRINCIPAL_ARN: role_arn, policy.PRINCIPAL_ACCOUNT: ACCOUNT}
    identity = role_policies(role_arn) or ()
    try:
        if not policy.allows(trust, _ASSUME, role_arn, trusted):
            return f"the trust policy of {role_arn} does not let {services[0]} assume it"
        for need, resource_policies in needs:
            known = {**context, **need.context}
            if need.action.startswith(key_access.PREFIX) and need.resource:
                decision = key_access.decide(identity, need.action, need.resource, known)
            else:
                everything = (*identity, *resource_policies)
                decision = policy.allows(everything, need.action, need.resource, known)
            if not decision:
                return f"role {role_arn}: {decision.reason}"
    except policy.PolicyError as error:
        return f"role {role_arn}: {error}"
    return None
