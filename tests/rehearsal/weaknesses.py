"""Weaknesses planted in a deployed stack by API, one for each experiment, and taken out again."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import backups
from commands import SPEED

from resilience.aws import AwsMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from drilled import Drilled

Undo: TypeAlias = "Callable[[], Any]"
GLOBAL = "us-east-1"
OBSERVER_RUN_S = 65.0
"""An observer looks for a minute once it was started, and for one look more."""


@dataclass(frozen=True)
class Weakness:
    """One weakness, and what the experiment must say it missed, tried with these options."""

    experiment: str
    reason: str
    plant: Callable[[Drilled], Undo]
    options: tuple[str, ...] = ()

    @contextmanager
    def planted(self, drilled: Drilled) -> Generator[None]:
        """Plant it while within."""
        undo = self.plant(drilled)
        try:
            yield
        finally:
            undo()


def check(drilled: Drilled, check_id: str, **changed: Any) -> None:
    drilled.aws.call(
        "route53", "update_health_check", region=GLOBAL, HealthCheckId=check_id, **changed
    )


def slow_checks(drilled: Drilled) -> Undo:
    """The primary's deep check needs ten failures in a row: a hundred seconds."""
    found = drilled.topology.primary.deep_check
    check(drilled, found.id, FailureThreshold=10)
    return lambda: check(drilled, found.id, FailureThreshold=found.failure_threshold)


def evacuation_check_off(drilled: Drilled) -> Undo:
    """The check that watches the evacuation flag is disabled: nobody sees the flag."""
    found = drilled.topology.primary.watches[0].check
    check(drilled, found.id, Disabled=True, Inverted=False)
    return lambda: check(drilled, found.id, Disabled=False, Inverted=True)


def shallow_check(drilled: Drilled) -> Undo:
    """The deep check asks whether the process lives, not whether its model is right."""
    found = drilled.topology.primary.deep_check
    check(drilled, found.id, ResourcePath="/health/live", SearchString="live")
    return lambda: check(drilled, found.id, ResourcePath=found.path, SearchString=found.search)


def concurrency(drilled: Drilled, region: str, function: str, reserved: int) -> Undo:
    call = drilled.aws.call
    before = call("lambda", "get_function_concurrency", region=region, FunctionName=function).get(
        "ReservedConcurrentExecutions"
    )

    def put(number: int) -> None:
        call(
            "lambda",
            "put_function_concurrency",
            region=region,
            FunctionName=function,
            ReservedConcurrentExecutions=number,
        )

    put(reserved)
    if before is None:
        return lambda: call(
            "lambda", "delete_function_concurrency", region=region, FunctionName=function
        )
    return lambda: put(int(before))


def pinned_addresses(drilled: Drilled) -> Undo:
    """The primary's name has its load balancer's addresses written in: no zone ever leaves it."""
    found, name = drilled.topology, drilled.topology.primary.regional_name
    shown = drilled.aws.call(
        "route53",
        "list_resource_record_sets",
        region=GLOBAL,
        HostedZoneId=found.zone_id,
        StartRecordName=name,
        StartRecordType="A",
        MaxItems="1",
    )["ResourceRecordSets"][0]
    assert shown["Name"].rstrip(".") == name.rstrip("."), shown
    addresses = [{"Value": each} for each in drilled.addresses(name)]
    pinned = {"Name": shown["Name"], "Type": "A", "TTL": 10, "ResourceRecords": addresses}

    def put(records: Mapping[str, Any]) -> None:
        batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": records}]}
        drilled.aws.call(
            "route53",
            "change_resource_record_sets",
            region=GLOBAL,
            HostedZoneId=found.zone_id,
            ChangeBatch=batch,
        )

    put(pinned)
    return lambda: put(shown)


