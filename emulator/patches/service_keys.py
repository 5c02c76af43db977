"""Services that are given a KMS key look at once whether they can use it.

Stock moto keeps any text for a log group's or delivery stream's key, and does not know how to
change a log group's.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
https://docs.aws.amazon.com/firehose/latest/dev/encryption.html
"""

from __future__ import annotations

from typing import Any

from emulator import policy
from emulator.door import key_access
from emulator.patches.mending import add, replace
from emulator.store.backends import ACCOUNT


def apply() -> None:
    """Guard log groups and delivery streams."""
    _mend_log_groups()
    _mend_delivery_streams()


def unusable(reference: str, region: str) -> str | None:
    """Why nobody could use this key in this Region; None when it can be used."""
    key = key_access.find(reference, region)
    if key is None:
        return f"{reference} does not exist"
    if key.arn.split(":")[3] != region:
        return f"{key.arn} is not in {region}"
    return None if key.state == "Enabled" else f"{key.arn} is {key.state}"


def _mend_log_groups() -> None:
    from moto.logs.models import LogsBackend
    from moto.logs.responses import LogsResponse

    stock = LogsBackend.create_log_group

    def create(self: Any, log_group_name: str, tags: dict[str, str], **named: Any) -> Any:
        _check_logs_key(named.get("kmsKeyId"), str(self.region_name), log_group_name)
        return stock(self, log_group_name, tags, **named)

    def associate(self: Any) -> str:
        name, key = self._get_param("logGroupName"), self._get_param("kmsKeyId")
        _check_logs_key(key, self.region, name)
        self.logs_backend.groups[name].kms_key_id = key
        return ""

    def disassociate(self: Any) -> str:
        self.logs_backend.groups[self._get_param("logGroupName")].kms_key_id = None
        return ""

    replace(LogsBackend, "create_log_group", create)
    add(LogsResponse, "associate_kms_key", associate)
    add(LogsResponse, "disassociate_kms_key", disassociate)


def _check_logs_key(reference: str | None, region: str, group: str) -> None:
    """CloudWatch Logs uses the key for itself: its policy must let the service, for this group."""
    from moto.logs.exceptions import InvalidParameterException

    if not reference:
        return
    group_arn = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{group}"
    reason = unusable(reference, region)
    key = key_access.find(reference, region)
    if reason is None and key is not None:
        context = {
            policy.PRINCIPAL_SERVICE: f"logs.{region}.amazonaws.com",
            "kms:EncryptionContext:aws:logs:arn": group_arn,
            "aws:SourceAccount": ACCOUNT,
            "aws:SourceArn": group_arn,
        }
        decisions = [
            key_access.decide((), f"kms:{action}", key.arn, context)
            for action in ("Encrypt", "Decrypt", "GenerateDataKey", "DescribeKey")
        ]
        reason = next((each.reason for each in decisions if not each), None)
    if reason is not None:
        raise InvalidParameterException(
            "The specified KMS key does not exist or is not allowed to be used with LogGroup "
            f"'{group_arn}' ({reason})"
        )


def _mend_delivery_streams() -> None:
    from moto.firehose.models import FirehoseBackend

    stock = FirehoseBackend.start_delivery_stream_encryption

    def start(self: Any, stream_name: str, encryption_config: dict[str, Any]) -> None:
        from moto.core.exceptions import JsonRESTError

        reference = encryption_config.get("KeyARN")
        reason = unusable(reference, str(self.region_name)) if reference else None
        if reason is not None:
            raise JsonRESTError("InvalidKMSResourceException", f"KMS key {reason}")
        stock(self, stream_name, encryption_config)

    replace(FirehoseBackend, "start_delivery_stream_encryption", start)
