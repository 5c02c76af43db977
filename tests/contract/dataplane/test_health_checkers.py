"""Route 53's health checkers against real sockets."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from emulator.addresses import Block
from emulator.certificates import Authority
from emulator.clock import Clock
from emulator.dataplane.health_checks import HealthCheckers
from emulator.dataplane.health_probe import CheckerTls, Probed, probe
from emulator.dataplane.health_quorum import CHECKER_REGIONS
from emulator.dataplane.world import World
from emulator.watch.metrics import MetricId
from tests.contract.dataplane.endpoint import FakeEndpoint, response
from tests.contract.dataplane.test_health_quorum import CHECK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.store import Store
    from tests.contract.dataplane.cloud import Cloud
    from tests.contract.dataplane.loop import LoopThread

SPEED = 20.0
INTERVAL_S, THRESHOLD = 10, 3
SLACK_S = 8.0
"""Emulated seconds that a busy machine may add (0.4 real ones)."""


@pytest.fixture
def clock() -> Clock:
    return Clock(SPEED)


class Checkers:
    """Checkers of one endpoint, driven from the test's thread."""

    def __init__(
        self, cloud: Cloud, loop: LoopThread, world: World, endpoint: FakeEndpoint
    ) -> None:
        self.cloud = cloud
        self.loop = loop
        self.world = world
        self.endpoint = endpoint
        self.checkers = HealthCheckers(world, Block(200), resolve=lambda _: ["127.0.0.1"])

    def check(self, **more: Any) -> str:
        config: dict[str, Any] = {
            "Type": "HTTP",
            "FullyQualifiedDomainName": "x.example.com",
            "Port": self.endpoint.port,
            "ResourcePath": "/ready",
            "RequestInterval": INTERVAL_S,
            "FailureThreshold": THRESHOLD,
            **more,
        }
        return self.cloud.health_check(**config)

    def begin(self) -> None:
        self.loop.call(self.checkers.start())

    def changed(self, check: str, *, healthy: bool, within_s: float = 60.0) -> Any:
        """Wait for the event that `check` has become `healthy`; returns its facts."""
        deadline = time.monotonic() + within_s / SPEED + 2.0
        while time.monotonic() < deadline:
            for event in self.world.events.since():
                facts = event.facts
                changed = event.kind == "health_check.changed" and facts["id"] == check
                if changed and facts["healthy"] is healthy:
                    return facts | {"at_s": event.emulated_at.timestamp()}
            time.sleep(0.01)
        raise AssertionError(f"{check} did not become {healthy=} within {within_s} emulated s")

    def wait(self, what: Callable[[], bool], rule: str, *, within_s: float = 40.0) -> None:
        deadline = time.monotonic() + within_s / SPEED + 2.0
        while not what():
            assert time.monotonic() < deadline, rule
            time.sleep(0.01)


@pytest.fixture
def checkers(
    cloud: Cloud,
    loop: LoopThread,
    store: Store,
    clock: Clock,
    faults: FaultBoard,
    events: EventLog,
) -> Iterator[Checkers]:
    endpoint = FakeEndpoint()
    loop.call(endpoint.start())
    world = World(store=store, clock=clock, faults=faults, events=events, seed=7)
    checkers = Checkers(cloud, loop, world, endpoint)
    yield checkers
    loop.call(checkers.checkers.stop())
    loop.call(endpoint.stop())


def all_reported(checkers: Checkers, check: str) -> Callable[[], bool]:
    return lambda: len(checkers.checkers.reports(check)) == 16


def test_sixteen_checkers_ask_once_an_interval_each_on_its_own_phase(checkers: Checkers) -> None:
    check = checkers.check()
    checkers.begin()
    checkers.wait(all_reported(checkers, check), "every checker reports within one interval")
    time.sleep(2 * INTERVAL_S / SPEED)
    times = sorted(checkers.endpoint.at_s)
    taken_s = (times[-1] - times[0]) * SPEED
    assert abs(len(times) - 16 * taken_s / INTERVAL_S) <= 20, "sixteen requests an interval"
    gaps_s = [(later - sooner) * SPEED for sooner, later in pairwise(times)]
    assert max(gaps_s) > 2 * INTERVAL_S / 16, "uncoordinated: some gaps are well over the mean"
    reports = checkers.checkers.reports(check)
    assert {report.region for report in reports} == set(CHECKER_REGIONS)
    assert len({report.ip for report in reports}) == 16
    assert {report.reason for report in reports} == {"Success: HTTP Status Code 200, OK"}


