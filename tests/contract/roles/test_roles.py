"""Every role of the production stack, tried: what it needs passes, all else is refused.

The calls are real ones, made with the credentials of a session of each role, and the emulator
decides by the policies that are deployed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.handle import EmulatorHandle
from tests.contract.roles.role_ground import Ground
from tests.contract.roles.role_table import (
    ALLOWED,
    ELSEWHERE,
    FLAG,
    KEY,
    MOVE_TRAFFIC,
    NOBODY,
    RESTORED_TABLE,
    Call,
)
from tests.infra.conftest import write_release

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[3]
STACK = "prod"
REFUSED = ("AccessDenied", "AccessDeniedException", "403", "UnauthorizedOperation")


class World:
    """The deployed stack, and whoever calls it."""

    def __init__(self, emulator: EmulatorHandle, outputs: Mapping[str, Any]) -> None:
        self._emulator = emulator
        self._clients: dict[tuple[str, str, str], Any] = {}
        self.prefix = f"{outputs['project']}-{outputs['stack']}"
        self.regions = tuple(each["region"] for each in outputs["regions"])
        self._keys: dict[str, dict[str, str]] = {"": _administrator(emulator)}

    def client(self, service: str, region: str, role: str = "") -> Any:
        """A client of a role's session; of the administrator without one."""
        if (service, region, role) not in self._clients:
            self._clients[service, region, role] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self._emulator.aws_endpoint,
                config=Config(retries={"total_max_attempts": 1}, read_timeout=20),
                **self._session(role),
            )
        return self._clients[service, region, role]

    def roles(self) -> dict[str, tuple[str, str]]:
        """The stack's roles by name: the Region each works in, and what it is for."""
        found = self.client("iam", "us-east-1").get_paginator("list_roles").paginate()
        names = [role["RoleName"] for page in found for role in page["Roles"]]
        return {
            name: (region, name.removeprefix(f"{self.prefix}-{region}-"))
            for name in names
            for region in self.regions
            if name.startswith(f"{self.prefix}-{region}-")
        }

    def actions_of(self, role: str) -> set[str]:
        """Every action that a role's policies allow."""
        iam = self.client("iam", "us-east-1")
        actions: set[str] = set()
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for statement in document["Statement"]:
                actions |= {*statement["Action"]} if statement["Effect"] == "Allow" else set()
        return actions

    def ground(self, region: str) -> Ground:
        neighbour = next(other for other in self.regions if other != region)
        return Ground(prefix=self.prefix, region=region, neighbour=neighbour)

    def outcome(self, role: str, call: Call, ground: Ground) -> str:
        """Make a call as a role; the code of its error, or nothing if it did what it says."""
        client = self.client(call.service, ground.region, role)
        try:
            getattr(client, call.operation)(**call.parameters(ground))
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    def refuses(self, role: str, call: Call, ground: Ground) -> bool:
        """Whether a call is refused for want of a permission, and not for anything else."""
        return self.outcome(role, call, ground) in REFUSED

    def _session(self, role: str) -> dict[str, str]:
        if role not in self._keys:
            sts = self.client("sts", self.regions[0])
            arn = f"arn:aws:iam::123456789012:role/{role}"
            found = sts.assume_role(RoleArn=arn, RoleSessionName="table")["Credentials"]
            self._keys[role] = {
                "aws_access_key_id": found["AccessKeyId"],
                "aws_secret_access_key": found["SecretAccessKey"],
                "aws_session_token": found["SessionToken"],
            }
        return self._keys[role]


