"""The staging program, interrupted: the next run continues, and destroy leaves nothing."""

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from emulator.handle import (
    Deployment,
    DeployRefusedError,
    EmulatorHandle,
    Fault,
    ProgramFailedError,
)
from tests.emulated_account import client
from tests.infra.graph import ROOT

STACK = "staging"
PREFIX = "understudy-staging"
STANDBY = "us-west-2"
REGIONS = ("us-east-1", STANDBY)

Event = Mapping[str, Any]


class Site:
    """An emulator, and one stack in it."""

    def __init__(self, handle: EmulatorHandle, work_dir: Path, release: Path) -> None:
        self.handle = handle
        self.work_dir = work_dir
        # One environment kept started in each Region: what is provisioned is deployed as well.
        self.config = {"release": str(release), "provisionedConcurrency": 1}

    def deploy(self, on_event: Callable[[Event], None] | None = None) -> Deployment:
        return self.handle.deploy(ROOT, STACK, config=self.config, on_event=on_event)

    def destroy(self, on_event: Callable[[Event], None] | None = None) -> Deployment:
        return self.handle.destroy(ROOT, STACK, config=self.config, on_event=on_event)

    def state(self) -> list[dict[str, Any]]:
        text = (self.work_dir / "stacks" / f"understudy.{STACK}.json").read_text()
        resources: list[dict[str, Any]] = json.loads(text)["resources"]
        return resources

    def client(self, service: str, region: str) -> Any:
        return client(self.handle, service, region)

    def program(self) -> int:
        """Process id of the program that is being deployed."""
        emulator = json.loads((self.work_dir / "emulator.json").read_text())["pid"]
        for process in Path("/proc").glob("[0-9]*"):
            try:
                parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
                command = (process / "cmdline").read_bytes()
            except OSError:
                continue  # it has ended meanwhile
            if int(parent) == emulator and b"engine/child.py" in command:
                return int(process.name)
        raise AssertionError("no program runs")

    def existing(self) -> dict[str, int]:
        """How many there are of what has no name that could be taken twice."""
        found = {
            "zones": len(self.client("route53", "us-east-1").list_hosted_zones()["HostedZones"])
        }
        checks = self.client("route53", "us-east-1").list_health_checks()["HealthChecks"]
        found["checks"] = len(checks)
        for region in REGIONS:
            ec2, balancing = self.client("ec2", region), self.client("elbv2", region)
            vpcs = [each for each in ec2.describe_vpcs()["Vpcs"] if not each["IsDefault"]]
            found[f"{region} vpcs"] = len(vpcs)
            found[f"{region} balancers"] = len(balancing.describe_load_balancers()["LoadBalancers"])
            functions = self.client("lambda", region).list_functions()["Functions"]
            found[f"{region} functions"] = len(functions)
            certificates = self.client("acm", region).list_certificates()
            found[f"{region} certificates"] = len(certificates["CertificateSummaryList"])
        found["buckets"] = len(self.client("s3", "us-east-1").list_buckets()["Buckets"])
        found["roles"] = len(self.client("iam", "us-east-1").list_roles()["Roles"])
        return found

    def recorded(self) -> dict[str, int]:
        """The same counts, as the state has them."""

        def count(kind: str, region: str | None = None) -> int:
            return sum(
                each["type"] == f"aws:{kind}" and region in (None, each["region"])
                for each in self.state()
            )

        found = {
            "zones": count("route53/zone:Zone"),
            "checks": count("route53/healthCheck:HealthCheck"),
        }
        for region in REGIONS:
            found[f"{region} vpcs"] = count("ec2/vpc:Vpc", region)
            found[f"{region} balancers"] = count("lb/loadBalancer:LoadBalancer", region)
            found[f"{region} functions"] = count("lambda/function:Function", region)
            found[f"{region} certificates"] = count("acm/certificate:Certificate", region)
        found["buckets"] = count("s3/bucket:Bucket")
        found["roles"] = count("iam/role:Role")
        return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, release_zip: Path) -> Iterator[Site]:
    """An emulator of this module's own; its tests are chapters of one story, in their order."""
    work_dir = tmp_path_factory.mktemp("emulator")
    with EmulatorHandle.start(work_dir) as handle:
        yield Site(handle, work_dir, release_zip)