def test_a_request_says_who_asks_and_for_what(checkers: Checkers) -> None:
    check = checkers.check()
    checkers.begin()
    checkers.wait(lambda: bool(checkers.endpoint.requests), "a checker asks")
    request = checkers.endpoint.requests[0].decode().split("\r\n")
    assert request[0] == "GET /ready HTTP/1.1"
    assert "Host: x.example.com" in request
    assert f"Amazon-Route53-Health-Check-Service (ref {check};" in "\n".join(request)


def test_a_hard_failure_shows_after_threshold_minus_one_to_threshold_intervals(
    checkers: Checkers, clock: Clock
) -> None:
    check = checkers.check()
    checkers.begin()
    checkers.wait(all_reported(checkers, check), "every checker reports within one interval")
    flipped_s = clock.now_s()
    checkers.endpoint.reply = response(503)
    facts = checkers.changed(check, healthy=False)
    took_s = facts["at_s"] - flipped_s
    floor_s, ceiling_s = (THRESHOLD - 1) * INTERVAL_S, THRESHOLD * INTERVAL_S
    assert floor_s <= took_s <= ceiling_s + SLACK_S, f"took {took_s:.1f} emulated s"
    assert facts["checkers_healthy"] <= 2, "18 % of sixteen are two"
    assert facts["checkers_reporting"] == 16
    flipped_s = clock.now_s()
    checkers.endpoint.reply = response(200)
    facts = checkers.changed(check, healthy=True)
    took_s = facts["at_s"] - flipped_s
    assert floor_s <= took_s <= ceiling_s + SLACK_S, f"took {took_s:.1f} emulated s to recover"
    assert facts["checkers_healthy"] == 3, "three of sixteen are over 18 %"


def test_one_failure_fewer_than_the_threshold_changes_nothing(checkers: Checkers) -> None:
    check = checkers.check(FailureThreshold=10)
    checkers.begin()
    checkers.wait(all_reported(checkers, check), "every checker reports within one interval")
    checkers.endpoint.reply = response(503)
    time.sleep(4 * INTERVAL_S / SPEED)
    assert checkers.checkers.healthy(check)


def test_inverted_calculated_and_disabled_checks_follow_the_endpoint(checkers: Checkers) -> None:
    plain = checkers.check(FailureThreshold=1)
    inverted = checkers.check(FailureThreshold=1, Inverted=True)
    both = checkers.cloud.health_check(
        Type="CALCULATED", ChildHealthChecks=[plain, inverted], HealthThreshold=2
    )
    either = checkers.cloud.health_check(
        Type="CALCULATED", ChildHealthChecks=[plain, inverted], HealthThreshold=1
    )
    disabled = checkers.check(FailureThreshold=1, Disabled=True)
    checkers.begin()

    def seen() -> list[bool]:
        return [checkers.checkers.healthy(each) for each in (plain, inverted, both, either)]

    checkers.wait(all_reported(checkers, plain), "every checker reports within one interval")
    assert seen() == [True, False, False, True]
    checkers.endpoint.reply = response(500)
    checkers.changed(plain, healthy=False)
    checkers.changed(inverted, healthy=True)
    assert seen() == [False, True, False, True]
    assert checkers.checkers.healthy(disabled), "a disabled check is healthy"
    assert checkers.checkers.reports(disabled) == [], "and asks nothing"


def test_a_check_on_an_alarm_follows_its_state(checkers: Checkers) -> None:
    cloudwatch = checkers.cloud.client("cloudwatch", "us-west-2")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="n",
        MetricName="m",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Sum",
    )
    check = checkers.cloud.health_check(Type="CLOUDWATCH_METRIC")
    # What moto drops, a patch keeps under these names.
    from moto.route53.models import route53_backends

    kept = route53_backends["123456789012"]["aws"].health_checks[check]
    kept.alarm_identifier = {"Region": "us-west-2", "Name": "errors"}
    kept.insufficient_data_health_status = "LastKnownStatus"
    checkers.begin()
    for state, healthy in [("ALARM", False), ("INSUFFICIENT_DATA", False), ("OK", True)]:
        cloudwatch.set_alarm_state(AlarmName="errors", StateValue=state, StateReason="test")
        assert checkers.checkers.healthy(check) is healthy, state
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="test")
    checkers.changed(check, healthy=False)


