"""A load balancer in three zones, zonal shifts of it, on a clock that tests move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.addresses import Block, Endpoint, LoadBalancerNumbers
from emulator.administrator import ACCESS_KEY, SECRET_KEY
from emulator.api import FrontDoor, prepare_moto
from emulator.clock import Clock
from emulator.dataplane.dns import Names
from emulator.dataplane.world import World
from emulator.door.server import ApiServer, listen
from emulator.events import EventLog
from emulator.faults import FaultBoard
from emulator.storage import Storage
from emulator.store import Store
from emulator.watch.metrics import Metrics
from emulator.zonal import SIGNED_AS, ZonalShifts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGION = "us-east-1"
FRIDAY_NOON_S = 1_800_014_400.0
"""2027-01-15 12:00 UTC."""

# What botocore would refuse by itself is left to the service.
_CONFIG = Config(
    retries={"total_max_attempts": 1},
    read_timeout=5,
    connect_timeout=2,
    parameter_validation=False,
)


class HandClock(Clock):
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        super().__init__()
        self.at_s = FRIDAY_NOON_S

    def now_s(self) -> float:
        return self.at_s


@dataclass
class Site:
    """The load balancer, the service, and what DNS says of it."""

    zonal: ZonalShifts
    clock: HandClock
    events: EventLog
    names: Names
    client: Callable[[str], Any]
    arn: str
    dns_name: str

    @property
    def arc(self) -> Any:
        return self.client(SIGNED_AS)

    def addresses(self) -> tuple[str, ...]:
        return self.names.addresses(self.dns_name)

    def pass_s(self, seconds: float) -> None:
        self.clock.at_s += seconds
        self.zonal.tick()

    def alarm(self, name: str, state: str = "OK") -> str:
        """Make an alarm, or set the state of one; its ARN."""
        watch = self.client("cloudwatch")
        watch.put_metric_alarm(
            AlarmName=name,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
            Threshold=0,
            MetricName="Errors",
            Namespace="Test",
            Period=60,
            Statistic="Sum",
        )
        watch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test says so")
        return f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:{name}"

    def practise(self, **settings: Any) -> Any:
        """Give the load balancer a practice run configuration."""
        conditions = [{"type": "CLOUDWATCH", "alarmIdentifier": self.alarm("outcome")}]
        return self.arc.create_practice_run_configuration(
            **{"resourceIdentifier": self.arn, "outcomeAlarms": conditions, **settings}
        )

    def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """Make a call that must be refused: the error's code and reason."""
        with pytest.raises(ClientError) as caught:
            getattr(self.arc, operation)(**params)
        response = cast("dict[str, Any]", caught.value.response)
        return response["Error"]["Code"], response.get("reason", "")


@pytest.fixture(scope="module")
def server() -> Iterator[ApiServer]:
    server = ApiServer(listen(Endpoint("127.0.0.1", 0)), cast("Any", None))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def client(server: ApiServer) -> Callable[[str], Any]:
    made: dict[str, Any] = {}
    host, port = server.socket.getsockname()

    def of(service: str) -> Any:
        if service not in made:
            made[service] = boto3.client(
                service,
                region_name=REGION,
                endpoint_url=f"http://{host}:{port}",
                config=_CONFIG,
                aws_access_key_id=ACCESS_KEY,
                aws_secret_access_key=SECRET_KEY,
            )
        return made[service]

    return of


@pytest.fixture(scope="module")
def balancer(server: ApiServer, client: Callable[[str], Any]) -> Iterator[dict[str, str]]:
    """The one load balancer of a module: what is shifted, a test has to itself."""
    prepare_moto()
    storage = _storage(FaultBoard(), HandClock())
    server.answer = FrontDoor(FaultBoard(), storage.objects, storage.replicator).answer
    subnets = client("ec2").describe_subnets()["Subnets"][:3]
    names = [each["SubnetId"] for each in subnets]
    yield client("elbv2").create_load_balancer(Name="lb", Subnets=names)["LoadBalancers"][0]
    storage.close()


@pytest.fixture
def site(
    server: ApiServer, client: Callable[[str], Any], balancer: dict[str, str]
) -> Iterator[Site]:
    clock, faults, store = HandClock(), FaultBoard(), Store()
    events = EventLog(clock)
    storage = _storage(faults, clock)
    zonal = ZonalShifts(store, clock, events)
    own = {SIGNED_AS: zonal.answer}
    server.answer = FrontDoor(faults, storage.objects, storage.replicator, own=own).answer
    integrate(client("elbv2"), balancer["LoadBalancerArn"])
    names = Names(
        World(store=store, clock=clock, faults=faults, events=events),
        LoadBalancerNumbers(Block(42)),
        checks=cast("Any", None),
        targets=cast("Any", None),
        zones_away=zonal.zones_away,
    )
    arn, dns_name = balancer["LoadBalancerArn"], balancer["DNSName"]
    yield Site(zonal, clock, events, names, client, arn, dns_name)
    storage.close()


def _storage(faults: FaultBoard, clock: Clock) -> Storage:
    metrics = Metrics(clock, faults)
    return Storage(clock, faults, EventLog(clock), metrics=metrics, seed=1)


def integrate(elbv2: Any, arn: str, *, enabled: bool = True) -> None:
    value = "true" if enabled else "false"
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "zonal_shift.config.enabled", "Value": value}]
    )
