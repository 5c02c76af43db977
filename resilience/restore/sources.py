"""What there is to restore from: recovery points, object versions, a table's recovery window."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from resilience.aws import AwsError, AwsMissingError
from resilience.restore.errors import RestoreRefusedError
from resilience.restore.kinds import Origin, Purpose, What
from resilience.restore.order import Order
from resilience.restore.versions import held_at, history

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from resilience.aws import Aws
    from resilience.restore.stock import Stock

_USABLE: Final = "COMPLETED"


@dataclass(frozen=True, kw_only=True)
class RecoveryPoint:
    """A backup in a vault: where it is, of whose bucket or table, since when, until when."""

    arn: str
    region: str
    source: str
    source_region: str
    taken: datetime
    size_bytes: int
    ends: datetime | None

    @property
    def copied(self) -> bool:
        """Whether it has left the Region that it is of."""
        return self.region != self.source_region


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far back a bucket's versions or a table's recovery window go in one Region.

    `objects` is how many objects there are now; 0 for a table.
    """

    region: str
    source: str
    earliest: datetime
    latest: datetime
    objects: int = 0


@dataclass(frozen=True, kw_only=True)
class Sources:
    """All there is; `unseen` says why a Region is not in it."""

    what: What
    points: tuple[RecoveryPoint, ...]
    reaches: tuple[Reach, ...]
    unseen: tuple[str, ...] = field(default=())


def look(aws: Aws, stock: Stock, what: What, *, now: datetime) -> Sources:
    """List what there is to restore from, in every Region that can be reached. Reads only."""
    points: list[RecoveryPoint] = []
    reaches: list[Reach] = []
    unseen: list[str] = []
    for region in stock.regions:
        try:
            points += _points(aws, stock, what, region)
        except AwsError as error:
            unseen.append(f"{region}: {error}")
        try:
            reaches += _reach(aws, stock, what, region, now)
        except AwsError as error:
            unseen.append(f"{region}: {error}")
    points.sort(key=lambda each: (each.taken, each.copied, each.region), reverse=True)
    return Sources(what=what, points=tuple(points), reaches=tuple(reaches), unseen=tuple(unseen))


def _points(aws: Aws, stock: Stock, what: What, region: str) -> Iterator[RecoveryPoint]:
    owners = {stock.arn(what, each): each for each in stock.regions}
    pages = aws.pages(
        "backup",
        "list_recovery_points_by_backup_vault",
        region=region,
        BackupVaultName=stock.vault,
    )
    for page in pages:
        for each in page["RecoveryPoints"]:
            owner = owners.get(each["ResourceArn"])
            if owner is None or each["Status"] != _USABLE:
                continue
            yield RecoveryPoint(
                arn=each["RecoveryPointArn"],
                region=region,
                source=stock.name(what, owner),
                source_region=owner,
                taken=each["CreationDate"],
                size_bytes=each.get("BackupSizeInBytes", 0),
                ends=each.get("CalculatedLifecycle", {}).get("DeleteAt"),
            )


def _reach(aws: Aws, stock: Stock, what: What, region: str, now: datetime) -> Iterator[Reach]:
    name = stock.name(what, region)
    if what is What.TABLE:
        shown = aws.call("dynamodb", "describe_continuous_backups", region=region, TableName=name)
        window = shown["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        if window.get("PointInTimeRecoveryStatus") == "ENABLED":
            yield Reach(
                region=region,
                source=name,
                earliest=window["EarliestRestorableDateTime"],
                latest=window["LatestRestorableDateTime"],
            )
        return
    try:
        found = history(aws, region, name)
    except AwsMissingError:
        return
    if found:
        written = [each.written for versions in found.values() for each in versions]
        kept_days = _kept_days(aws, region, name)
        kept_since = min(written) if kept_days is None else now - timedelta(days=kept_days)
        yield Reach(
            region=region,
            source=name,
            earliest=max(min(written), kept_since),
            latest=max(now, *written),
            objects=len(held_at(found, max(written))),
        )


def _kept_days(aws: Aws, region: str, bucket: str) -> int | None:
    """Say how long a bucket keeps what was overwritten; None: for ever.

    Before that, what is not there any more looks like what never was.
    """
    try:
        shown = aws.call("s3", "get_bucket_lifecycle_configuration", region=region, Bucket=bucket)
    except AwsMissingError:
        return None
    days = [
        int(rule["NoncurrentVersionExpiration"]["NoncurrentDays"])
        for rule in shown["Rules"]
        if rule["Status"] == "Enabled" and "NoncurrentVersionExpiration" in rule
    ]
    return min(days, default=None)


def from_backup(
    sources: Sources,
    *,
    at: datetime | None = None,
    region: str | None = None,
    purpose: Purpose = Purpose.RESTORE,
) -> Order:
    """Order the newest recovery point, not later than `at`, in `region` if one is named.

    A rehearsal takes one that has left its Region: what a lost Region leaves behind.

    Raises:
        RestoreRefusedError: there is none.
    """
    fitting = [
        each
        for each in sources.points
        if (at is None or each.taken <= at)
        and region in (None, each.region)
        and (purpose is Purpose.RESTORE or each.copied)
    ]
    if not fitting:
        raise RestoreRefusedError(_no_point(sources, at, region, purpose))
    point = fitting[0]
    return Order(
        what=sources.what,
        origin=Origin.BACKUP,
        purpose=purpose,
        region=point.region,
        source=point.source,
        source_region=point.source_region,
        moment=point.taken,
        point=point.arn,
        size_bytes=point.size_bytes,
    )


def to_point_in_time(sources: Sources, *, at: datetime, region: str | None = None) -> Order:
    """Order what was there at a moment, from a Region's own versions or recovery window.

    Raises:
        RestoreRefusedError: nothing reaches that far back, or the moment is yet to come.
    """
    fitting: Sequence[Reach] = [
        each
        for each in sources.reaches
        if region in (None, each.region) and each.earliest <= at <= each.latest
    ]
    if not fitting:
        known = "; ".join(
            f"{each.region} from {each.earliest.isoformat()} to {each.latest.isoformat()}"
            for each in sources.reaches
        )
        raise RestoreRefusedError(
            f"nothing holds {sources.what} as of {at.isoformat()}"
            f"{f' in {region}' if region else ''}: expected a moment within {known or 'nothing'}"
            f"{_not_seen(sources)}; or restore --from backup"
        )
    reach = fitting[0]
    return Order(
        what=sources.what,
        origin=Origin.POINT_IN_TIME,
        region=reach.region,
        source=reach.source,
        source_region=reach.region,
        moment=at,
    )


def _no_point(sources: Sources, at: datetime | None, region: str | None, purpose: Purpose) -> str:
    kind = "copy" if purpose is Purpose.REHEARSAL else "backup"
    until = f" taken by {at.isoformat()}" if at else ""
    oldest = min((each.taken for each in sources.points), default=None)
    known = f"{len(sources.points)} recovery points" + (
        f", the oldest of {oldest.isoformat()}" if oldest else ""
    )
    return (
        f"there is no {kind} of {sources.what}{until} in {region or 'any Region'}, only {known}"
        f"{_not_seen(sources)}; look with: ./run restore --what {sources.what} --list"
    )


def _not_seen(sources: Sources) -> str:
    return f" (not seen: {'; '.join(sources.unseen)})" if sources.unseen else ""


def age(taken: datetime, now: datetime) -> timedelta:
    """Say how old something is; clocks that disagree make nothing younger than new."""
    return max(now - taken, timedelta(0))
