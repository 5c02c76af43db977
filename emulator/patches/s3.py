"""S3: replication rules are kept whole; bucket policies are left to the front door.

Stock moto answers GetBucketReplication without filters, delete markers and source selection, and
enforces bucket policies without looking at their conditions. The front door evaluates every
request against every policy that applies, conditions included.
"""

from __future__ import annotations

from typing import Any, cast

from emulator.patches.mending import replace


def apply() -> None:
    """Replace both answers."""
    from moto.core.responses import ActionResult
    from moto.iam.access_control import PermissionResult
    from moto.s3.exceptions import ReplicationConfigurationNotFoundError
    from moto.s3.models import FakeBucket
    from moto.s3.responses import S3Response

    def get_permission(self: Any, action: str, resource: str) -> Any:
        del self, action, resource
        return PermissionResult.NEUTRAL

    def get_bucket_replication(self: Any) -> Any:
        self.data["Action"] = "GetBucketReplication"
        found = self.backend.get_bucket_replication(self.bucket_name)
        if not found:
            raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
        rules = [replication_rule(each) for each in found["Rule"]]
        configuration = {"Role": found["Role"], "Rules": rules}
        return self.serialized(ActionResult({"ReplicationConfiguration": configuration}))

    replace(FakeBucket, "get_permission", get_permission)
    replace(S3Response, "get_bucket_replication", get_bucket_replication)


def replication_rule(raw: dict[str, Any]) -> dict[str, Any]:
    """A rule as the API names it, from the XML that was put: empty elements become blocks."""
    rule = {key: _value(each) for key, each in raw.items()}
    rule["Priority"] = int(raw["Priority"])
    if "Filter" in raw:
        rule["Filter"] = _filter(raw["Filter"] or {})
    return rule


def _filter(raw: dict[str, Any]) -> dict[str, Any]:
    """An empty filter covers the whole bucket; several tags are one element each in the XML."""
    found = {key: _value(each) for key, each in raw.items()}
    both = cast("dict[str, Any] | None", found.get("And"))
    if both:
        tags = both.pop("Tag", [])
        both["Tags"] = cast("list[Any]", tags) if isinstance(tags, list) else [tags]
    return found


def _value(raw: Any) -> Any:
    if isinstance(raw, dict):
        return {key: _value(each) for key, each in cast("dict[str, Any]", raw).items()}
    if isinstance(raw, str) and raw.isdigit():
        return int(raw)
    return "" if raw is None else raw
