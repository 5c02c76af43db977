"""Where the journals of drills are kept: a bucket that gives nothing up before its time."""

from dataclasses import dataclass

import pulumi

from infra.bucket import Bucket, BucketArgs, ObjectLock
from infra.naming import RegionNames
from infra.settings import Settings


@dataclass(frozen=True, kw_only=True)
class JournalsArgs:
    """What the bucket needs to know.

    Attributes:
        names: Names in its Region.
        settings: The stack's settings.
        key_arn: The stack's key there.
    """

    names: RegionNames
    settings: Settings
    key_arn: pulumi.Input[str]


def journals(name: str, args: JournalsArgs, parent: pulumi.Resource) -> Bucket:
    """Make the bucket. Locked for good, it outlives the stack, as the key does that opens it.

    Turned round and back again, a stack finds the bucket that it left: import it then.
    """
    settings = args.settings.drills
    return Bucket(
        f"{name}-journals",
        BucketArgs(
            names=args.names,
            kind="journals",
            key_arn=args.key_arn,
            data=args.settings.data,
            deletion_protection=args.settings.deletion_protection or settings.locked_for_good,
            lock=ObjectLock(
                mode=settings.journal_lock.upper(),
                days=settings.journal_days,
                outlives=settings.locked_for_good,
            ),
        ),
        opts=pulumi.ResourceOptions(parent=parent),
    )
