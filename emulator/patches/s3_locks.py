"""S3 Object Lock: held by the emulated clock, and never loosened.

Stock moto keeps locks by this machine's clock, lets a retention be shortened and versioning be
suspended, does not say how long something is retained, takes a default retention only while the
bucket is empty, and takes any word for leave to bypass governance.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from emulator.patches.mending import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.patches.hooks import Hooks

COMPLIANCE: Final = "COMPLIANCE"
GOVERNANCE: Final = "GOVERNANCE"
BYPASS: Final = "x-amz-bypass-governance-retention"
_DAYS_A_YEAR: Final = 365


def apply(hooks: Callable[[], Hooks]) -> None:
    """Mend what locks hold, and how long."""
    _mend_time(hooks)
    _mend_retention(hooks)
    _say_retention()
    _mend_configuration()
    _guard_versioning()


def _until(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _is_set(bypass: Any) -> bool:
    return str(bypass).lower() == "true"


def _mend_time(hooks: Callable[[], Hooks]) -> None:
    from moto.s3.models import FakeBucket, FakeKey

    def is_locked(self: Any, governance_bypass: Any) -> bool:
        if self.lock_legal_status == "ON":
            return True
        if self.lock_mode not in (GOVERNANCE, COMPLIANCE):
            return False
        if self.lock_mode == GOVERNANCE and _is_set(governance_bypass):
            return False
        return _until(self.lock_until) > hooks().watch.bus.now()

    def default_retention(self: Any) -> str:
        days = (self.default_lock_days or 0) + _DAYS_A_YEAR * (self.default_lock_years or 0)
        until = hooks().watch.bus.now() + timedelta(days=days)
        return until.strftime("%Y-%m-%dT%H:%M:%SZ")

    replace(FakeKey, "is_locked", is_locked)
    replace(FakeBucket, "default_retention", default_retention)


def _mend_retention(hooks: Callable[[], Hooks]) -> None:
    """A retention in force is made longer; shorter or away only past governance.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
    """
    from moto.s3.exceptions import AccessDeniedByLock
    from moto.s3.responses import S3Response

    stock = S3Response.put_object_retention

    def put_object_retention(self: Any) -> Any:
        version_id = self._get_param("versionId")
        key = self.backend.get_object(self.bucket_name, self.parse_key_name(), version_id)
        if key is None or key.lock_mode not in (GOVERNANCE, COMPLIANCE):
            return stock(self)
        mode, until = self._mode_until_from_body()
        bypassed = key.lock_mode == GOVERNANCE and _is_set(self.headers.get(BYPASS))
        in_force = _until(key.lock_until) > hooks().watch.bus.now()
        loosened = (
            mode is None
            or _until(until) < _until(key.lock_until)
            or (key.lock_mode, mode) == (COMPLIANCE, GOVERNANCE)
        )
        if in_force and loosened and not bypassed:
            raise AccessDeniedByLock
        return stock(self)

    replace(S3Response, "put_object_retention", put_object_retention)


def _say_retention() -> None:
    from moto.core.responses import ActionResult
    from moto.s3.exceptions import S3ClientError
    from moto.s3.responses import S3Response

    stock = S3Response.get_object

    def get_object(self: Any) -> Any:
        if "retention" not in self.querystring:
            return stock(self)
        key, _ = self._get_key()
        if key.lock_mode is None:
            message = "The specified object does not have a ObjectLock configuration"
            raise S3ClientError("NoSuchObjectLockConfiguration", message)
        self.data["Action"] = "GetObjectRetention"
        retention = {"Mode": key.lock_mode, "RetainUntilDate": _until(key.lock_until)}
        return self.serialized(ActionResult({"Retention": retention}))

    replace(S3Response, "get_object", get_object)


def _mend_configuration() -> None:
    from moto.s3.exceptions import InvalidBucketState
    from moto.s3.models import S3Backend

    stock = S3Backend.get_object_lock_configuration

    def put(
        self: Any,
        bucket_name: str,
        lock_enabled: bool,  # noqa: FBT001  # moto's own signature
        mode: str | None = None,
        days: int | None = None,
        years: int | None = None,
    ) -> None:
        bucket = self.get_bucket(bucket_name)
        if bucket.versioning_status != "Enabled":
            raise InvalidBucketState(
                "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
            )
        bucket.object_lock_enabled = bucket.object_lock_enabled or lock_enabled
        bucket.default_lock_mode = mode
        bucket.default_lock_days = days
        bucket.default_lock_years = years

    def get(self: Any, bucket_name: str) -> tuple[bool, str | None, int | None, int | None]:
        enabled, mode, days, years = stock(self, bucket_name)
        return enabled, mode, days or None, years or None

    replace(S3Backend, "put_object_lock_configuration", put)
    replace(S3Backend, "get_object_lock_configuration", get)


def _guard_versioning() -> None:
    from moto.s3.exceptions import InvalidBucketState
    from moto.s3.models import S3Backend

    stock = S3Backend.put_bucket_versioning

    def put_bucket_versioning(self: Any, bucket_name: str, status: str) -> None:
        if status != "Enabled" and self.get_bucket(bucket_name).object_lock_enabled:
            raise InvalidBucketState(
                "An Object Lock configuration is present on this bucket, so the versioning state "
                "cannot be changed."
            )
        stock(self, bucket_name, status)

    replace(S3Backend, "put_bucket_versioning", put_bucket_versioning)
