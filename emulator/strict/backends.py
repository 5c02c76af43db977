"""Reading moto's state from inside its own operations."""

from __future__ import annotations

from typing import Any, Final

ACCOUNT: Final = "123456789012"


def route53() -> Any:
    """The one backend of Route 53."""
    from moto.route53.models import route53_backends

    return route53_backends[ACCOUNT]["aws"]


def s3() -> Any:
    """The one backend of S3."""
    from moto.s3.models import s3_backends

    return s3_backends[ACCOUNT]["aws"]


def bucket_region(name: str) -> str | None:
    """The Region of a bucket; None when it does not exist."""
    bucket = s3().buckets.get(name)
    return None if bucket is None else str(bucket.region_name)


def region_of(arn: str) -> str:
    """The Region in an ARN."""
    return arn.split(":")[3]
