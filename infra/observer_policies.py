"""What an observer may do, as a plain function: data planes of its own Region, item by item."""

from typing import Final

from infra.client_secret import read_secret
from infra.policies import Encrypted, Statement, use_key

OBSERVERS: Final = "observer"
INTENTS: Final = "intent"

_FLAGS: Final = "evacuation/*"
_MARKERS: Final = "markers/*"
_LEADING: Final = "dynamodb:LeadingKeys"


def observe(  # noqa: PLR0913 - what it touches, one argument each
    table_arn: str,
    key_arn: str,
    topic_arn: str,
    secret_arn: str,
    *,
    flags: Encrypted,
    predictions: Encrypted,
    region: str,
) -> tuple[Statement, ...]:
    """Return an observer's permissions; `secret_arn` is empty where there is none.

    It reads items of observers and intents alone, and writes those of observers: what Region an
    item is about IAM cannot tell apart, so that each writes its own only is the function's part.
    Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """
    return (
        Statement(
            actions=["dynamodb:Query"], resources=[table_arn], condition=_items(OBSERVERS, INTENTS)
        ),
        Statement(actions=["dynamodb:PutItem"], resources=[table_arn], condition=_items(OBSERVERS)),
        use_key(key_arn, "Decrypt", service=f"dynamodb.{region}.amazonaws.com"),
        Statement(
            actions=["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
            resources=[f"{flags.bucket_arn}/{_FLAGS}"],
        ),
        # Without it a flag that is not there would look like one that may not be read.
        Statement(actions=["s3:ListBucket"], resources=[flags.bucket_arn]),
        flags.use_key("Decrypt", "GenerateDataKey"),
        Statement(actions=["s3:PutObject"], resources=[f"{predictions.bucket_arn}/{_MARKERS}"]),
        Statement(
            actions=["s3:ListBucket"],
            resources=[predictions.bucket_arn],
            condition={"StringLike": {"s3:prefix": _MARKERS}},
        ),
        predictions.use_key("GenerateDataKey"),
        Statement(actions=["sns:Publish"], resources=[topic_arn]),
        use_key(key_arn, "Decrypt", "GenerateDataKey", service=f"sns.{region}.amazonaws.com"),
        *(read_secret(secret_arn, key_arn, region) if secret_arn else ()),
    )


def _items(*partitions: str) -> dict[str, dict[str, list[str]]]:
    return {"ForAllValues:StringEquals": {_LEADING: list(partitions)}}
