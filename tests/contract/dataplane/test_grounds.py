"""What the data plane stands on: time, addresses, certificates, views of moto, target states."""

from __future__ import annotations

import asyncio
import ssl
import stat
import threading
import time
from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING

import pytest

from emulator.addresses import AddressError, Block, LoadBalancerNumbers
from emulator.certificates import Authority, CertificateNamesError
from emulator.clock import Clock, SpeedError
from emulator.dataplane.target_health import INITIAL, TargetStatus, _Target
from emulator.store import Store
from emulator.store.backends import items_of
from tests.contract.dataplane.test_alb_event import GROUP

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.dataplane.cloud import Cloud


def test_emulated_time_runs_as_many_times_as_fast_and_starts_now() -> None:
    clock = Clock(20)
    began_s, real_s = clock.now_s(), time.monotonic()
    assert abs(began_s - time.time()) < 5
    asyncio.run(clock.sleep(4))
    assert 0.2 <= time.monotonic() - real_s < 1.0
    assert 4 <= clock.now_s() - began_s < 20
    assert clock.now().utcoffset() is not None


def test_a_timeout_never_falls_below_what_real_hardware_needs() -> None:
    assert Clock(2).timeout_s(10) == 5
    assert Clock(100).timeout_s(2) == 0.5
    assert Clock(10).real_s(30) == 3


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_a_speed_that_is_no_positive_number_is_refused_by_value(speed: float) -> None:
    with pytest.raises(SpeedError, match=str(speed)):
        Clock(speed)


def test_a_block_lays_everything_out_below_one_octet() -> None:
    block = Block(42)
    assert block.api.url == "http://127.42.0.1:4566"
    assert (block.dns, block.control) == (("127.42.0.1", 5300), ("127.42.0.1", 4600))
    assert block.load_balancer(0, 1) == "127.42.10.1"
    assert [block.listener_port(port) for port in (80, 443, 1023, 1024, 8080)] == [
        8080,
        8443,
        9023,
        1024,
        8080,
    ]


@pytest.mark.parametrize(("n", "az"), [(246, 1), (-1, 1), (0, 0)])
def test_an_address_outside_the_block_is_refused(n: int, az: int) -> None:
    with pytest.raises(AddressError):
        Block(42).load_balancer(n, az)


def test_a_load_balancer_keeps_its_number_and_nobody_gets_it_again() -> None:
    numbers = LoadBalancerNumbers(Block(42))
    zones = ("us-east-1a", "us-east-1c")
    assert numbers.addresses("one", zones) == ("127.42.10.1", "127.42.10.3")
    assert numbers.addresses("two", zones) == ("127.42.11.1", "127.42.11.3")
    assert numbers.addresses("one", zones[:1]) == ("127.42.10.1",)


def test_certificates_verify_against_the_authority_and_are_made_once(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = authority.server_context(["b.example.com", "*.a.example.com"])
    assert context is authority.server_context(["*.A.example.com.", "b.example.com"])
    again = Authority(tmp_path)
    assert again.ca_file.read_bytes() == authority.ca_file.read_bytes(), "one CA a work directory"
    again.server_context(["b.example.com", "*.a.example.com"])
    assert len(list((tmp_path / "certificates").iterdir())) == 1
    ssl.create_default_context(cafile=str(authority.ca_file))
    with pytest.raises(CertificateNamesError):
        authority.server_context([])


def test_nobody_else_may_read_a_key(tmp_path: Path) -> None:
    Authority(tmp_path).server_context(["x.example.com"])
    keys = [path for path in tmp_path.rglob("*.pem") if b"PRIVATE KEY" in path.read_bytes()]
    assert len(keys) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}


def test_views_are_frozen_and_follow_the_state(cloud: Cloud) -> None:
    store = Store()
    made = cloud.load_balancer(zones="ca")
    [balancer] = store.load_balancers()
    assert balancer.zones == ("us-east-1a", "us-east-1c")
    assert (balancer.client_keep_alive_s, balancer.idle_timeout_s) == (3600, 60)
    with pytest.raises(FrozenInstanceError):
        balancer.name = "other"  # pyright: ignore[reportAttributeAccessIssue]
    assert store.load_balancer_named(made["DNSName"].lower()) == balancer
    cloud.client("elbv2").delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
    assert store.load_balancer(made["LoadBalancerArn"]) is None
    assert store.load_balancers() == []


def test_an_empty_account_has_nothing_and_reading_creates_nothing(cloud: Cloud) -> None:
    assert cloud.endpoint
    store = Store()
    everything = [store.load_balancers(), store.functions(), store.zones(), store.health_checks()]
    assert everything == [[], [], [], []]
    assert store.function("mars-1", "fn") is None
    assert store.target_group("no arn") is None
    assert store.health_check("none") is None
    assert store.alarm_state("us-east-1", "none") is None


def test_a_dictionary_may_change_while_it_is_read() -> None:
    mapping = {n: n for n in range(2000)}
    done = threading.Event()

    def change() -> None:
        n = 0
        while not done.is_set():
            mapping[-n] = n
            mapping.pop(-n + 50, None)
            n += 1

    writer = threading.Thread(target=change)
    writer.start()
    try:
        for _ in range(300):
            assert len(items_of(mapping)) >= 1900
    finally:
        done.set()
        writer.join()


def test_a_dictionary_that_never_holds_still_is_an_error() -> None:
    class Restless(dict[int, int]):
        def items(self) -> object:  # pyright: ignore[reportIncompatibleMethodOverride]
            raise RuntimeError("dictionary changed size during iteration")

    with pytest.raises(RuntimeError, match="kept changing"):
        items_of(Restless())


def test_a_target_changes_state_by_its_thresholds() -> None:
    """Initial to healthy by one pass; then two failures out (unhealthy), five passes back in."""
    failed = ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]")
    target = _Target(status=TargetStatus("fn", *INITIAL))
    results = [None, failed, None, failed, failed, None, None, None, None, failed]
    results += [None] * 5
    states = []
    for problem in results:
        target.observe(GROUP, problem)
        states.append(target.status.state)
    assert states == ["healthy"] * 4 + ["unhealthy"] * 10 + ["healthy"]
    assert target.status == TargetStatus("fn", "healthy", None, None)


def test_a_target_that_never_passed_becomes_unhealthy_with_the_reason() -> None:
    target = _Target(status=TargetStatus("fn", *INITIAL))
    problem = ("Target.Timeout", "Request timed out")
    changed = [target.observe(GROUP, problem) for _ in range(3)]
    assert changed == [False, True, False]
    assert target.status == TargetStatus("fn", "unhealthy", *problem)
