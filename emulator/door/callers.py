"""Who makes a call: the emulator's administrator, or a role (or user) held to its policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from emulator import policy
from emulator.administrator import ACCESS_KEY
from emulator.door import key_access
from emulator.door.refusals import Refusal, access_denied
from emulator.store.backends import ACCOUNT, PARTITION, values_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.door.actions import Need


_ACTIVE: Final = "Active"


class RefusedError(Exception):
    """A call is refused; `refusal` says how."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True, kw_only=True)
class Caller:
    """An identity with the policies that bind it. An administrator has none and needs none."""

    arn: str
    principal_arn: str
    policies: tuple[policy.Document, ...]
    session_policy: policy.Document | None = None
    administrator: bool = False

    def may(self, need: Need, resource_policies: Sequence[policy.Document]) -> policy.Decision:
        """Decide one need; a session policy narrows what the role's own policies give."""
        context = {
            policy.PRINCIPAL_ARN: (self.principal_arn, self.arn),
            policy.PRINCIPAL_ACCOUNT: ACCOUNT,
            "aws:SecureTransport": "true",  # the emulator's plain HTTP stands for AWS's HTTPS
            **need.context,
        }
        if need.action.startswith(key_access.PREFIX) and need.resource:
            decision = key_access.decide(self.policies, need.action, need.resource, context)
        else:
            everything = (*self.policies, *resource_policies)
            decision = policy.allows(everything, need.action, need.resource, context)
        if decision and self.session_policy:
            return policy.allows([self.session_policy], need.action, need.resource, context)
        return decision


ADMINISTRATOR: Final = Caller(
    arn=f"arn:aws:iam::{ACCOUNT}:root",
    principal_arn=f"arn:aws:iam::{ACCOUNT}:root",
    policies=(),
    administrator=True,
)


def identify(access_key: str | None) -> Caller:
    """The identity behind an access key. Signatures are not verified, keys are.

    Raises:
        RefusedError: Nobody signed, the key is unknown, or its session has expired.
    """
    if access_key == ACCESS_KEY:
        return ADMINISTRATOR
    if access_key is None:
        raise RefusedError(access_denied("anonymous", "the call is not signed"))
    session = _session_of(access_key)
    if session is not None:
        return _role_caller(session)
    user = _user_of(access_key)
    if user is not None:
        return Caller(arn=user.arn, principal_arn=user.arn, policies=_policies_of(user))
    raise RefusedError(
        Refusal(
            code="InvalidClientTokenId",
            message=f"access key {access_key} is not known here; use the credentials that "
            "EmulatorHandle.aws_environment() gives, or those of an assumed role",
        )
    )


def _role_caller(session: Any) -> Caller:
    if session.expiration.replace(tzinfo=UTC) < datetime.now(UTC):
        raise RefusedError(expired(session.arn))
    role = find_role(session.role_arn)
    return Caller(
        arn=session.arn,
        principal_arn=session.role_arn,
        policies=_policies_of(role) if role is not None else (),
        session_policy=session.policy or None,
    )


def expired(session_arn: str) -> Refusal:
    """The refusal of a session that is over."""
    return Refusal(code="ExpiredToken", message=f"the session {session_arn} has expired")


def roles() -> list[str]:
    """The ARN of every role."""
    from moto.iam.models import iam_backends

    return [str(role.arn) for role in values_of(iam_backends[ACCOUNT][PARTITION].roles)]


def find_role(arn: str) -> Any | None:
    """Moto's role with this ARN."""
    from moto.iam.models import iam_backends

    roles = values_of(iam_backends[ACCOUNT][PARTITION].roles)
    return next((role for role in roles if role.arn == arn), None)


def role_policies(role_arn: str) -> tuple[policy.Document, ...] | None:
    """Identity policies of a role, inline and attached; None when there is no such role."""
    role = find_role(role_arn)
    return None if role is None else _policies_of(role)


def _policies_of(identity: Any) -> tuple[policy.Document, ...]:
    attached = [
        version.document
        for managed in values_of(identity.managed_policies)
        for version in managed.versions
        if version.version_id == managed.default_version_id
    ]
    return (*values_of(identity.policies), *attached)


def _session_of(access_key: str) -> Any | None:
    from moto.sts.models import sts_backends

    sessions = sts_backends[ACCOUNT][PARTITION].assumed_roles
    # From the newest on: callers of long ago are rarely the ones asking.
    return next((each for each in reversed(sessions) if each.access_key_id == access_key), None)


def _user_of(access_key: str) -> Any | None:
    from moto.iam.models import iam_backends

    for user in values_of(iam_backends[ACCOUNT][PARTITION].users):
        for key in user.access_keys:
            if key.access_key_id == access_key and key.status == _ACTIVE:
                return user
    return None