def restoring_denied(drilled: Drilled) -> Undo:
    """The role that AWS Backup restores under may make no table."""
    found = drilled.topology
    role = f"{found.project}-{found.stack}-{found.standby.region}-restore"
    named: dict[str, Any] = {"region": GLOBAL, "RoleName": role, "PolicyName": "weakness"}
    deny = {"Effect": "Deny", "Action": "dynamodb:RestoreTableFromAwsBackup", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    drilled.aws.call("iam", "put_role_policy", **named, PolicyDocument=document)
    return lambda: drilled.aws.call("iam", "delete_role_policy", **named)


def corrupted_item(drilled: Drilled) -> Undo:
    """An item is another than in the backup, and does not say that it was written since."""
    backups.keep(drilled, "corrupted")
    return lambda: backups.keep(drilled, "as written")


def dead_observer(drilled: Drilled) -> Undo:
    """Whoever is to carry the operator's word out does not run, and has ended its last run."""
    standby = drilled.topology.standby
    assert standby.observer is not None
    undo = concurrency(drilled, standby.region, standby.observer.function, 0)
    time.sleep(OBSERVER_RUN_S / SPEED)
    return undo


def throttled_standby(drilled: Drilled) -> Undo:
    """The standby may run one request at a time."""
    standby = drilled.topology.standby
    return concurrency(drilled, standby.region, standby.function.name, 1)


def denied(drilled: Drilled, region: str, bucket: str, action: str, resource: str) -> Undo:
    call = drilled.aws.call
    try:
        before = call("s3", "get_bucket_policy", region=region, Bucket=bucket)["Policy"]
    except AwsMissingError:
        before = None
    content = {"Version": "2012-10-17", "Statement": []} if before is None else json.loads(before)
    deny = {
        "Sid": "Weakness",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": f"arn:aws:s3:::{bucket}/{resource}",
    }
    content["Statement"].append(deny)
    call("s3", "put_bucket_policy", region=region, Bucket=bucket, Policy=json.dumps(content))
    if before is None:
        return lambda: call("s3", "delete_bucket_policy", region=region, Bucket=bucket)
    return lambda: call("s3", "put_bucket_policy", region=region, Bucket=bucket, Policy=before)


def copies_denied(drilled: Drilled) -> Undo:
    """The standby's bucket takes no copies."""
    standby = drilled.topology.standby
    bucket = standby.prediction_bucket.name
    return denied(drilled, standby.region, bucket, "s3:ReplicateObject", "*")


def records_denied(drilled: Drilled) -> Undo:
    """Records cannot be delivered after the drill either."""
    primary = drilled.topology.primary
    bucket = primary.prediction_bucket.name
    return denied(drilled, primary.region, bucket, "s3:PutObject", "predictions/*")


def mute_alarm(drilled: Drilled) -> Undo:
    """The alarm that says that nobody watches was made deaf: missing data is well."""
    call, region = drilled.aws.call, drilled.topology.standby.region
    name = "understudy-staging-observer-silent"
    found = call("cloudwatch", "describe_alarms", region=region, AlarmNames=[name])
    alarm: dict[str, Any] = found["MetricAlarms"][0]
    kept = {
        key: alarm[key]
        for key in (
            *("AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions"),
            *("Namespace", "MetricName", "Statistic", "Dimensions", "Period", "Metrics"),
            *("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator"),
        )
        if alarm.get(key) not in (None, [])
    }
    missing = alarm["TreatMissingData"]
    call("cloudwatch", "put_metric_alarm", region=region, **kept, TreatMissingData="notBreaching")
    return lambda: call(
        "cloudwatch", "put_metric_alarm", region=region, **kept, TreatMissingData=missing
    )


WEAKNESSES = (
    Weakness("region-loss", "rto_s", slow_checks),
    Weakness("evacuation-and-return", "an observer carries the word out", dead_observer),
    Weakness("dns-switchover", "clients are led away", evacuation_check_off),
    Weakness("az-loss", "the zone gets no new clients", pinned_addresses),
    Weakness("replication-stalled", "replication works again", copies_denied),
    Weakness("bad-model", "another Region serves", shallow_check),
    Weakness("backup-restore", "the backup becomes a table that can be read", restoring_denied),
    Weakness("backup-restore", "every item is what it was", corrupted_item),
    Weakness("dependency-denied", "records come late and none is lost", records_denied),
    Weakness("observer-dead", "the alarm says that nobody watches", mute_alarm),
    # The last: the alarms that it raises in the Region that takes over would stop the next drill.
    # The emulated model answers in 10 ms: twenty a second fit one after the other.
    Weakness(
        "standby-throttled-under-load",
        "the standby takes the load cold",
        throttled_standby,
        options=("--option", "rate=100"),
    ),
)
