"""S3: a bucket whose versioning is suspended still has versions, and they can be deleted.

Stock moto treats such a bucket as if it had never kept versions: a delete by version id removes
the whole key, and fails outright (500) where a delete marker stands. A destroy does just that: it
suspends versioning, then empties the bucket.
"""

from __future__ import annotations

from typing import Any

from emulator.patches.mending import replace


def apply() -> None:
    """Mend DeleteObject and DeleteObjects."""
    from moto.s3.models import S3Backend

    stock = S3Backend.delete_object

    def delete_object(
        self: Any,
        bucket_name: str,
        key_name: str,
        version_id: str | None = None,
        bypass: bool = False,  # noqa: FBT001, FBT002  # moto's own signature
    ) -> tuple[bool, dict[str, Any]]:
        bucket = self.get_bucket(bucket_name)
        if bucket.versioning_status != "Suspended":
            return stock(self, bucket_name, key_name, version_id=version_id, bypass=bypass)
        bucket.versioning_status = "Enabled"  # the front door lets one S3 call in at a time
        try:
            return stock(self, bucket_name, key_name, version_id=version_id, bypass=bypass)
        finally:
            bucket.versioning_status = "Suspended"

    replace(S3Backend, "delete_object", delete_object)
