"""Step Functions behind a front door, on a fast clock, with functions that say what a test says."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import threading
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from emulator import patches
from emulator.administrator import ACCESS_KEY, SECRET_KEY
from emulator.api import FrontDoor, prepare_moto
from emulator.clock import Clock
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.steps import SIGNED_AS, StateMachines
from emulator.storage import Storage
from emulator.watch.watch import Watch
from tests.contract.engine.cloud import Invoked, NoHooks
from tests.contract.engine.play import allow, trust

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from emulator.door.server import ApiServer

REGION = "us-west-2"
ACCOUNT = "123456789012"
SPEED = 200.0
DEADLINE_S = 20.0
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:drill:live"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:verdicts"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
INVOKE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": FUNCTION, "Payload.$": "$"},
    "ResultSelector": {"said.$": "$.Payload"},
}


@dataclass(frozen=True)
class Ran(Invoked):
    """What the data plane answers of a function that ran."""

    executed_version: str = "1"

    @property
    def function_failed(self) -> bool:
        return self.error == "Unhandled"


@dataclass
class Site:
    """One Region with a function and a role for machines."""

    endpoint: str
    clock: Clock
    faults: FaultBoard
    watch: Watch
    loop: asyncio.AbstractEventLoop
    clients: dict[tuple[str, str], Any]
    answers: list[Ran] = field(default_factory=list[Ran])
    invoked: list[tuple[str, Any, bool]] = field(default_factory=list[tuple[str, Any, bool]])
    hang: threading.Event = field(default_factory=threading.Event)

    def client(self, service: str) -> Any:
        if (service, REGION) not in self.clients:
            self.clients[service, REGION] = boto3.client(
                service,
                region_name=REGION,
                endpoint_url=self.endpoint,
                config=Config(retries={"total_max_attempts": 1}, read_timeout=5, connect_timeout=2),
                aws_access_key_id=ACCESS_KEY,
                aws_secret_access_key=SECRET_KEY,
            )
        return self.clients[service, REGION]

    @property
    def states(self) -> Any:
        return self.client("stepfunctions")

    async def invoke(
        self,
        name_or_arn: str,
        qualifier: str | None,
        payload: bytes,
        *,
        region: str,
        event: bool = False,
    ) -> Ran:
        assert (qualifier, region) == (None, REGION)
        self.invoked.append((name_or_arn, json.loads(payload), event))
        while self.hang.is_set():  # noqa: ASYNC110  # set by the test, in a thread of its own
            await asyncio.sleep(0.01)
        return self.answers.pop(0) if self.answers else Ran()

    def role(self, name: str, service: str, actions: list[str], resources: list[str]) -> None:
        iam = self.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))
        iam.put_role_policy(
            RoleName=name, PolicyName="may", PolicyDocument=allow(actions, resources)
        )

    def machine(self, states: dict[str, Any], *, name: str = "drill", **top: Any) -> str:
        """Make a machine that begins with its first state; its ARN."""
        made = self.states.create_state_machine(
            name=name,
            definition=json.dumps({"StartAt": next(iter(states)), "States": states, **top}),
            roleArn=ROLE,
        )
        return str(made["stateMachineArn"])

    def start(self, machine: str, **more: Any) -> str:
        return str(self.states.start_execution(stateMachineArn=machine, **more)["executionArn"])

    def until(self, what: Callable[[], Any], rule: str) -> Any:
        """Wait until something is the case; what it came to."""
        deadline = self.clock.real_now_s() + DEADLINE_S
        while not (found := what()):
            assert self.clock.real_now_s() < deadline, rule
            threading.Event().wait(0.02)
        return found

    def ended(self, execution: str) -> Any:
        """The execution once it has ended."""

        def look() -> Any:
            shown = self.states.describe_execution(executionArn=execution)
            return None if shown["status"] == "RUNNING" else shown

        return self.until(look, "an execution ends")

    def run(self, states: dict[str, Any], **more: Any) -> Any:
        """Make a machine and run it to its end."""
        return self.ended(self.start(self.machine(states), **more))

    def counted(self, name: str, machine: str) -> float:
        """How often a metric of a machine was put."""
        found = self.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/States",
            MetricName=name,
            Dimensions=[{"Name": "StateMachineArn", "Value": machine}],
            StartTime=self.clock.now_s() - 86_400,
            EndTime=self.clock.now_s() + 60,
            Period=86_400,
            Statistics=["Sum"],
        )
        return sum(each["Sum"] for each in found["Datapoints"])


@pytest.fixture
def site(server: ApiServer, clients: dict[tuple[str, str], Any]) -> Iterator[Site]:
    prepare_moto()
    clock, faults, hooks = Clock(SPEED), FaultBoard(), NoHooks()
    events = EventLog(clock)
    watch = hooks.watch = Watch(clock, faults, events)
    storage = Storage(clock, faults, events, metrics=watch.metrics, seed=1)
    machines = StateMachines(clock, faults, events, watch, seed=1)
    own = {SIGNED_AS: machines.answer}
    server.answer = FrontDoor(faults, storage.objects, storage.replicator, own=own).answer
    put_back = patches.apply_all(hooks)
    host, port = server.socket.getsockname()
    loop = asyncio.new_event_loop()
    made = Site(f"http://{host}:{port}", clock, faults, watch, loop, clients)
    machines.connect(made.invoke)
    watch.connect(made.invoke, execute=machines.start)
    stop = _run(loop, watch)
    _furnish(made)
    yield made
    made.hang.clear()
    stop()
    put_back()
    storage.close()


def _run(loop: asyncio.AbstractEventLoop, watch: Watch) -> Callable[[], None]:
    """Run the watch's flows in a thread; what ends them."""

    async def flows() -> None:
        await asyncio.gather(*(flow() for flow in watch.flows()))

    def work() -> None:
        task = loop.create_task(flows())
        ending.append(task)
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    ending: list[asyncio.Task[None]] = []
    thread = threading.Thread(target=work)
    thread.start()

    def stop() -> None:
        loop.call_soon_threadsafe(ending[0].cancel)
        thread.join(DEADLINE_S)
        assert not thread.is_alive(), "the flows end when they are told to"

    return stop


def _furnish(site: Site) -> None:
    site.role("machine", "states.amazonaws.com", ["lambda:InvokeFunction"], [FUNCTION])
    site.role("function", "lambda.amazonaws.com", ["logs:*"], ["*"])
    functions = site.client("lambda")
    functions.create_function(
        FunctionName="drill",
        Runtime="python3.12",
        Role=f"arn:aws:iam::{ACCOUNT}:role/function",
        Handler="f.handler",
        Code={"ZipFile": _package()},
        Publish=True,
    )
    functions.create_alias(FunctionName="drill", Name="live", FunctionVersion="1")


def _package() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("f.py", "")
    return held.getvalue()
