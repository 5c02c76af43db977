"""A deployed function reaches what is deployed by its public name, at its own port, over TLS."""

from __future__ import annotations

import json
import socket
import threading
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rrset
import pytest

from emulator.addresses import FIRST_UNPRIVILEGED_PORT, PRIVILEGED_PORT_SHIFT
from emulator.certificates import Authority
from emulator.dataplane import worker_network
from emulator.dataplane.lambda_environment import Network
from emulator.dataplane.lambda_service import LambdaService
from emulator.dataplane.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from emulator.clock import Clock
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.store import Store
    from tests.contract.dataplane.cloud import Cloud
    from tests.contract.dataplane.loop import LoopThread

NAME = "predict.example.test"
ADDRESS = "127.0.0.53"
ASKS = """
import http.client, json, ssl

def handle(event, context):
    connection = http.client.HTTPSConnection(
        event["name"], event["port"], timeout=5, context=ssl.create_default_context()
    )
    try:
        connection.request("GET", "/")
        return {"status": connection.getresponse().status}
    except OSError as error:
        return {"error": f"{type(error).__name__}: {error}"}
"""


@pytest.fixture
def name_server() -> Iterator[tuple[str, int]]:
    """A name server that knows one name, by way of a canonical one."""
    endpoint = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    endpoint.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            query, client = endpoint.recvfrom(4096)
            if query == b"stop":
                return
            asked = dns.message.from_wire(query)
            answer = dns.message.make_response(asked)
            if asked.question[0].name.to_text() == f"{NAME}.":
                answer.answer = [
                    dns.rrset.from_text(f"{NAME}.", 60, "IN", "CNAME", "alb.example.test."),
                    dns.rrset.from_text("alb.example.test.", 60, "IN", "A", ADDRESS),
                ]
            endpoint.sendto(answer.to_wire(), client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield endpoint.getsockname()
    endpoint.sendto(b"stop", endpoint.getsockname())
    thread.join(timeout=5)
    endpoint.close()


@pytest.fixture
def authority(work_dir: Path) -> Authority:
    return Authority(work_dir)


@pytest.fixture
def port(authority: Authority) -> Iterator[int]:
    """An HTTPS server on a high port of the address; answers 204 to each connection's request."""
    listener = socket.create_server((ADDRESS, 0))
    context = authority.server_context([NAME])

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # the test is over
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(4096)
                    secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                continue
            finally:
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


@pytest.fixture
def ask(  # noqa: PLR0913, PLR0917  # what the service is made of
    cloud: Cloud,
    loop: LoopThread,
    store: Store,
    clock: Clock,
    faults: FaultBoard,
    events: EventLog,
    authority: Authority,
    name_server: tuple[str, int],
) -> Iterator[Ask]:
    async def make() -> LambdaService:
        service = LambdaService(
            World(store=store, clock=clock, faults=faults, events=events),
            ship_logs=lambda *_: None,
            aws_endpoint=cloud.endpoint,
            network=Network(dns=name_server, ca_file=authority.ca_file),
            work_dir=authority.work_dir,
        )
        await service.start()
        return service

    cloud.function(ASKS)
    service = loop.call(make())
    yield Ask(service, loop)
    loop.call(service.stop())


class Ask:
    def __init__(self, service: LambdaService, loop: LoopThread) -> None:
        self._service = service
        self._loop = loop

    def __call__(self, name: str, port: int) -> dict[str, object]:
        payload = json.dumps({"name": name, "port": port}).encode()
        result = self._loop.call(self._service.invoke("fn", None, payload, region="us-east-1"))
        answer: dict[str, object] = json.loads(result.payload)
        return answer


def test_a_function_reaches_a_public_name_over_tls(ask: Ask, port: int) -> None:
    assert ask(NAME, port) == {"status": 204}, "resolved by the emulated DNS, trusted by its CA"


def test_a_name_nobody_serves_is_not_found_and_nothing_leaves_the_machine(ask: Ask) -> None:
    assert "gaierror" in str(ask("www.example.com", 443))


def test_an_answer_outside_the_machine_is_known_and_not_connected_to(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.contract.dataplane.test_worker_network.ADDRESS", "192.0.2.1")
    assert "may reach loopback only" in str(ask(NAME, 443)), "its name was found, and no more"


def test_a_certificate_for_another_name_is_refused(ask: Ask, port: int) -> None:
    said = str(ask(ADDRESS, port))
    assert "SSLCertVerificationError" in said, "a function verifies whom it talks to"


@pytest.mark.parametrize(
    ("port", "served"), [(443, 8443), ("443", 8443), (80, 8080), (9443, 9443), (None, None), (0, 0)]
)
def test_privileged_ports_are_found_where_they_are_served(port: object, served: object) -> None:
    assert worker_network.served_port("127.42.10.1", port) == served
    assert worker_network.PORT_SHIFT == PRIVILEGED_PORT_SHIFT, "the same rule as the listeners'"
    assert worker_network.PRIVILEGED_BELOW == FIRST_UNPRIVILEGED_PORT


def test_a_name_server_that_does_not_answer_is_a_lookup_that_may_be_tried_again() -> None:
    def silent(_: bytes) -> bytes:
        raise TimeoutError("timed out")

    with pytest.raises(socket.gaierror) as caught:
        worker_network.addresses(NAME, silent)
    assert caught.value.errno == socket.EAI_AGAIN


def test_every_address_of_an_answer_is_used() -> None:
    def answers(query: bytes) -> bytes:
        asked = dns.message.from_wire(query)
        assert asked.flags & dns.flags.RD, "recursion is asked for, as stub resolvers do"
        answer = dns.message.make_response(asked)
        answer.answer = [dns.rrset.from_text(f"{NAME}.", 60, "IN", "A", "127.0.0.1", "127.0.0.2")]
        return answer.to_wire()

    assert sorted(worker_network.addresses(NAME, answers)) == ["127.0.0.1", "127.0.0.2"]
