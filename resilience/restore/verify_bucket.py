"""A restored bucket, held object by object against what AWS Backup and its source cannot know.

Corrupted data replicates, so the replica as it is now proves nothing of what was there then. Its
older versions do: an object is right if it equals a version that the replica had by the moment. A
release is right if it holds the digest in its own key, any object if it holds the digest that the
operator states.

| restored object | it is |
| --- | --- |
| holds the digest in its key, or the one that was stated | right |
| does not | a problem |
| equals a version that the witness had by then | right |
| differs from every one of them | a problem |
| the witness had none by then | alone: nothing here tells the right bytes |
| was not there at the moment (by versions) | a problem |
| is missing, and had settled in the witness by then | a problem |

The witness is the bucket of another Region where one can be read, best the one in the Region of
the restore, and the source itself at last. What was restored by versions is held against the
source as well: it has all of them, its replica those since replication began.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from resilience.aws import AwsError
from resilience.functions.restore_findings import Findings
from resilience.restore.verified import Verified, settled
from resilience.restore.versions import current_at, history

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from resilience.aws import Aws
    from resilience.restore.order import Order
    from resilience.restore.stock import Stock
    from resilience.restore.versions import History, Version

_RELEASE: Final = re.compile(r"releases/([0-9a-f]{64})\.zip")
# What is written while a backup is taken may be in it; a backup is done within its day.
_TAKES_AT_MOST: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Witness:
    """A bucket that tells what was there, and all its versions."""

    region: str
    bucket: str
    history: History


@dataclass(kw_only=True)
class _Look:
    """One look at a restored bucket, and what it has found so far."""

    aws: Aws
    order: Order
    place: str
    witnesses: tuple[Witness, ...]
    stated: Mapping[str, str]
    trusted: bool
    findings: Findings = field(default_factory=lambda: Findings(what="objects"))
    digests: dict[str, str] = field(default_factory=dict[str, str])
    held_as_stated: int = 0
    unproven: int = 0


def verify(
    aws: Aws,
    stock: Stock,
    order: Order,
    place: str,
    *,
    stated: Mapping[str, str],
    trusted: bool,
) -> Verified:
    """Read all of a place and judge it. Reads only.

    Args:
        aws: The account.
        stock: What the stack keeps: where witnesses are.
        order: What was restored.
        place: The bucket that it was restored into, in the order's Region.
        stated: SHA-256 in lower-case hex by key, from elsewhere.
        trusted: Whether what nothing speaks for or against counts as right.

    Raises:
        AwsError: the place cannot be read.
    """
    look = _Look(
        aws=aws,
        order=order,
        place=place,
        witnesses=tuple(_witnesses(aws, stock, order)),
        stated=stated,
        trusted=trusted,
    )
    sizes = {
        each["Key"]: int(each["Size"])
        for page in aws.pages("s3", "list_objects_v2", region=order.region, Bucket=place)
        for each in page.get("Contents", ())
    }
    for key in sizes:
        _judge(look, key)
    _find_missing(look, sizes)
    _judge_whole(look, sizes)
    return Verified(
        findings=look.findings,
        count=len(sizes),
        size_bytes=sum(sizes.values()),
        digests=look.digests,
        stated=look.held_as_stated,
        trusted=look.unproven,
    )


def digest_of(aws: Aws, region: str, bucket: str, key: str, version: str | None = None) -> str:
    """Read an object and give its SHA-256, lower-case hex. Reads only; raises `AwsError`."""
    digest = hashlib.sha256()
    named = {} if version is None else {"VersionId": version}
    for chunk in aws.chunks(region=region, Bucket=bucket, Key=key, **named):
        digest.update(chunk)
    return digest.hexdigest()


def _witnesses(aws: Aws, stock: Stock, order: Order) -> Iterator[Witness]:
    """Find buckets that can be read, another Region's first: one, or the source besides."""
    others = [each for each in stock.regions if each != order.source_region]
    others.sort(key=lambda each: each != order.region)
    found = False
    for region in (*others, order.source_region):
        if found and (order.point or region != order.source_region):
            continue
        bucket = stock.name(order.what, region)
        try:
            witness = Witness(region=region, bucket=bucket, history=history(aws, region, bucket))
        except AwsError:
            continue
        found = True
        yield witness


def _judge(look: _Look, key: str) -> None:
    digest = digest_of(look.aws, look.order.region, look.place, key)
    release = _RELEASE.fullmatch(key)
    expected = look.stated.get(key) or (release[1] if release else None)
    if expected is not None:
        if digest != expected:
            look.findings.problems.append(f"{key} has the digest {digest}, not {expected}")
            return
        look.held_as_stated += key in look.stated
        look.findings.by_digest += key not in look.stated
    elif not _known(look, key, digest):
        return
    look.digests[key] = digest


def _known(look: _Look, key: str, digest: str) -> bool:
    """Hold an object against the versions that there were; whether it counts as right."""
    had = list(_had(look, key))
    for witness, version in had:
        if digest_of(look.aws, witness.region, witness.bucket, key, version.id) == digest:
            look.findings.by_replica += 1
            return True
    if had:
        look.findings.problems.append(
            f"{key} differs from every version that {had[0][0].bucket} had by then"
        )
        return False
    if look.order.point or not look.witnesses:
        look.findings.alone += 1
        look.unproven += look.trusted
        return look.trusted
    look.findings.problems.append(f"{key} was not there at {look.order.moment.isoformat()}")
    return False


def _had(look: _Look, key: str) -> Iterator[tuple[Witness, Version]]:
    """Give the versions of an object that it may be: of a moment, the one that was current."""
    until = look.order.moment + _TAKES_AT_MOST
    for witness in look.witnesses:
        versions = witness.history.get(key, ())
        if look.order.point:
            fitting = (each for each in versions if not each.marker and each.written <= until)
            yield from ((witness, each) for each in fitting)
        elif (current := current_at(versions, look.order.moment)) is not None:
            yield witness, current
            return


def _find_missing(look: _Look, sizes: Mapping[str, int]) -> None:
    missing: dict[str, Version] = {}
    for witness in look.witnesses:
        for key, versions in witness.history.items():
            before = current_at(versions, settled(look.order))
            if key not in sizes and before and current_at(versions, look.order.moment):
                missing.setdefault(key, before)
    look.findings.problems += [
        f"{key} is missing, and had been there since {version.written.isoformat()}"
        for key, version in missing.items()
    ]


def _judge_whole(look: _Look, sizes: Mapping[str, int]) -> None:
    findings, order = look.findings, look.order
    if not sizes and order.size_bytes:
        findings.problems.append(f"it is empty, and its backup has {order.size_bytes} bytes")
    if sizes and not (look.digests or findings.problems):
        findings.problems.append(f"none of {len(sizes)} objects could be held against anything")
