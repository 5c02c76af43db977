"""The stage of a rehearsal: an emulated AWS, started, deployed into, broken and taken down.

The only module that knows the emulator (through its handle). Everything else sees AWS through
`resilience.aws` and a name server, as it would see an account.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from emulator.handle import (
    DeployRefusedError,
    EmulatorError,
    EmulatorHandle,
    EmulatorRequestError,
    Problem,
    ProgramFailedError,
)
from resilience.credentials import Bearer, Certificate, Nothing
from resilience.identity import ClientAuthority, Issuer, RunningClock

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from resilience.credentials import Credential
    from resilience.topology import Listener, TokenDemand

HTTPS_PORT = 443


class StageError(Exception):
    """The stage could not be set, or fell.

    StageError
     +-- RefusedError     the program or its deploy was refused; `problems` say why
     +-- StageGoneError   the emulator died in mid-run
    """


class RefusedError(StageError):
    """The program or a deploy was refused; each problem is a sentence with its resource."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StageGoneError(StageError):
    """The emulator is not there any more."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A Region that was taken away, and when, in Unix seconds of the wall clock."""

    region: str
    onset_unix_s: float
    fault: Any  # the emulator's own; handed back as it came


@dataclass(frozen=True, kw_only=True)
class StageEvent:
    """Something that happened inside the emulated AWS, in Unix seconds of the wall clock."""

    at_unix_s: float
    kind: str
    facts: Mapping[str, Any]


class Stage:
    """A running emulator. A context manager: leaving it leaves no process and no port."""

    def __init__(self, handle: EmulatorHandle) -> None:
        self._handle = handle
        self._deployed = ("", "")
        self._authority = ClientAuthority(handle.work_dir / "clients")
        self._issuers: dict[TokenDemand, Issuer] = {}

    @classmethod
    def start(cls, work_dir: Path, *, speed: float, seed: int) -> Self:
        """Start an emulator; `speed` is how many times faster its waits pass.

        Raises:
            StageGoneError: it did not come up.
        """
        with _translated():
            return cls(EmulatorHandle.start(work_dir, speed=speed, seed=seed))

    def __enter__(self) -> Self:
        """Stay up until left."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take everything down."""
        self.stop()

    def stop(self) -> None:
        """Take everything down; idempotent."""
        self._handle.stop()

    @property
    def aws_environment(self) -> dict[str, str]:
        """What an AWS client needs to reach the emulated account."""
        return self._handle.aws_environment()

    @property
    def dns_address(self) -> tuple[str, int]:
        """The authoritative name server."""
        host, port = self._handle.dns_address
        return host, int(port)

    @property
    def control(self) -> str:
        """Where faults can be posted by hand."""
        return self._handle.control

    @property
    def ca_file(self) -> Path:
        """The authority that the emulated certificates are verified with."""
        return self._handle.ca_file

    @property
    def https_port(self) -> int:
        """Where port 443 of the load balancers is served."""
        return self._handle.listener_port(HTTPS_PORT)

    def client_subnet(self, region: str) -> str:
        """Where clients near a Region come from, as their resolvers tell a name server."""
        return self._handle.client_subnet(region)

    def deploy(
        self,
        project_dir: Path,
        stack: str,
        *,
        config_file: Path | None,
        config: Mapping[str, str],
        progress: Callable[[str], None],
    ) -> Mapping[str, object]:
        """Deploy a program and return its outputs.

        Raises:
            RefusedError: the program failed, or the emulated AWS refused something.
            StageGoneError: the emulator died.
        """
        done = 0

        def on_event(event: Mapping[str, Any]) -> None:
            nonlocal done
            if event.get("event") == "resource":
                done += 1
                progress(f"{done} resources, {event.get('op')} {event.get('type')}")

        with _translated():
            deployment = self._handle.deploy(
                project_dir,
                stack,
                config_file=config_file,
                # Of use only where client certificates are asked for; the real one has no key here.
                config={"clientCaBundle": str(self._authority.bundle), **config},
                on_event=on_event,
            )
        project = str(deployment.outputs.get("project", ""))
        self._deployed = (project, stack)
        return deployment.outputs

    def resources(self) -> Mapping[str, Any]:
        """Give every resource of the stack that was deployed last, and its outputs.

        Raises:
            RefusedError: nothing is deployed.
            StageGoneError: the emulator died.
        """
        with _translated():
            return self._handle.resources(*self._deployed)

    def credential_for(self, listener: Listener) -> Credential:
        """Make what a deployed listener wants of its clients, and publish what it is checked by.

        Asked again for the same, the keys are the same; `document` is what a canary's secret holds.

        Raises:
            StageGoneError: the emulator died.
        """
        if listener.client_certificates:
            return Certificate(
                certificate=self._authority.certificate, private_key=self._authority.private_key
            )
        demand = listener.tokens
        if demand is None:
            return Nothing()
        if demand not in self._issuers:
            claims = {name: " ".join(values) for name, values in demand.claims}
            self._issuers[demand] = Issuer(demand.issuer, claims, self._emulated_clock())
        issuer = self._issuers[demand]
        with _translated():
            self._handle.publish(demand.jwks_endpoint, issuer.key_set())
        return Bearer(current=issuer.current, lasting=issuer.lasting)

    def _emulated_clock(self) -> RunningClock:
        return RunningClock(then_s=self.emulated_now_s(), speed=self._handle.speed)

    def emulated_now_s(self) -> float:
        """Tell the time in the emulated AWS, in Unix seconds. Raises `StageGoneError`."""
        with _translated():
            now = str(self._handle.status()["emulated_now"])
        return datetime.fromisoformat(now).timestamp()

    def lose(self, region: str) -> Loss:
        """Take a whole Region away. Raises `StageGoneError`."""
        with _translated():
            fault = self._handle.lose("region", region)
        return Loss(region=region, onset_unix_s=fault.onset_s, fault=fault)

    def give_back(self, loss: Loss) -> None:
        """Give a Region back. Raises `StageGoneError`."""
        with _translated():
            self._handle.restore(loss.fault)

    def alive(self) -> bool:
        """Tell whether the emulator still runs."""
        return self._handle.alive()

    def events(self) -> tuple[StageEvent, ...]:
        """List what happened inside, oldest first. Raises `StageGoneError`."""
        with _translated():
            events = self._handle.events()
        return tuple(
            StageEvent(at_unix_s=float(event["real_s"]), kind=str(event["kind"]), facts=event)
            for event in events
        )

    def not_proven(self) -> tuple[str, ...]:
        """Say what the emulator only records, or does not know, of what is deployed.

        Raises `StageGoneError`.
        """
        with _translated():
            coverage = self._handle.coverage()
        return (
            *(f"recorded, not emulated: {each}" for each in coverage["recorded"]),
            *(f"absent: {each}" for each in coverage["absent"]),
        )


@contextmanager
def _translated() -> Generator[None]:
    """Turn the handle's errors into ours."""
    try:
        yield
    except DeployRefusedError as error:
        raise RefusedError(tuple(map(_sentence, error.problems))) from error
    except (ProgramFailedError, EmulatorRequestError) as error:
        raise RefusedError((str(error),)) from error
    except EmulatorError as error:
        raise StageGoneError(str(error)) from error


def _sentence(problem: Problem) -> str:
    """Put the resource before the reason: `aws:lb/listener:Listener us-east-1-https: ...`."""
    if problem.urn is None:
        return problem.message
    kind, name = problem.urn.split("::")[-2:]
    return f"{kind.rpartition('$')[2]} {name}: {problem.message}"