def _administrator(emulator: EmulatorHandle) -> dict[str, str]:
    environment = emulator.aws_environment()
    return {
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    release_zip = write_release(
        tmp_path_factory.mktemp("release") / "release.zip", {"runtime": "arrays"}
    )
    with EmulatorHandle.start(tmp_path_factory.mktemp("emulator")) as emulator:
        deployed = emulator.deploy(ROOT, STACK, config={"release": str(release_zip)})
        world = World(emulator, deployed.outputs)
        for region in world.regions:
            ground, s3 = world.ground(region), world.client("s3", region)
            s3.put_object(Bucket=ground.bucket("evacuation"), Key=FLAG, Body=b"{}")
            s3.put_object(Bucket=ground.bucket("predictions"), Key=KEY, Body=b"{}")
            world.client("dynamodb", region).create_table(
                TableName=RESTORED_TABLE,
                KeySchema=[
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                AttributeDefinitions=[
                    {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
                ],
                BillingMode="PAY_PER_REQUEST",
            )
            world.client("secretsmanager", region).put_secret_value(
                SecretId=ground.name("canary"), SecretString="{}"
            )
        yield world


def test_every_role_of_the_stack_is_in_the_table(world: World) -> None:
    kinds = {kind for _, kind in world.roles().values()}
    assert kinds == set(ALLOWED), "a role that nobody tried, or a row for a role that is gone"


def test_what_a_role_needs_passes(world: World) -> None:
    refused = [
        f"{role}: {call} ends with {code}"
        for role, (region, kind) in world.roles().items()
        for call in ALLOWED[kind]
        if (code := world.outcome(role, call, world.ground(region)))
    ]
    assert not refused, "\n".join(refused)


def test_a_role_may_not_do_the_same_to_the_neighbours_things(world: World) -> None:
    passed = [
        f"{role}: {call} passes in {world.ground(region).neighbour}"
        for role, (region, kind) in world.roles().items()
        for call in ALLOWED[kind]
        if not call.reaches and not world.refuses(role, call, world.ground(region).across())
    ]
    assert not passed, "\n".join(passed)


def test_no_role_may_escalate_move_traffic_or_lay_hands_on_data(world: World) -> None:
    passed = [
        f"{role}: {call} passes"
        for role, (region, kind) in world.roles().items()
        for call in NOBODY
        if not (kind == "observer" and call in MOVE_TRAFFIC)
        and not world.refuses(role, call, world.ground(region))
    ]
    assert not passed, "\n".join(passed)


def test_every_action_a_role_has_is_executed_by_a_row(world: World) -> None:
    unused = [
        f"{role} may {action}, and no row needs it"
        for role, (_, kind) in world.roles().items()
        for action in sorted(world.actions_of(role))
        if action not in {each for call in ALLOWED[kind] for each in call.actions}
        and action not in ELSEWHERE
    ]
    assert not unused, "\n".join(unused)


def test_a_permission_too_many_is_noticed(world: World) -> None:
    role = f"{world.prefix}-{world.regions[0]}-predict"
    escalation = next(call for call in NOBODY if call.operation == "update_function_code")
    iam = world.client("iam", "us-east-1")
    document = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",'
        '"Action":"lambda:UpdateFunctionCode","Resource":"*"}]}'
    )
    iam.put_role_policy(RoleName=role, PolicyName="slip", PolicyDocument=document)
    try:
        ground = world.ground(world.regions[0])
        assert not world.refuses(role, escalation, ground), "what a policy allows passes"
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="slip")
    assert world.refuses(role, escalation, ground), "and without the slip it is refused"


def test_a_permission_taken_away_is_noticed(world: World) -> None:
    role = f"{world.prefix}-{world.regions[0]}-evacuation"
    read_flag = next(call for call in ALLOWED["evacuation"] if call.operation == "get_object")
    iam, ground = world.client("iam", "us-east-1"), world.ground(world.regions[0])
    policy = iam.get_role_policy(RoleName=role, PolicyName="evacuation")["PolicyDocument"]
    iam.delete_role_policy(RoleName=role, PolicyName="evacuation")
    try:
        assert world.refuses(role, read_flag, ground), "a role without its policy reads nothing"
    finally:
        iam.put_role_policy(
            RoleName=role, PolicyName="evacuation", PolicyDocument=json.dumps(policy)
        )
