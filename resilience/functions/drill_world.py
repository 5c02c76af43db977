"""What a drill's function touches: AWS through boto3, and the stack as a client by DNS and HTTPS.

Clients probe at one request a second, open loop: a slow reply delays none after it. Slower than a
laptop's, with the same definitions.
"""

from __future__ import annotations

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from resilience.experiments.core.world import CallError
from resilience.functions.client_credential import CredentialError, read_credential
from resilience.functions.golden_request import TIMEOUT_S, ask, connect, golden_cases
from resilience.records import Connection, Outcome, Probe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from resilience.experiments.core.ground import Ground
    from resilience.functions.client_credential import Credential
    from resilience.functions.golden_request import Answer

WELL: Final = "192.0.2.1"
"""What a verdict's name leads to while Route 53 finds the deep check well (RFC 5737)."""

RATE_PER_S: Final = 1.0
_MOST_AT_ONCE: Final = 64
_CLIENT: Final = ClientConfig(
    connect_timeout=2.0, read_timeout=10.0, retries={"total_max_attempts": 3, "mode": "standard"}
)


@dataclass(frozen=True, kw_only=True)
class Aim:
    """One request to make: to which name, and when the open loop meant to send it."""

    name: str
    number: int
    scheduled_s: float


class Beside:
    """Does something again and again in a thread of its own, so that it delays nobody.

    One call after the other: as long as one lasts, no other is made.
    """

    def __init__(self, do: Callable[[], None] | None) -> None:
        self._do = do
        self._thread = ThreadPoolExecutor(1)
        self._latest: Future[None] | None = None

    def __enter__(self) -> Self:
        """Nothing is done yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the latest call; raises what it raised."""
        self._thread.shutdown()
        if self._latest is not None:
            self._latest.result()

    def once(self) -> None:
        """Do it once more, unless the call before still lasts; raises what that one raised."""
        if self._latest is not None:
            if not self._latest.done():
                return
            self._latest.result()
        if self._do is not None:
            self._latest = self._thread.submit(self._do)


