"""S3: replication rules are kept whole; a bucket's tags go with it; policies are the front door's.

Stock moto answers GetBucketReplication without filters, delete markers and source selection, and
enforces bucket policies without looking at their conditions. The front door evaluates every
request against every policy that applies, conditions included. Stock moto also gives a new bucket
the tags of a deleted one of the same name.
"""

from __future__ import annotations

from typing import Any, cast

from emulator.patches.mending import replace


def apply() -> None:
    """Replace both answers, and forget the tags of what is deleted."""
    from moto.core.responses import ActionResult
    from moto.iam.access_control import PermissionResult
    from moto.s3.exceptions import ReplicationConfigurationNotFoundError
    from moto.s3.models import FakeBucket, S3Backend
    from moto.s3.responses import S3Response

    stock_delete = S3Backend.delete_bucket

    def delete_bucket(self: Any, bucket_name: str) -> Any:
        deleted = stock_delete(self, bucket_name)
        if deleted is not None:
            self.tagger.delete_all_tags_for_resource(deleted.arn)
        return deleted

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

    replace(S3Backend, "delete_bucket", delete_bucket)
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