def test_checkers_in_a_lost_region_neither_ask_nor_count(
    checkers: Checkers, faults: FaultBoard, clock: Clock
) -> None:
    check = checkers.check()
    checkers.begin()
    checkers.wait(all_reported(checkers, check), "every checker reports within one interval")
    fault = faults.lose("region", "us-east-1")
    reports = checkers.checkers.reports(check)
    assert len(reports) == 14
    assert "us-east-1" not in {report.region for report in reports}
    checkers.endpoint.reply = response(503)
    facts = checkers.changed(check, healthy=False)
    assert facts["checkers_reporting"] == 14
    faults.restore(fault.id)
    while len(checkers.checkers.reports(check)) < 16:
        assert not checkers.checkers.healthy(check), (
            "an opinion from before the loss counts no more"
        )
        time.sleep(0.01)
    restored_s = clock.now_s()
    checkers.endpoint.reply = response(200)
    facts = checkers.changed(check, healthy=True)
    floor_s = (THRESHOLD - 1) * INTERVAL_S
    assert facts["at_s"] - restored_s >= floor_s, "checkers that return do not decide by themselves"


def test_only_the_chosen_regions_check(checkers: Checkers) -> None:
    check = checkers.check(Regions=["us-west-1", "us-west-2", "eu-west-1"])
    checkers.begin()
    checkers.wait(lambda: len(checkers.checkers.reports(check)) == 6, "two checkers a Region")


def test_a_deleted_check_is_asked_no_more(checkers: Checkers) -> None:
    check = checkers.check()
    checkers.begin()
    checkers.wait(all_reported(checkers, check), "every checker reports within one interval")
    checkers.cloud.client("route53").delete_health_check(HealthCheckId=check)
    time.sleep(0.5)
    asked = len(checkers.endpoint.requests)
    time.sleep(0.7)
    assert len(checkers.endpoint.requests) == asked


def test_the_seed_fixes_the_phases(world_of: Callable[[int], World]) -> None:
    def phases(seed: int) -> list[float]:
        checkers = HealthCheckers(world_of(seed), Block(200), resolve=lambda _: [])
        due = [each.due_s for each in checkers._new_checkers(CHECK)]
        return [round(later - due[0], 2) for later in due]

    assert phases(1) == phases(1)
    assert phases(1) != phases(2)


@pytest.fixture
def world(world_of: Callable[[int], World]) -> World:
    return world_of(7)


@pytest.fixture
def world_of(
    store: Store, clock: Clock, faults: FaultBoard, events: EventLog
) -> Callable[[int], World]:
    return lambda seed: World(store=store, clock=clock, faults=faults, events=events, seed=seed)


def ask(
    loop: LoopThread,
    world: World,
    endpoint: FakeEndpoint,
    *,
    tls: Any = None,
    stop: bool = True,
    **check: Any,
) -> Probed:
    """One request to `endpoint` by a checker of a check with these settings."""

    async def work() -> Probed:
        await endpoint.start(tls)
        if check.pop("refused", False):
            await endpoint.stop()
        wanted = replace(CHECK, **{"type": "HTTP", **check})
        context = CheckerTls.make()
        found = await probe(wanted, "127.0.0.1", endpoint.port, world=world, tls=context)
        if stop:
            await endpoint.stop()
        return found

    return loop.call(work())


LONG = "x" * 5115 + "ready"  # the string ends with byte 5,120


@pytest.mark.parametrize(
    ("reply", "check", "passes"),
    [
        (response(200), {}, True),
        (response(204, ""), {}, True),
        (response(302), {}, True),
        (response(399), {}, True),
        (response(400), {}, False),
        (response(404), {}, False),
        (response(503), {}, False),
        (response(200, "all ready"), {"type": "HTTP_STR_MATCH", "search_string": "ready"}, True),
        (response(200, "all"), {"type": "HTTP_STR_MATCH", "search_string": "ready"}, False),
        (response(503, "ready"), {"type": "HTTP_STR_MATCH", "search_string": "ready"}, False),
        (response(200, LONG), {"type": "HTTP_STR_MATCH", "search_string": "ready"}, True),
        (response(200, "x" + LONG), {"type": "HTTP_STR_MATCH", "search_string": "ready"}, False),
        (
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"3\r\nrea\r\n2\r\ndy\r\n0\r\n\r\n"
            ),
            {"type": "HTTP_STR_MATCH", "search_string": "ready"},
            True,
        ),
        (b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", {}, False),
        (b"SSH-2.0-OpenSSH\r\n\r\n", {}, False),
        (b"\r\n\r\n", {}, False),
        (b"anything", {"type": "TCP"}, True),
    ],
)
def test_what_passes_a_health_check(
    loop: LoopThread,
    world: World,
    reply: bytes,
    check: dict[str, Any],
    passes: bool,  # noqa: FBT001  # a row of the table
) -> None:
    result = ask(loop, world, FakeEndpoint(reply), **check)
    assert result.passed is passes, result.reason
    assert result.reason.startswith("Success: " if passes else "Failure: ")


