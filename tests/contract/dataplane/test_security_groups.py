"""A load balancer's security groups: who is let in, at once, and which connections stay."""

from __future__ import annotations

import contextlib
import http.client
import socket
from typing import TYPE_CHECKING, Any

import pytest
from moto.elbv2.models import elbv2_backends

from emulator.addresses import Block, LoadBalancerNumbers, public_address
from emulator.clock import Clock
from emulator.dataplane.alb_access_logs import AccessLogs
from emulator.dataplane.alb_firewall import RateLimits
from emulator.dataplane.load_balancers import Backends, LoadBalancers
from emulator.dataplane.world import World
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.patches import mending, prefix_lists
from emulator.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.dataplane.cloud import Cloud
    from tests.contract.dataplane.loop import LoopThread

EVERYONE = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
ANSWER: dict[str, Any] = {
    "Type": "fixed-response",
    "FixedResponseConfig": {"StatusCode": "204"},
}
PATIENCE_S = 0.4  # well above what an answer takes; who gets none waits so long


class Balancer:
    """A load balancer that answers everybody who gets in, and its one security group."""

    def __init__(self, cloud: Cloud, block: Block) -> None:
        self._ec2 = cloud.client("ec2")
        made = cloud.load_balancer()
        (self.group,) = made["SecurityGroups"]
        cloud.listener(made, ANSWER)
        self.arn = str(made["LoadBalancerArn"])
        numbers = LoadBalancerNumbers(block)
        self.numbers = numbers
        (self.host, _) = numbers.addresses(self.arn, ("us-east-1a", "us-east-1b"))

    def allow(self, **permission: Any) -> None:
        rules = [permission or EVERYONE]
        self._ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=rules)

    def revoke(self) -> None:
        self._ec2.revoke_security_group_ingress(GroupId=self.group, IpPermissions=[EVERYONE])

    def let_out(self) -> None:
        self._ec2.authorize_security_group_egress(GroupId=self.group, IpPermissions=[EVERYONE])

    def connection(self, *, source: str = "127.0.0.1") -> http.client.HTTPConnection:
        return http.client.HTTPConnection(
            self.host, 8080, timeout=PATIENCE_S, source_address=(source, 0)
        )

    def answers(self, **how: Any) -> bool:
        with contextlib.closing(self.connection(**how)) as client:
            return answered(client)


def answered(client: http.client.HTTPConnection) -> bool:
    """Whether a request on a connection is answered before the client gives up."""
    try:
        client.request("GET", "/")
        answer = client.getresponse()
        answer.read()
    except TimeoutError:
        return False
    return answer.status == 204


@pytest.fixture(scope="module")
def block() -> Iterator[Block]:
    for b in range(100, 150):
        block = Block(b)
        with contextlib.suppress(OSError), socket.create_server(block.api):
            yield block
            return
    raise AssertionError("no free block of loopback addresses from 100 on")


@pytest.fixture
def balancer(cloud: Cloud, loop: LoopThread, block: Block) -> Iterator[Balancer]:
    prefix_lists.apply()
    made = Balancer(cloud, block)
    clock, faults = Clock(), FaultBoard()
    world = World(store=Store(), clock=clock, faults=faults, events=EventLog(clock))
    nothing: Any = None
    backends = Backends(
        world=world,
        functions=nothing,
        certificates=nothing,
        chance=world.chance("none"),
        tokens=nothing,
        access_logs=AccessLogs(clock, None),
        rate_limits=RateLimits(clock),
        firewall_logs=nothing,
    )

    async def start() -> LoadBalancers:
        served = LoadBalancers(backends, made.numbers, block)
        await served.start()
        await served.refresh()
        return served

    served = loop.call(start())
    yield made
    loop.call(served.stop())
    mending.put_back()


def test_nobody_is_answered_whom_no_rule_lets_in_and_at_once_when_one_does(
    balancer: Balancer,
) -> None:
    assert balancer.answers()
    balancer.revoke()
    assert not balancer.answers(), "the connection times out: it is neither refused nor answered"
    balancer.allow()
    assert balancer.answers()


@pytest.mark.parametrize(
    ("permission", "admitted"),
    [
        (
            {
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "IpRanges": [{"CidrIp": "127.0.0.0/8"}],
            },
            True,
        ),
        (
            {
                "IpProtocol": "tcp",
                "FromPort": 1,
                "ToPort": 79,
                "IpRanges": [{"CidrIp": "127.0.0.0/8"}],
            },
            False,
        ),
        (
            {
                "IpProtocol": "udp",
                "FromPort": 80,
                "ToPort": 80,
                "IpRanges": [{"CidrIp": "127.0.0.0/8"}],
            },
            False,
        ),
        (
            {
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
            },
            False,
        ),
    ],
    ids=["its port and address", "other ports", "another protocol", "other addresses"],
)
def test_a_rule_lets_in_by_protocol_port_and_address(
    balancer: Balancer, permission: dict[str, Any], *, admitted: bool
) -> None:
    balancer.revoke()
    balancer.allow(**permission)
    assert balancer.answers() is admitted


def test_health_checkers_come_from_the_list_that_is_theirs(
    balancer: Balancer, block: Block, cloud: Cloud
) -> None:
    name = "com.amazonaws.us-east-1.route53-healthchecks"
    (found,) = [
        each
        for each in cloud.client("ec2").describe_managed_prefix_lists()["PrefixLists"]
        if each["PrefixListName"] == name
    ]
    balancer.revoke()
    checkers = [{"PrefixListId": found["PrefixListId"]}]
    balancer.allow(IpProtocol="tcp", FromPort=80, ToPort=80, PrefixListIds=checkers)
    assert public_address(block.checker(3)) == "203.0.113.4"
    assert balancer.answers(source=block.checker(3))
    assert not balancer.answers(), "a client is no health checker"


def test_a_tracked_connection_stays_when_its_rule_goes(balancer: Balancer) -> None:
    with contextlib.closing(balancer.connection()) as client:
        assert answered(client)
        balancer.revoke()
        assert answered(client), "it was let in once"
        assert not balancer.answers()


def test_a_connection_that_is_not_tracked_breaks_with_its_rule(balancer: Balancer) -> None:
    balancer.let_out()
    with contextlib.closing(balancer.connection()) as client:
        assert answered(client)
        balancer.revoke()
        assert not answered(client), "everybody in and everything out: nothing is tracked"


def test_who_waits_is_let_in_by_a_rule_that_comes(balancer: Balancer) -> None:
    balancer.revoke()
    with contextlib.closing(balancer.connection()) as client:
        client.timeout = 10
        client.request("GET", "/")
        balancer.allow()
        assert client.getresponse().status == 204


def test_a_balancer_without_groups_has_its_networks_default_one(
    balancer: Balancer, cloud: Cloud
) -> None:
    raw = cloud.client("elbv2").describe_load_balancers()["LoadBalancers"][0]
    elbv2_backends["123456789012"]["us-east-1"].load_balancers[balancer.arn].security_groups = []
    assert not balancer.answers(), "which lets nobody in from outside"
    ec2 = cloud.client("ec2")
    (default,) = ec2.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": [raw["VpcId"]]},
            {"Name": "group-name", "Values": ["default"]},
        ]
    )["SecurityGroups"]
    ec2.authorize_security_group_ingress(GroupId=default["GroupId"], IpPermissions=[EVERYONE])
    assert balancer.answers()