class FunctionWorld:
    """`resilience.experiments.core.world.World` in Lambda."""

    def __init__(self, ground: Ground, environment: Mapping[str, str]) -> None:
        self._ground = ground
        self._release = environment["UNDERSTUDY_RELEASE_DIGEST"]
        self._secret = environment.get("UNDERSTUDY_CANARY_SECRET", "")
        self._zone = ground.predict_name.partition(".")[2]
        self._cases = golden_cases()
        self._clients: dict[tuple[str, str], Any] = {}

    def now_s(self) -> float:
        """Unix time."""
        return time.time()

    def stopped(self) -> str:
        """Nobody stops a state machine's drill but its own conditions."""
        return ""

    def call(self, service: str, operation: str, *, region: str, **parameters: Any) -> Any:
        """Make one call to AWS."""
        what = f"{service} {operation} in {region}"
        try:
            if (service, region) not in self._clients:
                self._clients[service, region] = boto3.client(
                    service, region_name=region, config=_CLIENT
                )
            return getattr(self._clients[service, region], operation)(**parameters)
        except ClientError as error:
            detail = error.response.get("Error", {})
            code = str(detail.get("Code", "Unknown"))
            raise CallError(what, code, str(detail.get("Message", error))) from error
        except NoCredentialsError as error:
            raise CallError(what, "NoCredentials", str(error)) from error
        except BotoCoreError as error:
            raise CallError(what, "", str(error)) from error

    def watch(self, for_s: float, meanwhile: Callable[[], None] | None = None) -> tuple[Probe, ...]:
        """Probe for so long; the drill's memory keeps what was seen."""
        return self._probe(self._ground.predict_name, RATE_PER_S, for_s, meanwhile)

    def probes(self, kept: Sequence[Probe]) -> tuple[Probe, ...]:
        """Give what the memory kept: there is nothing else."""
        return tuple(kept)

    def request_ids(self, probes: Sequence[Probe]) -> frozenset[str]:
        """Name requests by when they were to be sent."""
        return frozenset(_request_id(each.scheduled_s) for each in probes)

    def serves(self, region: str) -> bool:
        """Ask a Region one golden request."""
        aim = Aim(name=self._ground.place(region).name, number=0, scheduled_s=time.time())
        return self._sent(aim, self._credential()).good

    def healthy(self, region: str) -> bool | None:
        """Ask the name servers for Route 53's verdict; None without an answer."""
        found = _resolved(f"verdict.{region}.{self._zone}")
        return None if found is None else found == frozenset({WELL})

    def leads_to(self) -> frozenset[str] | None:
        """Ask where clients are led."""
        return _resolved(self._ground.predict_name)

    def addresses(self, region: str) -> frozenset[str]:
        """Ask for a Region's addresses."""
        return _resolved(self._ground.place(region).name) or frozenset()

    def burst(self, region: str, *, rate_per_s: float, for_s: float) -> tuple[Probe, ...]:
        """Send a step load to a Region's own name."""
        return self._probe(self._ground.place(region).name, rate_per_s, for_s)

    def _probe(
        self,
        name: str,
        rate_per_s: float,
        for_s: float,
        meanwhile: Callable[[], None] | None = None,
    ) -> tuple[Probe, ...]:
        credential = self._credential()
        start_s, count = time.time(), max(int(for_s * rate_per_s), 1)
        most = min(count, _MOST_AT_ONCE)
        with ThreadPoolExecutor(most) as threads, Beside(meanwhile) as beside:
            sending = []
            for number in range(count):
                scheduled_s = round(start_s + number / rate_per_s, 3)
                time.sleep(max(scheduled_s - time.time(), 0.0))
                aim = Aim(name=name, number=number, scheduled_s=scheduled_s)
                sending.append(threads.submit(self._sent, aim, credential))
                beside.once()
            return tuple(each.result() for each in sending)

    def _sent(self, aim: Aim, credential: Credential) -> Probe:
        """Send one request; never raises for what a network can do."""
        connection = connect(aim.name, credential)
        case = self._cases[(int(aim.scheduled_s) + aim.number) % len(self._cases)]

        def send() -> Answer:
            return ask(
                connection,
                case,
                credential.headers,
                own_release=self._release,
                who="drill",
                request_id=_request_id(aim.scheduled_s),
            )

        outcome, answer = _outcome(send)
        address = _peer(connection)
        connection.close()
        return Probe(
            scheduled_s=aim.scheduled_s,
            client=0,
            connection=Connection.FRESH,
            outcome=outcome,
            latency_s=round(time.time() - aim.scheduled_s, 4),
            address=address,
            region=None if answer is None else answer.region or None,
            release=None if answer is None else answer.release or None,
            status=None if answer is None else answer.status or None,
        )

    def _credential(self) -> Credential:
        try:
            return read_credential(self._secret)
        except CredentialError as error:
            raise CallError("the clients' credential", "NoCredential", str(error)) from error


def _outcome(send: Callable[[], Answer]) -> tuple[Outcome, Answer | None]:
    try:
        answer = send()
    except TimeoutError:
        return Outcome.TIMEOUT, None
    except socket.gaierror:
        return Outcome.NO_ADDRESS, None
    except (OSError, http.client.HTTPException):
        return Outcome.NO_CONNECTION, None
    if answer.took_ms > TIMEOUT_S * 1000:
        return Outcome.TIMEOUT, answer
    if answer.wrong:
        return Outcome.WRONG_ANSWER, answer
    return (Outcome.BAD_STATUS if answer.problem else Outcome.GOOD), answer


def _peer(connection: http.client.HTTPSConnection) -> str | None:
    """Give the address that was reached; None if there is no connection, or none any more."""
    try:
        return None if connection.sock is None else str(connection.sock.getpeername()[0])
    except OSError:
        return None


def _request_id(scheduled_s: float) -> str:
    return f"drill-{round(scheduled_s * 1000)}"


def _resolved(name: str) -> frozenset[str] | None:
    try:
        found = socket.getaddrinfo(name, None, socket.AF_INET)
    except OSError:
        return None
    return frozenset(str(each[4][0]) for each in found)
