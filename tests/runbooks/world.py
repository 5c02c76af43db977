"""The deployed stack that runbooks are tried on, and the ways to break it."""

from __future__ import annotations

import io
import json
import time
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.emulated_account import client
from tests.wellness import stays_well, well

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from emulator.handle import EmulatorHandle
    from resilience.topology import Region, Topology

STACK = "staging"
PREFIX = f"understudy-{STACK}"
ACCOUNT = "123456789012"
SPEED = 10.0
REAL_TIME = 1.0
AGREED_SPEED = 6.0
"""As fast as observers can still agree; ten times as fast, their seconds are too few."""
MINUTE_S = 60.0
# What is told of a schedule and not set.
NOT_OF_A_SCHEDULE = ("Arn", "CreationDate", "LastModificationDate", "ResponseMetadata")
REAL_SLACK_S = 60.0  # this machine may be busy; the deadline is not what is measured


@dataclass
class World:
    """A running emulator with the stack in it; `fired` is which alarms were waited for."""

    emulator: EmulatorHandle
    topology: Topology
    release: Path
    fired: set[str] = field(default_factory=set[str])
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any])

    def client(self, service: str, region: str) -> Any:
        """A client of the emulated account."""
        if (service, region) not in self._clients:
            self._clients[service, region] = client(
                self.emulator, service, region, s3={"addressing_style": "path"}
            )
        return self._clients[service, region]

    def state(self, region: str, alarm: str) -> str:
        """What an alarm says."""
        found = self.client("cloudwatch", region).describe_alarms(
            AlarmNames=[alarm], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        (one,) = [*found["MetricAlarms"], *found["CompositeAlarms"]]
        state: str = one["StateValue"]
        return state

    def fires(self, region: str, alarm: str, *, minutes: float = 8) -> None:
        """Wait until an alarm says ALARM: the state that its runbook is for."""
        name = f"{PREFIX}-{alarm}"
        self.eventually(
            lambda: self.state(region, name) == "ALARM", f"{name} fires", minutes=minutes
        )
        self.fired.add(alarm)

    def eventually(self, what: Callable[[], Any], rule: str, *, minutes: float) -> None:
        """Wait until something holds, for so many emulated minutes at most."""
        deadline = time.monotonic() + minutes * MINUTE_S / self.emulator.speed + REAL_SLACK_S
        while not what():
            assert time.monotonic() < deadline, rule
            time.sleep(0.5)

    def is_well_for_long(self) -> None:
        """Wait until no page is open that forbids a drill, and none is about to open."""
        regions = [region.region for region in self.topology.regions]
        self.eventually(
            lambda: stays_well(lambda: well(self.client, PREFIX, regions), self.emulator.speed),
            "every Region is well",
            minutes=15,
        )

    def lead_back(self) -> None:
        """Take every flag away, until no observer sets one again: what failbacks do, behind gates.

        Observers keep clients from a Region that was impaired for longer than they agree in, and
        how long a page takes differs from one machine to the next.
        """
        led_at = time.monotonic()

        def unflagged() -> bool:
            nonlocal led_at
            for watcher, key in self._flags():
                self.client("s3", watcher.region).delete_object(
                    Bucket=watcher.evacuation_bucket, Key=key
                )
                led_at = time.monotonic()
            return time.monotonic() - led_at > MINUTE_S / self.emulator.speed

        self.eventually(unflagged, "no observer sets a flag again", minutes=20)

    def _flags(self) -> list[tuple[Region, str]]:
        """List the flags that are set: the Region whose bucket has it, and its key there."""
        found: list[tuple[Region, str]] = []
        for watcher in self.topology.regions:
            told = self.client("s3", watcher.region).list_objects_v2(
                Bucket=watcher.evacuation_bucket, Prefix="evacuation/"
            )
            found += [(watcher, each["Key"]) for each in told.get("Contents", ())]
        return found

    @contextmanager
    def lost(self, kind: str, target: str) -> Generator[None]:
        """Lose something meanwhile."""
        fault = self.emulator.lose(kind, target)
        try:
            yield
        finally:
            self.emulator.restore(fault)

    @contextmanager
    def stopped_schedule(self, region: str, what: str) -> Generator[None]:
        """Disable a schedule until its page has repaired it: it must be as it was then."""
        client = self.client("scheduler", region)

        def kept() -> dict[str, Any]:
            found = client.get_schedule(Name=f"{PREFIX}-{what}")
            return {key: value for key, value in found.items() if key not in NOT_OF_A_SCHEDULE}

        before = kept()
        client.update_schedule(**{**before, "State": "DISABLED"})
        try:
            yield
            assert kept() == before, "the page starts it, and changes nothing else of it"
        finally:
            client.update_schedule(**before)

    @contextmanager
    def without_policy(self, role: str) -> Generator[Callable[[], None]]:
        """Take a role's policies away; yields what gives them back early."""
        iam = self.client("iam", "us-east-1")
        kept = {
            name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        }
        assert kept, f"{role} has nothing to take away"

        def give_back() -> None:
            for name, document in kept.items():
                iam.put_role_policy(
                    RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document)
                )

        try:
            for name in kept:
                iam.delete_role_policy(RoleName=role, PolicyName=name)
            yield give_back
        finally:
            give_back()

    @contextmanager
    def another_version(
        self, region: str, *, handler: str = "", digest: str = ""
    ) -> Generator[None]:
        """Lead a Region's clients to another version of the function, meanwhile.

        Args:
            region: Where.
            handler: The code of a module `odd` with a `handle`; none: the code stays.
            digest: What it is told that its release is; none: the right one.
        """
        client, name = self.client("lambda", region), f"{PREFIX}-predict"
        before = client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
        found = client.get_function_configuration(FunctionName=name)
        variables = found["Environment"]["Variables"]
        release = zipped(self.release.read_bytes(), handler) if handler else None
        if release is not None:
            client.update_function_code(FunctionName=name, ZipFile=release)
        client.update_function_configuration(
            FunctionName=name,
            Handler="odd.handle" if handler else found["Handler"],
            Environment={
                "Variables": {**variables, "UNDERSTUDY_RELEASE_DIGEST": digest}
                if digest
                else variables
            },
        )
        odd = client.publish_version(FunctionName=name)["Version"]
        client.update_alias(FunctionName=name, Name="live", FunctionVersion=odd)
        try:
            yield
        finally:
            client.update_alias(FunctionName=name, Name="live", FunctionVersion=before)
            client.update_function_code(FunctionName=name, ZipFile=self.release.read_bytes())
            client.update_function_configuration(
                FunctionName=name,
                Handler=found["Handler"],
                Environment={"Variables": variables},
            )
            # A later page would take it for the version before.
            client.delete_function(FunctionName=name, Qualifier=odd)


def zipped(release: bytes, handler: str) -> bytes:
    """Pack a module `odd` beside what a release holds."""
    packed = io.BytesIO(release)
    with zipfile.ZipFile(packed, "a") as package:
        package.writestr("odd.py", handler)
    return packed.getvalue()
