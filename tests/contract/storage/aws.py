"""The emulated AWS of one test: a front door with storage behind it, in this process."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from emulator.administrator import ACCESS_KEY, SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.storage import Storage

SPEED = 100.0
ACCOUNT = "123456789012"
EAST, WEST = "us-east-1", "us-west-2"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


@dataclass
class Aws:
    """The emulated AWS of one test."""

    endpoint: str
    clock: Clock
    faults: FaultBoard
    events: EventLog
    storage: Storage
    clients: dict[tuple[str, str], Any]

    def client(self, service: str, region: str = EAST, *, credentials: Any = None) -> Any:
        keys = {
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
        }
        if credentials is not None:
            keys = {
                "aws_access_key_id": credentials["AccessKeyId"],
                "aws_secret_access_key": credentials["SecretAccessKey"],
                "aws_session_token": credentials["SessionToken"],
            }
        elif (service, region) in self.clients:
            return self.clients[service, region]
        made = boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=5, connect_timeout=2),
            **keys,
        )
        if credentials is None:
            self.clients[service, region] = made
        return made

    def role(self, name: str, service: str, *statements: dict[str, Any]) -> str:
        """A role that a service may assume, with one inline policy; returns its ARN."""
        iam = self.client("iam")
        trust = document(
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        )
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        if statements:
            self.allow_role(name, *statements)
        return str(arn)

    def allow_role(self, name: str, *statements: dict[str, Any]) -> None:
        self.client("iam").put_role_policy(
            RoleName=name, PolicyName="permissions", PolicyDocument=document(*statements)
        )

    def session(self, role_arn: str) -> dict[str, str]:
        """Credentials of a session of a role."""
        answer = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test")
        return dict(answer["Credentials"])

    def bucket(self, name: str, region: str = EAST, *, versioned: bool = True) -> str:
        s3 = self.client("s3", region)
        where = (
            {} if region == EAST else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        )
        s3.create_bucket(Bucket=name, **where)
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events.since()]

    def facts(self, kind: str) -> list[dict[str, Any]]:
        return [event.facts for event in self.events.since() if event.kind == kind]

    @staticmethod
    def eventually(holds: Callable[[], Any], rule: str, *, within_s: float = 10.0) -> Any:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            if found := holds():
                return found
            time.sleep(0.01)
        raise AssertionError(f"not within {within_s} s: {rule}")


class Flows:
    """The background flows, on an event loop in a thread."""

    def __init__(self, runs: Sequence[Callable[[], Any]]) -> None:
        self._loop = asyncio.new_event_loop()
        self._runs = runs
        self._thread = threading.Thread(target=self._main, daemon=True)
        self._thread.start()

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._tasks = [self._loop.create_task(run()) for run in self._runs]
        self._loop.run_forever()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        assert not self._thread.is_alive(), "the flows end when they are told to"