def after(count: int, op: str, act: Callable[[], object]) -> Callable[[Event], None]:
    """Act once, at the `count`-th step of a kind."""
    left = [count]

    def on_event(event: Event) -> None:
        if event.get("op") == op:
            left[0] -= 1
            if left[0] == 0:
                act()

    return on_event


def losing(site: Site, faults: list[Fault]) -> Callable[[], object]:
    return lambda: faults.append(site.handle.lose("region", STANDBY))


def statuses(site: Site) -> set[str]:
    return {each["status"] for each in site.state()}


def test_a_refused_create_leaves_the_rest_recorded(site: Site) -> None:
    """Somebody has a load balancer of the name that the program wants."""
    ec2 = site.client("ec2", STANDBY)
    subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"][:2]]
    balancing = site.client("elbv2", STANDBY)
    made = balancing.create_load_balancer(Name=PREFIX, Subnets=subnets)["LoadBalancers"][0]
    with pytest.raises(DeployRefusedError, match="DuplicateLoadBalancerName"):
        site.deploy()
    assert len(site.state()) > 20, "what was made before is written down"
    assert statuses(site) == {"complete"}
    again = balancing.describe_load_balancers()["LoadBalancers"]
    assert [each["LoadBalancerArn"] for each in again] == [made["LoadBalancerArn"]]
    balancing.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])


def test_a_killed_program_leaves_what_it_had_made_recorded(site: Site) -> None:
    before = {each["urn"] for each in site.state()}
    kill = after(3, "create", lambda: os.kill(site.program(), signal.SIGKILL))
    with pytest.raises(ProgramFailedError):
        site.deploy(kill)
    after_it = {each["urn"] for each in site.state()}
    assert before < after_it, "nothing is forgotten, and what was made in between is there"
    assert "creating" not in statuses(site), "each call that was under way was seen to its end"


@pytest.mark.long
def test_a_region_lost_in_the_middle_refuses_and_the_next_run_completes(site: Site) -> None:
    faults: list[Fault] = []
    with pytest.raises(DeployRefusedError, match="Unreachable"):
        site.deploy(after(3, "create", losing(site, faults)))
    site.handle.restore(faults[0])
    site.deploy()
    assert statuses(site) == {"complete"}
    assert site.existing() == site.recorded(), "nothing is double, nothing is missing"


def test_a_destroy_that_is_interrupted_is_continued_and_removes_everything_in_order(
    site: Site,
) -> None:
    needs = {
        each["urn"]: {*each["dependencies"], *chain(*each["property_dependencies"].values())}
        for each in site.state()
    }
    faults: list[Fault] = []
    gone: list[str] = []
    lose = after(5, "delete", losing(site, faults))

    def on_event(event: Event) -> None:
        if event.get("op") == "delete":
            gone.append(event["urn"])
        lose(event)

    with pytest.raises(DeployRefusedError, match="cannot delete"):
        site.destroy(on_event)
    site.handle.restore(faults[0])
    done = site.destroy(on_event)
    assert site.state() == []
    place = {urn: index for index, urn in enumerate(gone)}
    early = [
        (urn, need)
        for urn in gone
        for need in needs[urn] & place.keys()
        if place[need] < place[urn]
    ]
    assert not early, "nothing goes before what was made from it"
    assert set(site.existing().values()) == {0}, site.existing()
    reasons = {each["reason"] for each in done.kept}
    assert reasons <= {"pendingDeletion"}, "staging keeps nothing but keys in their waiting time"
