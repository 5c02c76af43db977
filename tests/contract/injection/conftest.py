"""Fault injection behind a front door, with buckets, a global table and a subnet to break."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.administrator import ACCESS_KEY, SECRET_KEY
from emulator.api import FrontDoor, prepare_moto
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.injection import SIGNED_AS, FaultInjection
from emulator.storage import Storage
from emulator.tables import groups
from emulator.watch.watch import Watch
from tests.contract.backup.region_pair import HandClock
from tests.contract.engine.play import trust

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.door.server import ApiServer

EAST, WEST = "us-east-1", "us-west-2"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/injects"
BUCKET = "arn:aws:s3:::journal-east"
TABLE = f"arn:aws:dynamodb:{EAST}:{ACCOUNT}:table/requests"
PERMISSIONS = (
    "s3:ListAllMyBuckets",
    "s3:GetReplicationConfiguration",
    "s3:PutReplicationConfiguration",
    "s3:PauseReplication",
    "dynamodb:DescribeTable",
    "dynamodb:GetResourcePolicy",
    "dynamodb:PutResourcePolicy",
    "dynamodb:DeleteResourcePolicy",
    "ec2:CreateNetworkAcl",
    "ec2:CreateNetworkAclEntry",
    "ec2:CreateTags",
    "ec2:DeleteNetworkAcl",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:ReplaceNetworkAclAssociation",
    "tag:GetResources",
)
MINUTES = {"duration": "PT5M"}


@dataclass
class Site:
    """The first of two Regions, and a clock that is moved by hand."""

    endpoint: str
    clock: HandClock
    faults: FaultBoard
    events: EventLog
    watch: Watch
    storage: Storage
    injection: FaultInjection
    clients: dict[tuple[str, str], Any]

    def client(self, service: str, region: str = EAST) -> Any:
        if (service, region) not in self.clients:
            self.clients[service, region] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                config=Config(retries={"total_max_attempts": 1}, read_timeout=5, connect_timeout=2),
                aws_access_key_id=ACCESS_KEY,
                aws_secret_access_key=SECRET_KEY,
            )
        return self.clients[service, region]

    @property
    def fis(self) -> Any:
        return self.client("fis")

    def pass_s(self, seconds: float) -> None:
        self.clock.at_s += seconds
        self.injection.tick()

    def allow(self, *actions: str) -> None:
        """Let the experiments' role do this on everything, and nothing else."""
        self.permit({"Effect": "Allow", "Action": list(actions), "Resource": "*"})

    def permit(self, *statements: dict[str, Any]) -> None:
        """Give the experiments' role these permissions, and no others."""
        self.client("iam").put_role_policy(
            RoleName="injects",
            PolicyName="may",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}),
        )

    def alarm(self, state: str) -> str:
        """Set the state of the alarm that stops experiments; its ARN."""
        watch = self.client("cloudwatch")
        watch.put_metric_alarm(
            AlarmName="objectives:missed",
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
            Threshold=0,
            MetricName="Missed",
            Namespace="Test",
            Period=60,
            Statistic="Sum",
        )
        watch.set_alarm_state(AlarmName="objectives:missed", StateValue=state, StateReason="test")
        return f"arn:aws:cloudwatch:{EAST}:{ACCOUNT}:alarm:objectives:missed"

    def template(self, **more: Any) -> str:
        made = self.fis.create_experiment_template(**(waiting() | more))
        return str(made["experimentTemplate"]["id"])

    def start(self, template: str, *, looks: int = 3, **more: Any) -> str:
        """Start an experiment, and look often enough that it runs."""
        told = self.fis.start_experiment(experimentTemplateId=template, **more)
        for _ in range(looks):
            self.pass_s(1)
        return str(told["experiment"]["id"])

    def run(self, **more: Any) -> str:
        """Make a template and start it."""
        return self.start(self.template(**more))

    def shown(self, experiment: str) -> Any:
        return self.fis.get_experiment(id=experiment)["experiment"]

    def status(self, experiment: str) -> str:
        return str(self.shown(experiment)["state"]["status"])

    def broken(self) -> list[tuple[str, str]]:
        return [(each.kind, each.target) for each in self.faults.active()]

    def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """Make a call that must be refused: the error's code and message."""
        with pytest.raises(ClientError) as caught:
            getattr(self.fis, operation)(**params)
        error = cast("dict[str, Any]", caught.value.response["Error"])
        return str(error["Code"]), str(error["Message"])


def waiting() -> dict[str, Any]:
    """A template that breaks nothing."""
    return {
        "description": "a drill",
        "roleArn": ROLE,
        "stopConditions": [{"source": "none"}],
        "actions": {"wait": {"actionId": "aws:fis:wait", "parameters": MINUTES}},
    }


def acting(
    action: str, key: str, kind: str, arn: str | None = None, **parameters: str
) -> dict[str, Any]:
    """The parts of a template that break something: one named, or all that are tagged so."""
    where: dict[str, Any] = (
        {"resourceArns": [arn]} if arn else {"resourceTags": {"drill": "allowed"}}
    )
    return {
        "targets": {"it": {"resourceType": kind, "selectionMode": "ALL", **where}},
        "actions": {
            "break": {
                "actionId": action,
                "parameters": MINUTES | parameters,
                "targets": {key: "it"},
            }
        },
    }


@pytest.fixture
def site(server: ApiServer, clients: dict[tuple[str, str], Any]) -> Iterator[Site]:
    prepare_moto()
    clock, faults = HandClock(), FaultBoard()
    events = EventLog(clock)
    watch = Watch(clock, faults, events)
    storage = Storage(clock, faults, events, metrics=watch.metrics, seed=1)
    injection = FaultInjection(clock, faults, events, storage.objects, watch, seed=1)
    own = {SIGNED_AS: injection.answer}
    door = FrontDoor(faults, storage.objects, storage.replicator, storage.tables, own=own)
    server.answer = door.answer
    host, port = server.socket.getsockname()
    endpoint = f"http://{host}:{port}"
    made = Site(endpoint, clock, faults, events, watch, storage, injection, clients)
    _furnish(made)
    yield made
    storage.close()


def _furnish(site: Site) -> None:
    site.client("iam").create_role(
        RoleName="injects", AssumeRolePolicyDocument=trust("fis.amazonaws.com")
    )
    site.allow(*PERMISSIONS)
    s3 = {EAST: site.client("s3"), WEST: site.client("s3", WEST)}
    s3[EAST].create_bucket(Bucket="journal-east")
    s3[WEST].create_bucket(
        Bucket="journal-west", CreateBucketConfiguration={"LocationConstraint": WEST}
    )
    for region, name in ((EAST, "journal-east"), (WEST, "journal-west")):
        s3[region].put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3[EAST].put_bucket_replication(
        Bucket="journal-east",
        ReplicationConfiguration={"Role": ROLE, "Rules": [_rule("a/"), _rule("b/")]},
    )
    s3[EAST].put_bucket_tagging(
        Bucket="journal-east",
        Tagging={"TagSet": [{"Key": "drill", "Value": "allowed"}]},
    )
    for region in (EAST, WEST):
        site.client("dynamodb", region).create_table(
            TableName="requests",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    group = groups.Group(name="requests", mode="EVENTUAL")
    for region in (EAST, WEST):
        groups.join(groups.table_of(region, "requests"), group)


def _rule(prefix: str) -> dict[str, Any]:
    return {
        "ID": prefix.rstrip("/"),
        "Status": "Enabled",
        "Priority": ord(prefix[0]),
        "Filter": {"Prefix": prefix},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": "arn:aws:s3:::journal-west"},
    }
