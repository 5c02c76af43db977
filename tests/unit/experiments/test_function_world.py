"""The function's clients: open loop, and the outcomes that a laptop's clients know."""

from __future__ import annotations

import http.client
import socket
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from hand_world import EAST, ground

from resilience.experiments.core.world import CallError
from resilience.functions import drill_world
from resilience.functions.client_credential import Credential
from resilience.functions.drill_world import FunctionWorld
from resilience.functions.golden_request import Answer
from resilience.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

GOOD = Answer(took_ms=3, release="a" * 64, region=EAST, status=200)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> FunctionWorld:
    monkeypatch.setattr(drill_world, "golden_cases", lambda: [{"request": {}, "response": {}}])
    connection = SimpleNamespace(sock=None, close=lambda: None)
    monkeypatch.setattr(drill_world, "connect", lambda *_: connection)
    monkeypatch.setattr(drill_world, "read_credential", lambda _: Credential())
    return FunctionWorld(ground(), {"UNDERSTUDY_RELEASE_DIGEST": "a" * 64})


def answering(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Answer]) -> list[str]:
    asked: list[str] = []

    def ask(*_: object, request_id: str, **__: object) -> Answer:
        asked.append(request_id)
        return answer()

    monkeypatch.setattr(drill_world, "ask", ask)
    return asked


def raising(error: Exception) -> Callable[[], Answer]:
    def answer() -> Answer:
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (lambda: GOOD, Outcome.GOOD),
        (lambda: Answer(took_ms=3, status=502, problem="status 502"), Outcome.BAD_STATUS),
        (lambda: Answer(took_ms=3, wrong=True, problem="wrong"), Outcome.WRONG_ANSWER),
        (raising(TimeoutError()), Outcome.TIMEOUT),
        (raising(socket.gaierror()), Outcome.NO_ADDRESS),
        (raising(ConnectionRefusedError()), Outcome.NO_CONNECTION),
        (raising(http.client.BadStatusLine("")), Outcome.NO_CONNECTION),
    ],
)
def test_what_a_network_can_do_is_an_outcome_and_no_error(
    world: FunctionWorld,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[], Answer],
    outcome: Outcome,
) -> None:
    answering(monkeypatch, answer)
    (probe,) = world.watch(1.0)
    assert probe.outcome is outcome


def test_a_slow_reply_delays_no_probe_after_it(
    world: FunctionWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow() -> Answer:
        time.sleep(0.6)
        return GOOD

    asked = answering(monkeypatch, slow)
    monkeypatch.setattr(drill_world, "RATE_PER_S", 20.0)
    began_s = time.time()
    probes = world.watch(0.5)
    times = [each.scheduled_s - probes[0].scheduled_s for each in probes]
    assert times == pytest.approx([n / 20 for n in range(10)], abs=0.002)
    assert time.time() - began_s < 3, "ten replies of 0.6 s were waited for side by side"
    assert world.request_ids(probes) == frozenset(asked), "records are found by these"


def test_a_slow_write_delays_no_probe_and_is_followed_by_the_next(
    world: FunctionWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, lambda: GOOD)
    monkeypatch.setattr(drill_world, "RATE_PER_S", 20.0)
    calls: list[float] = []

    def slow() -> None:
        calls.append(time.time())
        time.sleep(0.12)

    probes = world.watch(0.5, slow)
    times = [each.scheduled_s - probes[0].scheduled_s for each in probes]
    assert times == pytest.approx([n / 20 for n in range(10)], abs=0.002)
    assert max(each.latency_s for each in probes) < 0.1, "probes do not wait for writes"
    assert 2 <= len(calls) <= 4, "as long as one lasts no other is made"


def test_a_write_that_cannot_be_made_at_all_is_no_silence(
    world: FunctionWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, lambda: GOOD)

    def fails() -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - its own
        world.watch(1.0, fails)


def refusing(error: Exception) -> Any:
    def call(**_: object) -> Any:
        raise error

    return SimpleNamespace(get_item=call)


@pytest.mark.parametrize(
    ("error", "code", "expired"),
    [
        (
            ClientError({"Error": {"Code": "ThrottlingException"}}, "GetItem"),
            "ThrottlingException",
            False,
        ),
        (ClientError({"Error": {"Code": "ExpiredToken"}}, "GetItem"), "ExpiredToken", True),
        (NoCredentialsError(), "NoCredentials", True),
        (EndpointConnectionError(endpoint_url="https://x"), "", False),
    ],
)
def test_errors_of_aws_come_with_their_code(
    world: FunctionWorld,
    error: Exception,
    code: str,
    expired: bool,  # noqa: FBT001
) -> None:
    world._clients["dynamodb", EAST] = refusing(error)
    with pytest.raises(CallError) as caught:
        world.call("dynamodb", "get_item", region=EAST)
    assert (caught.value.code, caught.value.expired) == (code, expired)
