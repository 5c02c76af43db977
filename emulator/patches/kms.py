"""KMS: multi-Region keys that work in every Region, and keys that refuse when they must.

Stock moto gives multi-Region keys an id that its own ciphertexts cannot hold, so that nothing
they encrypt can be decrypted; lets replicas share aliases and grants with the primary and lose
the policy they were given; encrypts with disabled keys; and takes any text as a key's policy.
https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emulator.patches import kms_policies
from emulator.patches.mending import add, replace
from emulator.store.backends import ACCOUNT, regional

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY_ID: Final = re.compile(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DEFAULT_ROTATION_DAYS: Final = 365
_DEFAULT_WINDOW_DAYS: Final = 30


@dataclass
class Family:
    """What the keys of one multi-Region key have in common besides id and material."""

    primary_region: str
    rotation_days: int = _DEFAULT_ROTATION_DAYS


def apply() -> None:
    """Mend keys, their replicas, their states and their policies."""
    kms_policies.apply()
    _mend_identity()
    _mend_replication()
    _mend_states()
    _mend_rotation()


def refusal(code: str, message: str) -> Exception:
    """An error of KMS's, as moto raises them."""
    from moto.core.exceptions import JsonRESTError

    return JsonRESTError(code, message)


def relatives(key: Any) -> Iterator[Any]:
    """Every key of a multi-Region key, in every Region; a key of one Region alone otherwise."""
    from moto.kms.models import kms_backends

    for _, backend in regional(kms_backends):
        found = backend.keys.get(key.id)
        if found is not None:
            yield found


def is_replica(key: Any) -> bool:
    """Whether this is a replica of a multi-Region key."""
    return bool(key.multi_region) and key.family.primary_region != key.region


