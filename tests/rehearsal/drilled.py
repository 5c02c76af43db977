"""A deployed stack to drill as a user does: by the command, as a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from commands import ROOT, SPEED, Ended, wait_for

from resilience.aws import Aws, AwsMissingError
from resilience.experiments.attach import allow_drills
from resilience.resolver import NameServer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from resilience.stage import Stage
    from resilience.topology import Topology


STEP_WITHIN_S = ENDS_WITHIN_S = 250
ALARMS_WITHIN_S = 120
"""Real seconds in which the alarms of what was before have gone up and come down again."""


class Drilled:
    """The stack, and how the command reaches it."""

    def __init__(
        self, stage: Stage, topology: Topology, outputs: Mapping[str, object], folder: Path
    ) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "outputs.json").write_text(json.dumps(outputs))
        host, port = stage.dns_address
        self.topology = topology
        self.stage = stage
        self.aws = Aws(stage.aws_environment)
        self.folder = folder
        self.client = {
            "endpoint_url": stage.aws_environment["AWS_ENDPOINT_URL"],
            "aws_access_key_id": stage.aws_environment["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": stage.aws_environment["AWS_SECRET_ACCESS_KEY"],
        }
        self._environment = {**os.environ, **stage.aws_environment}
        self._reach = (
            *("--stack", "staging", "--outputs", str(folder / "outputs.json")),
            *("--name-server", f"{host}:{port}", "--https-port", str(stage.https_port)),
            *("--ca-file", str(stage.ca_file), "--speed", f"{SPEED:g}", "--json"),
            *("--out", str(folder / "out")),
        )
        allow_drills(self.aws, topology)

    def run(self, *arguments: str, timeout_s: float = 280) -> Ended:
        """Run the command `drill` to its end."""
        with self.running(*arguments) as process:
            stdout, stderr = process.communicate(timeout=timeout_s)
        return Ended(process.returncode, stdout, stderr)

    def execute(self, experiment: str, *arguments: str, name: str = "out") -> Ended:
        """Drill, once the stack is well.

        An alarm of what was before may go up between the look and the drill, which it refuses.
        """
        out = str(self.folder / name)
        drill = ("--experiment", experiment, *arguments, "--execute", "--yes", "--out", out)
        give_up_s = time.monotonic() + ALARMS_WITHIN_S
        while True:
            self.wait_well(experiment)
            ended = self.run(*drill)
            late = "alarm " in ended.stdout and ended.summary["verdict"] == "refused"
            if not late or time.monotonic() > give_up_s:
                return ended

    def disturbed(
        self, experiment: str, step: str, log: Path, disturb: Callable[[int], object], **key: str
    ) -> int:
        """Drill, and once it says that it is in a step, do something; gives its exit code.

        Args:
            experiment: What is drilled, once the stack is well; again if it is refused, as in
                `execute`.
            step: Which step must have begun.
            log: Where it tells how it goes.
            disturb: What is done then; it is given the process's id.
            key: The access key that it drills with; the administrator's unless given.
        """
        drill = ("--experiment", experiment, "--execute", "--yes")
        give_up_s = time.monotonic() + ALARMS_WITHIN_S
        while True:
            self.wait_well(experiment)
            with self.running(*drill, log=log, **key) as process:

                def begun() -> bool:
                    return f"s  {step}\n" in log.read_text() or process.poll() is not None

                wait_for(begun, STEP_WITHIN_S, step)
                if process.poll() is None:
                    disturb(process.pid)
                    return process.wait(ENDS_WITHIN_S)
            told = log.read_text()
            late = "refused       alarm " in told and time.monotonic() < give_up_s
            assert late, f"it ended before {step}: {told}"

    @contextmanager
    def running(
        self, *arguments: str, log: Path | None = None, **key: str
    ) -> Generator[subprocess.Popen[str]]:
        """Start the command; whatever happens, nothing of it is left."""
        with nullcontext(subprocess.PIPE) if log is None else log.open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "resilience", "drill", *self._reach, *arguments],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                env=self._environment | key,
            )
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait(10)
                for stream in (process.stdout, process.stderr):
                    if stream is not None:
                        stream.close()

    def wait_well(self, experiment: str, *, within_s: float = 200) -> None:
        """Wait until a dry run refuses nothing: alarms of what was before take their time."""
        give_up_s = time.monotonic() + within_s
        while True:
            ended = self.run("--experiment", experiment)
            if ended.code == 0:
                return
            assert time.monotonic() < give_up_s, f"the stack did not get well: {ended}"
            time.sleep(2)

    def addresses(self, name: str) -> tuple[str, ...]:
        """Ask the emulated name server."""
        host, port = self.stage.dns_address
        server = NameServer((host, port), timeout_s=5)
        return tuple(asyncio.run(server.resolve(name)).addresses)

    def fingerprint(self) -> dict[str, Any]:
        """Everything that a drill may change and must put back."""
        return {region.region: self._of(region.region) for region in self.topology.regions}

    def _of(self, name: str) -> dict[str, Any]:
        region, call = self.topology.region(name), self.aws.call
        groups = call(
            "elbv2",
            "describe_load_balancers",
            region=name,
            LoadBalancerArns=[region.load_balancer.arn],
        )["LoadBalancers"][0]["SecurityGroups"]
        rules = call(
            "ec2",
            "describe_security_group_rules",
            region=name,
            Filters=[{"Name": "group-id", "Values": groups}],
        )["SecurityGroupRules"]
        listeners = call(
            "elbv2", "describe_listeners", region=name, LoadBalancerArn=region.load_balancer.arn
        )["Listeners"]
        functions = [region.function.name]
        if region.observer is not None:
            functions.append(region.observer.function)
        bucket = region.prediction_bucket.name
        versions = call(
            "lambda", "list_versions_by_function", region=name, FunctionName=region.function.name
        )
        flags = call("s3", "list_objects_v2", region=name, Bucket=region.evacuation_bucket)
        shifts = call("arc-zonal-shift", "list_zonal_shifts", region=name, status="ACTIVE")
        tables = call("dynamodb", "list_tables", region=name)["TableNames"]
        alias = call(
            "lambda",
            "get_alias",
            region=name,
            FunctionName=region.function.name,
            Name=region.function.alias,
        )
        try:
            policy = call("s3", "get_bucket_policy", region=name, Bucket=bucket)["Policy"]
        except AwsMissingError:
            policy = ""
        replication = call("s3", "get_bucket_replication", region=name, Bucket=bucket)
        return {
            "reserved": [
                call("lambda", "get_function_concurrency", region=name, FunctionName=each).get(
                    "ReservedConcurrentExecutions"
                )
                for each in functions
            ],
            "alias": alias["FunctionVersion"],
            "versions": [(each["Version"], each["CodeSha256"]) for each in versions["Versions"]],
            "listeners": [each["DefaultActions"] for each in listeners],
            "rules": [
                rule["Actions"]
                for each in listeners
                for rule in call(
                    "elbv2", "describe_rules", region=name, ListenerArn=each["ListenerArn"]
                )["Rules"]
            ],
            # In no order. With their names: one that was made again is another one.
            "ingress": sorted(
                json.dumps(rule, sort_keys=True) for rule in rules if not rule["IsEgress"]
            ),
            "policy": policy,
            "replication": replication["ReplicationConfiguration"],
            "flags": [each["Key"] for each in flags.get("Contents", ())],
            "shifts": [each["zonalShiftId"] for each in shifts["items"]],
            "tables": sorted(tables),
        }