def test_an_endpoint_that_does_not_answer_in_time_fails(loop: LoopThread, world: World) -> None:
    endpoint = FakeEndpoint()
    endpoint.hangs = True
    began = time.monotonic()
    result = ask(loop, world, endpoint)
    assert not result.passed
    assert 0.9 < time.monotonic() - began < 3.0, "at speed 20 the real limit is its floor, 1 s"


def test_a_body_that_comes_too_late_fails_a_string_match_only(
    loop: LoopThread, world: World
) -> None:
    late = {"body_after_s": 2.0}
    search: dict[str, Any] = {"type": "HTTP_STR_MATCH", "search_string": "fine"}
    assert not ask(loop, world, FakeEndpoint(**late), **search).passed
    assert ask(loop, world, FakeEndpoint(**late)).passed


@pytest.mark.parametrize("kind", ["TCP", "HTTP"])
def test_a_refused_connection_fails(loop: LoopThread, world: World, kind: str) -> None:
    assert not ask(loop, world, FakeEndpoint(), type=kind, refused=True, stop=False).passed


@pytest.mark.parametrize(("sni", "expected"), [(True, "x"), (False, None)])
def test_https_checks_validate_no_certificate_and_send_sni_if_told(
    loop: LoopThread,
    world: World,
    work_dir: Path,
    sni: bool,  # noqa: FBT001  # a row of the table
    expected: str | None,
) -> None:
    endpoint = FakeEndpoint()
    tls = Authority(work_dir).server_context(["some.other.name"])
    result = ask(loop, world, endpoint, tls=tls, type="HTTPS", enable_sni=sni)
    assert result.passed, result.reason
    assert endpoint.server_names == [expected]


def test_a_name_that_leads_outside_the_machine_fails_and_is_not_asked(
    cloud: Cloud, loop: LoopThread, world_of: Callable[[int], World]
) -> None:
    check = cloud.health_check(
        Type="HTTP",
        FullyQualifiedDomainName="x.example.com",
        RequestInterval=10,
        FailureThreshold=1,
    )
    for addresses, reason in ([["192.0.2.1"], "outside the emulator"], [[], "DNS resolution"]):
        resolve: Callable[[str], list[str]] = lambda _, found=addresses: found  # noqa: E731
        checkers = HealthCheckers(world_of(1), Block(200), resolve=resolve)
        loop.call(checkers.start())
        deadline = time.monotonic() + 5
        while checkers.healthy(check):
            assert time.monotonic() < deadline, "an endpoint that cannot be asked is unhealthy"
            time.sleep(0.01)
        assert reason in checkers.reports(check)[0].reason
        loop.call(checkers.stop())


def test_checks_have_metrics_in_us_east_1_alone(checkers: Checkers) -> None:
    metrics = checkers.checkers._world.metrics
    check = checkers.check()
    calculated = checkers.cloud.health_check(
        Type="CALCULATED", ChildHealthChecks=[check], HealthThreshold=1
    )
    checkers.begin()

    def latest(name: str, check_id: str) -> float | None:
        metric = MetricId.of("AWS/Route53", name, {"HealthCheckId": check_id})
        found = metrics.periods("us-east-1", metric, start_s=0, end_s=1e11, period_s=60)
        return found[max(found)].maximum if found else None

    checkers.wait(
        lambda: latest("HealthCheckPercentageHealthy", check) == 100.0, "its share is published"
    )
    assert latest("HealthCheckStatus", check) == 1.0
    assert latest("ChildHealthCheckHealthyCount", calculated) == 1.0
    assert metrics.regions() == ["us-east-1"]
