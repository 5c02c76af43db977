"""The emulated AWS as the engine's tests see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from emulator.clock import Clock
from emulator.dataplane.lambda_provisioning import ProvisionedStatus
from emulator.engine import Outcome, Request
from emulator.engine.aws import Aws, AwsError
from emulator.engine.runner import Runner
from emulator.engine.state import StackState
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.watch.watch import Watch
from tests.contract.engine.play import REGION, Script, launch, trust

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from emulator.engine.request import Kind
    from emulator.patches.hooks import CheckerReport, TargetStatus


@dataclass(frozen=True)
class Invoked:
    """A made-up answer of a function."""

    status: int = 200
    payload: bytes = b"{}"
    error: str | None = None
    log_tail: str = ""


class NoHooks:
    """A data plane that was told what to say, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer = Invoked()
        self.invoked: list[tuple[str, str | None, bytes, str]] = []
        self.events: list[bool] = []
        self.ready = ProvisionedStatus(available=1000)
        self.reports: Sequence[CheckerReport] = ()
        self.targets: Sequence[TargetStatus] = ()
        clock = Clock()
        self.watch = Watch(clock, FaultBoard(), EventLog(clock))

    def invoke(
        self,
        function: str,
        qualifier: str | None,
        payload: bytes,
        *,
        region: str,
        event: bool = False,
    ) -> Invoked:
        self.invoked.append((function, qualifier, payload, region))
        self.events.append(event)
        return self.answer

    def provisioned(self, function: str, qualifier: str, *, region: str) -> ProvisionedStatus:
        del function, qualifier, region
        return self.ready

    def health_status(self, check_id: str) -> Sequence[CheckerReport]:
        del check_id
        return self.reports

    def target_health(self, target_group_arn: str) -> Sequence[TargetStatus]:
        del target_group_arn
        return self.targets


class Cloud:
    """AWS, a project directory, and runs of scripts against both."""

    def __init__(self, aws: Aws, root: Path) -> None:
        self.aws = aws
        self.work_dir = root / "work"
        self.project_dir = root / "project"
        self.project_dir.mkdir()
        (self.project_dir / "Pulumi.yaml").write_text("name: made\nruntime: python\n")
        (self.project_dir / "Pulumi.up.yaml").write_text("config:\n  aws:region: us-east-1\n")
        self.events: list[dict[str, Any]] = []

    def run(self, script: Script, kind: Kind = "deploy") -> Outcome:
        """Run a script as a program; `events` holds the steps of this run."""
        self.events = []
        runner = Runner(self.aws, self.work_dir, self.events.append, launch=launch(script))
        return runner.run(Request(kind=kind, project_dir=self.project_dir, stack="up"))

    def deploy(self, script: Script) -> Outcome:
        """Deploy a script that must not be refused."""
        outcome = self.run(script)
        assert outcome.result == "done", [each.message for each in outcome.problems]
        return outcome

    def refusal(self, script: Script) -> str:
        """What a script is refused with."""
        outcome = self.run(script)
        assert outcome.result == "refused", "a broken rule must refuse the deployment"
        return " | ".join(each.message for each in outcome.problems)

    def steps(self, *, same: bool = False) -> list[tuple[str, str]]:
        """Steps of the last run, as (op, logical name)."""
        return [
            (each["op"], each["urn"].rpartition("::")[2])
            for each in self.events
            if each["event"] == "resource" and (same or each["op"] != "same")
        ]

    def state(self) -> StackState:
        return StackState.load(self.work_dir / "stacks" / "made.up.json")

    def call(self, service: str, operation: str, *, region: str = REGION, **params: Any) -> Any:
        return self.aws.call(service, region, operation, params)

    def refused(self, service: str, operation: str, *, region: str = REGION, **params: Any) -> str:
        """Code and message that AWS refuses this call with."""
        with pytest.raises(AwsError) as caught:
            self.call(service, operation, region=region, **params)
        return f"{caught.value.code}: {caught.value.message}"

    # --- what many tests need first ------------------------------------------------------------

    def bucket(self, name: str, *, region: str = REGION, versioned: bool = True) -> str:
        where = {} if region == REGION else {"LocationConstraint": region}
        configuration = {"CreateBucketConfiguration": where} if where else {}
        self.call("s3", "CreateBucket", region=region, Bucket=name, **configuration)
        if versioned:
            self.call(
                "s3",
                "PutBucketVersioning",
                region=region,
                Bucket=name,
                VersioningConfiguration={"Status": "Enabled"},
            )
        return name

    def role(self, name: str, service: str) -> str:
        document = trust(service)
        made = self.call("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=document)
        return str(made["Role"]["Arn"])

    def function(self, name: str, *, region: str = REGION, publish: bool = True) -> str:
        role = self.role(f"{name}-{region}", "lambda.amazonaws.com")
        made = self.call(
            "lambda",
            "CreateFunction",
            region=region,
            FunctionName=name,
            Runtime="python3.12",
            Role=role,
            Handler="handler.handle",
            Code={"ZipFile": zip_of(**{"handler.py": "def handle(e, c): return {}"})},
            Publish=publish,
        )
        return ":".join(str(made["FunctionArn"]).split(":")[:7])

    def zone(self, name: str = "example.test") -> str:
        made = self.call("route53", "CreateHostedZone", Name=name, CallerReference=name)
        return str(made["HostedZone"]["Id"]).rpartition("/")[2]

    def subnets(self, zones: Sequence[str] = ("a", "b"), *, region: str = REGION) -> list[str]:
        vpc = self.call("ec2", "CreateVpc", region=region, CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        return [
            self.call(
                "ec2",
                "CreateSubnet",
                region=region,
                VpcId=vpc,
                CidrBlock=f"10.9.{index}.0/24",
                AvailabilityZone=f"{region}{zone}",
            )["Subnet"]["SubnetId"]
            for index, zone in enumerate(zones)
        ]

    def load_balancer(self, name: str = "lb") -> str:
        made = self.call("elbv2", "CreateLoadBalancer", Name=name, Subnets=self.subnets())
        return str(made["LoadBalancers"][0]["LoadBalancerArn"])

    def target_group(self, name: str = "tg", *, region: str = REGION) -> str:
        made = self.call(
            "elbv2", "CreateTargetGroup", region=region, Name=name, TargetType="lambda"
        )
        return str(made["TargetGroups"][0]["TargetGroupArn"])


def zip_of(**files: str) -> bytes:
    """A zip with these files."""
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
