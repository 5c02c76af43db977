"""What S3 tidies away, and what it never does, as plain functions.

A lifecycle rule works in its own Region only: what it deletes there stays in every other, and
the delete markers it makes are not replicated.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pulumi_aws as aws

    from infra.naming import BucketKind
    from infra.settings.data import DataSettings

    Rule = aws.s3.BucketLifecycleConfigurationRuleArgsDict

NEVER: Final = 0

# How long what was overwritten or deleted can be had back.
_NONCURRENT_DAYS: Final = 30
_UNFINISHED_UPLOAD_DAYS: Final = 1
# Read at once and cheap to keep, for what is looked at once a quarter:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
_ARCHIVE: Final = "GLACIER_IR"


def lifecycle(kind: BucketKind, data: DataSettings, *, days: int | None = None) -> Sequence[Rule]:
    """Return the lifecycle rules of a bucket; `days` ends what is locked for so long.

    Releases are never evicted, not even deleted ones: which of them a Region serves, or would
    roll back to, S3 cannot know, and a deletion by mistake is replicated like any other.
    """
    if kind == "releases":
        return [_unfinished_uploads()]
    tidy = [_unfinished_uploads(), _deleted()]
    if days is not None:
        return [*tidy, {**_rule("end"), "expiration": {"days": days}}]
    return [*tidy, *_ageing(data)] if kind == "predictions" else tidy


def _rule(name: str) -> Rule:
    return {"id": name, "status": "Enabled", "filter": {"prefix": ""}}


def _unfinished_uploads() -> Rule:
    return {
        **_rule("unfinished-uploads"),
        "abort_incomplete_multipart_upload": {"days_after_initiation": _UNFINISHED_UPLOAD_DAYS},
    }


def _deleted() -> Rule:
    return {
        **_rule("deleted"),
        "noncurrent_version_expiration": {"noncurrent_days": _NONCURRENT_DAYS},
        # A marker with nothing left behind it hides nothing.
        "expiration": {"expired_object_delete_marker": True},
    }


def _ageing(data: DataSettings) -> Sequence[Rule]:
    ageing: list[Rule] = []
    if data.prediction_archive_days != NEVER:
        ageing.append(
            {
                **_rule("archive"),
                "transitions": [{"days": data.prediction_archive_days, "storage_class": _ARCHIVE}],
            }
        )
    if data.prediction_days != NEVER:
        ageing.append({**_rule("end"), "expiration": {"days": data.prediction_days}})
    return ageing
