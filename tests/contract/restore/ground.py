"""A small stack: two buckets and a table in two Regions, backed up, on a clock moved by hand.

Everything that a restore asks of AWS goes over HTTP to the front door; only what would take days
is put in place past it: when an object was written, and that it was replicated.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from moto.s3.models import s3_backends

from emulator.administrator import ACCESS_KEY, SECRET_KEY
from resilience.aws import Aws
from resilience.restore import sources
from resilience.restore.engine import Asked, Engine
from resilience.restore.kinds import What
from resilience.restore.stock import Stock
from resilience.restore.waiting import Wait
from tests.contract.backup.region_pair import (
    ACCOUNT,
    BACKUP_ACTIONS,
    COPY_ACTIONS,
    DAY_S,
    EAST,
    KEY_ACTIONS,
    RESTORE_ACTIONS,
    WEST,
    Cloud,
    role_arn,
    vault_arn,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.storage import Storage
    from resilience.restore.order import Order
    from resilience.restore.record import Restore

PREFIX = "understudy-test"
VAULT = f"{PREFIX}-backup"
PREDICTIONS = {EAST: "predictions-here", WEST: "predictions-there"}
RELEASES = {EAST: "releases-here", WEST: "releases-there"}
ZIP = b"a release, as it was built"
RELEASE = f"releases/{hashlib.sha256(ZIP).hexdigest()}.zip"
STOCK = Stock(
    project="understudy",
    stack="test",
    account_id=ACCOUNT,
    regions=(EAST, WEST),
    buckets={What.PREDICTIONS: PREDICTIONS, What.RELEASES: RELEASES},
    table=PREFIX,
)
CHANGES = ("copy", "create", "delete", "put", "restore", "start", "tag")


class Killed(BaseException):
    """Nothing after this is run, as after `kill -9`: all that is known is in AWS."""


@dataclass
class Deadly:
    """AWS, whose caller is killed once its n-th call that changes something has been made."""

    aws: Aws
    dies_after: int
    made: int = 0

    def call(self, service: str, operation: str, **rest: Any) -> Any:
        self._live()
        answer = self.aws.call(service, operation, **rest)
        self.made += operation.startswith(CHANGES)
        self._live()
        return answer

    def __getattr__(self, name: str) -> Any:
        self._live()
        return getattr(self.aws, name)

    def _live(self) -> None:
        """Nothing comes after death: no tidying up either."""
        if self.made >= self.dies_after:
            raise Killed(f"after {self.made} changes")


@dataclass
class Ground:
    """The stack, and who restores on it."""

    cloud: Cloud
    storage: Storage
    aws: Aws

    # --- what the stack keeps ------------------------------------------------------------------

    def furnish(self) -> None:
        self.cloud.role(
            "takes", [*BACKUP_ACTIONS, *COPY_ACTIONS, *KEY_ACTIONS], service="backup.amazonaws.com"
        )
        for region in (EAST, WEST):
            self.cloud.role(f"{PREFIX}-{region}-restore", [*RESTORE_ACTIONS, *KEY_ACTIONS])
            self.cloud.backup(region).create_backup_vault(BackupVaultName=VAULT)
            for buckets in (PREDICTIONS, RELEASES):
                self._s3.create_bucket(buckets[region], region)
                self._s3.put_bucket_versioning(buckets[region], "Enabled")
        for key, body in (("p/1", b"one\n"), ("p/2", b"two, and a little more\n")):
            self.write(PREDICTIONS, key, body)
        self.write(RELEASES, RELEASE, ZIP)

    def write(self, buckets: dict[str, str], key: str, body: bytes, *, days_ago: float = 7) -> None:
        """Write an object so many days ago; by now both Regions have it, version and all."""
        stored: Any = self._s3.put_object(buckets[EAST], key, body)
        stored.last_modified = self.then(days_ago).replace(tzinfo=None)
        self._replicate(buckets, key)

    def delete(self, buckets: dict[str, str], key: str, *, days_ago: float) -> None:
        """Delete an object so many days ago; both Regions have the marker."""
        self._s3.delete_object(buckets[EAST], key)
        marker: Any = self.storage.objects.versions(buckets[EAST], key)[-1].stored
        marker.last_modified = self.then(days_ago).replace(tzinfo=None)
        self._replicate(buckets, key)

    def _replicate(self, buckets: dict[str, str], key: str) -> None:
        version = self.storage.objects.versions(buckets[EAST], key)[-1]
        self.storage.objects.copy(version, buckets[WEST], storage_class=None, kms_key=None)

    def make_table(self) -> None:
        self.client("dynamodb").create_table(
            TableName=PREFIX,
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        self.client("dynamodb").update_table(
            TableName=PREFIX, ReplicaUpdates=[{"Create": {"RegionName": WEST}}]
        )
        for region in (EAST, WEST):
            self.client("dynamodb", region).update_continuous_backups(
                TableName=PREFIX,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )
        self.put("outcome", "1", "benign")
        self.put("outcome", "2", "malignant")
        self.put("observer", EAST, "epoch 7")
        self.days(3)

    def put(self, pk: str, sk: str, value: str, *, dated: bool = True) -> None:
        """Write an item in the East; the West has it soon after."""
        item = {"pk": {"S": pk}, "sk": {"S": sk}, "value": {"S": value}}
        item |= {"written_at": {"S": self.now().isoformat()}} if dated else {}
        self.client("dynamodb").put_item(TableName=PREFIX, Item=item)
        self.seconds(30)

    def items(self, table: str = PREFIX, region: str = WEST) -> dict[str, str]:
        """What a table says, by key."""
        found = self.client("dynamodb", region).scan(TableName=table)["Items"]
        return {f"{each['pk']['S']}/{each['sk']['S']}": each["value"]["S"] for each in found}

    def body(self, bucket: str, key: str, region: str = WEST) -> bytes:
        found = self.client("s3", region).get_object(Bucket=bucket, Key=key)
        return bytes(found["Body"].read())

    def back_up(self, arn: str) -> str:
        """Back something of the East up, and copy it to the West; the copy's ARN."""
        backup = self.cloud.backup(EAST)
        job = backup.start_backup_job(
            BackupVaultName=VAULT, ResourceArn=arn, IamRoleArn=role_arn("takes")
        )["BackupJobId"]
        self.cloud.run()
        point = backup.describe_backup_job(BackupJobId=job)["RecoveryPointArn"]
        copy = backup.start_copy_job(
            RecoveryPointArn=point,
            SourceBackupVaultName=VAULT,
            DestinationBackupVaultArn=vault_arn(WEST, VAULT),
            IamRoleArn=role_arn("takes"),
        )["CopyJobId"]
        self.cloud.run()
        shown = backup.describe_copy_job(CopyJobId=copy)["CopyJob"]
        assert shown["State"] == "COMPLETED", shown
        return str(shown["DestinationRecoveryPointArn"])

    # --- time ----------------------------------------------------------------------------------

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.cloud.clock.at_s, UTC)

    def then(self, days_ago: float) -> datetime:
        return datetime.fromtimestamp(self.cloud.clock.at_s - days_ago * DAY_S, UTC)

    def seconds(self, seconds: float) -> None:
        self.cloud.pass_s(seconds)
        self.storage.tables._carry_out()

    def days(self, days: float) -> None:
        self.seconds(days * DAY_S)

    # --- who restores --------------------------------------------------------------------------

    def engine(self, *, dies_after: int = 0) -> Engine:
        """An engine of a process of its own: it remembers nothing of the one before."""
        aws = cast("Aws", Deadly(self.aws, dies_after)) if dies_after else self.aws
        return Engine(
            aws=aws,
            stock=STOCK,
            wait=Wait(at_most_s=600, sleep=lambda _s: self.seconds(10)),
            now=self.now,
            monotonic_s=lambda: self.cloud.clock.at_s,
        )

    def newest(self, what: What, **more: Any) -> Order:
        """An order of the newest recovery point."""
        return sources.from_backup(sources.look(self.aws, STOCK, what, now=self.now()), **more)

    def moment(self, what: What, *, at: datetime, **more: Any) -> Order:
        """An order of a point in time."""
        known = sources.look(self.aws, STOCK, what, now=self.now())
        return sources.to_point_in_time(known, at=at, **more)

    def restore(self, order: Order, **more: Any) -> Restore:
        return self.engine().restore(order, asked(**more))

    def killed_at_every_step(
        self, run: Callable[[Engine], Restore], then: Callable[[Restore], None]
    ) -> int:
        """Kill a run after each change that it makes, one after the other; how many there were.

        Each time another process is asked for the same, `then` looks at what came of it, and puts
        everything back to how it was.
        """
        for step in range(1, 60):
            try:
                run(self.engine(dies_after=step))
            except Killed:
                then(run(self.engine()))
            else:
                return step - 1
        raise AssertionError("a restore has an end")

    def client(self, service: str, region: str = EAST) -> Any:
        return self.cloud.client(service, region)

    @property
    def _s3(self) -> Any:
        return s3_backends[ACCOUNT]["aws"]


def asked(**more: Any) -> Asked:
    return Asked(**({"by": "me", "reason": "a test"} | more))


def made_aws(endpoint: str) -> Aws:
    return Aws(
        {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }
    )