def usable(key: Any) -> Any:
    """The key, if it may be used to encrypt and decrypt.

    Raises:
        JsonRESTError: As KMS refuses a key in this state.
            https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    """
    if key.key_state == "Disabled":
        raise refusal("DisabledException", f"{key.arn} is disabled.")
    if key.key_state != "Enabled":
        raise refusal("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    return key


# --- identity ------------------------------------------------------------------------------------


def _mend_identity() -> None:
    from moto.kms.exceptions import NotFoundException
    from moto.kms.models import Key
    from moto.kms.responses import KmsResponse

    stock_init, stock_dict = Key.__init__, Key.to_dict

    def make(self: Any, *args: Any, **named: Any) -> None:
        stock_init(self, *args, **named)
        self.family = Family(primary_region=self.region)
        if self.multi_region:
            # AWS's own form; with moto's dashes the id does not fit its ciphertexts.
            self.id = self.id.replace("mrk-", "").replace("-", "")
            self.id = f"mrk-{self.id}"
            self.arn = f"{self.arn.rpartition('/')[0]}/{self.id}"

    def to_dict(self: Any) -> dict[str, Any]:
        shown: dict[str, Any] = stock_dict(self)
        if self.multi_region:
            shown["KeyMetadata"]["MultiRegionConfiguration"] = _configuration(self)
        return shown

    def validate(self: Any, key_id: str) -> None:
        bare = self.kms_backend.get_key_id(key_id)
        elsewhere = key_id.startswith("arn:") and key_id.split(":")[3] != self.region
        if elsewhere or not _KEY_ID.fullmatch(bare) or bare not in self.kms_backend.keys:
            raise NotFoundException(f"Key '{self._display_arn(key_id)}' does not exist")

    replace(Key, "__init__", make)
    replace(Key, "to_dict", to_dict)
    replace(KmsResponse, "_validate_cmk_id", validate)


def _configuration(key: Any) -> dict[str, Any]:
    members = [{"Arn": each.arn, "Region": each.region} for each in relatives(key)]
    primary = key.family.primary_region
    return {
        "MultiRegionKeyType": "REPLICA" if is_replica(key) else "PRIMARY",
        "PrimaryKey": next((each for each in members if each["Region"] == primary), members[0]),
        "ReplicaKeys": [each for each in members if each["Region"] != primary],
    }


# --- replicas ------------------------------------------------------------------------------------


def _mend_replication() -> None:
    from moto.kms.responses import KmsResponse

    def replicate_key(self: Any) -> str:
        key = _primary(self)
        policy = self._get_param("Policy")
        if policy:
            kms_policies.check(policy, bypass=bool(_bypass(self)))
        replica = _replicate(
            key,
            self._get_param("ReplicaRegion"),
            policy=policy,
            description=self._get_param("Description") or "",
            tags=self._get_param("Tags") or [],
        )
        shown = replica.to_dict()["KeyMetadata"]
        return json.dumps({"ReplicaKeyMetadata": shown, "ReplicaPolicy": replica.policy})

    def update_primary_region(self: Any) -> str:
        key, region = _primary(self), self._get_param("PrimaryRegion")
        if region not in {each.region for each in relatives(key)}:
            raise refusal("NotFoundException", f"{key.id} has no replica in {region}.")
        key.family.primary_region = region
        return "{}"

    replace(KmsResponse, "replicate_key", replicate_key)
    add(KmsResponse, "update_primary_region", update_primary_region)


def _bypass(response: Any) -> bool:
    return bool(response._get_param("BypassPolicyLockoutSafetyCheck"))  # noqa: SLF001  # moto's way to a parameter


def _primary(response: Any) -> Any:
    """The key a call names, if it is a usable multi-Region primary."""
    key_id = response._get_param("KeyId")  # noqa: SLF001  # moto's way to a parameter
    response._validate_cmk_id(key_id)  # noqa: SLF001  # moto's own check
    key = response.kms_backend.keys[response.kms_backend.get_key_id(key_id)]
    if not key.multi_region or is_replica(key):
        raise refusal(
            "UnsupportedOperationException", f"{key.arn} is not a multi-Region primary key."
        )
    return usable(key)


def _replicate(
    key: Any, region: str, *, policy: str | None, description: str, tags: list[dict[str, str]]
) -> Any:
    from moto.kms.models import Key, kms_backends

    if any(each.region == region for each in relatives(key)):
        raise refusal("AlreadyExistsException", f"{key.id} is already in {region}.")
    replica: Any = Key(
        policy, key.key_usage, key.key_spec, description, ACCOUNT, region, multi_region=True
    )
    replica.id, replica.family = key.id, key.family
    replica.arn = f"{replica.arn.rpartition('/')[0]}/{key.id}"
    replica.key_material, replica.private_key = key.key_material, key.private_key
    backend = kms_backends[ACCOUNT][region]
    backend.keys[replica.id] = replica
    if tags:
        backend.tagger.tag_resource(replica.id, tags)
    return replica


# --- states --------------------------------------------------------------------------------------


def _mend_states() -> None:
    from moto.kms.models import KmsBackend

    stock_encrypt, stock_decrypt = KmsBackend.encrypt, KmsBackend.decrypt
    stock_schedule = KmsBackend.schedule_key_deletion

    def encrypt(self: Any, key_id: str, *args: Any, **named: Any) -> Any:
        found = self.keys.get(self.any_id_to_key_id(key_id))
        if found is not None:
            usable(found)
        return stock_encrypt(self, key_id, *args, **named)

    def decrypt(self: Any, *args: Any, **named: Any) -> Any:
        plaintext, arn = stock_decrypt(self, *args, **named)
        usable(self.keys[self.get_key_id(arn)])
        return plaintext, arn

    def schedule(self: Any, key_id: str, pending_window_in_days: int) -> float:
        bare = self.get_key_id(key_id)
        key = self.keys[bare]
        if key.key_state.startswith("Pending"):
            raise refusal("KMSInvalidStateException", f"{key.arn} is pending deletion.")
        date: float = stock_schedule(self, bare, pending_window_in_days or _DEFAULT_WINDOW_DAYS)
        others = [each for each in relatives(key) if each.key_state != "PendingDeletion"]
        if others and not is_replica(key):
            key.key_state = "PendingReplicaDeletion"
        return date

    def by_any_id(stock: Any) -> Any:
        def call(self: Any, key_id: str) -> None:  # stock moto breaks down over an ARN
            stock(self, self.get_key_id(key_id))

        return call

    for name in ("disable_key", "enable_key", "cancel_key_deletion"):
        replace(KmsBackend, name, by_any_id(getattr(KmsBackend, name)))
    replace(KmsBackend, "encrypt", encrypt)
    replace(KmsBackend, "decrypt", decrypt)
    replace(KmsBackend, "schedule_key_deletion", schedule)


# --- rotation ------------------------------------------------------------------------------------


def _mend_rotation() -> None:
    from moto.kms.responses import KmsResponse

    def switch(self: Any, *, rotates: bool) -> str:
        key_id = self._get_param("KeyId")
        self._validate_cmk_id(key_id)
        key = self.kms_backend.keys[self.kms_backend.get_key_id(key_id)]
        if is_replica(key):
            raise refusal(
                "UnsupportedOperationException",
                f"{key.arn} is a replica: rotation is set on its primary.",
            )
        key.key_rotation_status = rotates
        key.family.rotation_days = (
            self._get_param("RotationPeriodInDays") or key.family.rotation_days
        )
        return "{}"

    def enable(self: Any) -> str:
        return switch(self, rotates=True)

    def disable(self: Any) -> str:
        return switch(self, rotates=False)

    def status(self: Any) -> str:
        key_id = self._get_param("KeyId")
        self._validate_cmk_id(key_id)
        key = self.kms_backend.keys[self.kms_backend.get_key_id(key_id)]
        rotates = any(each.key_rotation_status for each in relatives(key) if not is_replica(each))
        shown: dict[str, Any] = {"KeyId": key.arn, "KeyRotationEnabled": rotates}
        if rotates:
            shown["RotationPeriodInDays"] = key.family.rotation_days
        return json.dumps(shown)

    replace(KmsResponse, "enable_key_rotation", enable)
    replace(KmsResponse, "disable_key_rotation", disable)
    replace(KmsResponse, "get_key_rotation_status", status)
