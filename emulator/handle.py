"""Starts an emulator as a process of its own and talks to it: the door for other packages.

```python
with EmulatorHandle.start(work_dir, speed=10) as emulator:
    deployment = emulator.deploy(project_dir, "staging")
    fault = emulator.lose("region", "us-east-1")
    emulator.restore(fault)
```

Standard library only. The emulator dies with the process that started it (it reads a pipe that
this process holds), and takes its own children with it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import quote, urlsplit

from emulator import places, process_group
from emulator.addresses import Block
from emulator.administrator import ACCESS_KEY, SECRET_KEY
from emulator.faults import Fault
from emulator.handle_errors import (
    DeployRefusedError,
    EmulatorError,
    EmulatorGoneError,
    EmulatorRequestError,
    EmulatorStartError,
    Problem,
    ProgramFailedError,
)

if TYPE_CHECKING:
    import subprocess
    from types import TracebackType
    from typing import Self

_START_WITHIN_S: Final = 60.0
_ANSWER_WITHIN_S: Final = 30.0  # deploys send a sign of life every 5 s

__all__ = [
    "DeployRefusedError",
    "Deployment",
    "EmulatorError",
    "EmulatorGoneError",
    "EmulatorHandle",
    "EmulatorRequestError",
    "EmulatorStartError",
    "Fault",
    "Problem",
    "ProgramFailedError",
]

OnEvent = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What a deploy, preview or destroy came to."""

    outputs: Mapping[str, Any]
    summary: Mapping[str, int]
    duration_s: float
    kept: tuple[Mapping[str, str], ...] = ()
    """What the stack has let go of and is still there on purpose: `urn`, `type`, `id`, `reason`."""


@dataclass(kw_only=True)
class EmulatorHandle:
    """A running emulator that this process started."""

    aws_endpoint: str
    dns_address: tuple[str, int]
    ca_file: Path
    speed: float
    control: str
    work_dir: Path
    _process: subprocess.Popen[bytes] = field(repr=False)

    @classmethod
    def start(
        cls,
        work_dir: Path | str,
        *,
        speed: float = 1.0,
        seed: int = 0,
        within_s: float = _START_WITHIN_S,
        on_progress: Callable[[str], None] | None = None,
    ) -> Self:
        """Start an emulator and wait until it serves.

        Raises:
            EmulatorStartError: It ended, or does not serve within `within_s` real seconds.
        """
        directory = Path(work_dir).resolve()
        directory.mkdir(parents=True, exist_ok=True)
        process = process_group.spawn(directory, speed=speed, seed=seed)
        try:
            facts = process_group.wait_ready(process, directory, within_s, on_progress)
        except BaseException:
            process_group.end(process)
            raise
        host, port = facts["dns"]
        return cls(
            aws_endpoint=facts["aws_endpoint"],
            dns_address=(host, port),
            ca_file=Path(facts["ca_file"]),
            speed=facts["speed"],
            control=facts["control"],
            work_dir=directory,
            _process=process,
        )

    @property
    def pid(self) -> int:
        """Process id of the emulator, which leads its own process group."""
        return self._process.pid

    def aws_environment(self) -> dict[str, str]:
        """Environment variables that point any AWS SDK, and the AWS CLI, at this emulator."""
        return {
            "AWS_ENDPOINT_URL": self.aws_endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    @staticmethod
    def listener_port(port: int) -> int:
        """The port on which a load balancer's listener on `port` is served here."""
        return Block.listener_port(port)

    @staticmethod
    def client_subnet(region: str) -> str:
        """The EDNS client subnet that clients near a Region come from."""
        return places.client_subnet(region)

    @property
    def checker_address(self) -> str:
        """Who connects from this address is taken for one of Route 53's health checkers."""
        return Block(int(str(urlsplit(self.aws_endpoint).hostname).split(".")[1])).checker(0)

    def deploy(
        self,
        project_dir: Path | str,
        stack: str,
        *,
        config_file: Path | str | None = None,
        config: Mapping[str, Any] | None = None,
        on_event: OnEvent | None = None,
    ) -> Deployment:
        """Run a Pulumi program and create, change or delete what it says.

        Args:
            project_dir: The folder with `Pulumi.yaml`.
            stack: The stack's name; its settings come from `Pulumi.<stack>.yaml`.
            config_file: Another file to take the settings from.
            config: Settings that override the file's, key by key.
            on_event: Called with each step.

        Raises:
            DeployRefusedError: The program breaks a rule.
            ProgramFailedError: The program crashed.
            EmulatorRequestError: A path or value is wrong.
            EmulatorGoneError: The emulator ended meanwhile.
        """
        return self._run("deploy", project_dir, stack, config_file, config, on_event)

    def preview(
        self,
        project_dir: Path | str,
        stack: str,
        *,
        config_file: Path | str | None = None,
        config: Mapping[str, Any] | None = None,
        on_event: OnEvent | None = None,
    ) -> Deployment:
        """As `deploy`, but change nothing and only say what would be done."""
        return self._run("preview", project_dir, stack, config_file, config, on_event)

    def destroy(
        self,
        project_dir: Path | str,
        stack: str,
        *,
        config_file: Path | str | None = None,
        config: Mapping[str, Any] | None = None,
        on_event: OnEvent | None = None,
    ) -> Deployment:
        """Delete everything the stack has deployed. Errors as `deploy`'s."""
        return self._run("destroy", project_dir, stack, config_file, config, on_event)

    def lose(self, kind: str, target: str) -> Fault:
        """Lose something from now on.

        A `region`, a `zone` (`use1-az1`), a `load_balancer` (ARN), a `function` (ARN), a `bucket`,
        a `recovery_point` (ARN), or what is replicated: by a rule of a bucket
        (`bucket_replication`, `bucket/rule`), to and from a global table's replica
        (`table_replication`, `region/table`). `api_throttled` (`region/service`, as calls are
        signed for it) takes nothing away, but every call of the service is told to come later;
        nor does `credentials_expired` (a role's ARN), whose sessions are over before their time.
        """
        return Fault(**self._ask("POST", "/faults", {"kind": kind, "target": target}))

    def skew_clock(self, region: str, by_s: float) -> Fault:
        """Set the clocks of a Region's functions ahead by so many seconds, or back."""
        body = {"kind": "clock_skew", "target": region, "by_s": by_s}
        return Fault(**self._ask("POST", "/faults", body))

    def restore(self, fault: Fault) -> Fault:
        """Give back what a fault took."""
        return Fault(**self._ask("DELETE", f"/faults/{fault.id}"))

    def publish(self, url: str, body: str, *, content_type: str = "application/json") -> None:
        """Let the world outside AWS serve `body` at an HTTPS URL, in place of what was there."""
        page = {"url": url, "body": body, "content_type": content_type}
        self._ask("PUT", "/outside", page)

    def events(self, since: int = 0) -> list[dict[str, Any]]:
        """What happened after the event numbered `since`, oldest first."""
        return list(self._ask("GET", f"/events?since={since}")["events"])

    def known_metrics(self) -> dict[str, Any]:
        """Metrics that have been emitted, and those that a part of the emulator can emit."""
        return self._ask("GET", "/metrics/known")

    def coverage(self) -> dict[str, Any]:
        """What of the deployed is emulated, only recorded, or absent."""
        return self._ask("GET", "/coverage")

    def resources(self, project: str, stack: str) -> dict[str, Any]:
        """What a stack has deployed: `{"resources": [...], "outputs": {...}}`.

        Raises:
            EmulatorRequestError: Nothing is deployed under this name.
        """
        return self._ask("GET", f"/stacks/{quote(f'{project}.{stack}')}/resources")

    def status(self) -> dict[str, Any]:
        """Addresses, time and queues of the emulator."""
        return self._ask("GET", "/status")

    def alive(self) -> bool:
        """Whether the emulator's process runs and answers."""
        try:
            self.status()
        except EmulatorError:
            return False
        return True

    def stop(self) -> None:
        """End the emulator and everything it started. Idempotent."""
        process_group.end(self._process)

    def __enter__(self) -> Self:
        """The handle itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.stop()

    def _run(
        self,
        kind: str,
        project_dir: Path | str,
        stack: str,
        config_file: Path | str | None,
        config: Mapping[str, Any] | None,
        on_event: OnEvent | None,
    ) -> Deployment:
        body: dict[str, Any] = {"project_dir": str(Path(project_dir).resolve()), "stack": stack}
        if config_file is not None:
            body["config_file"] = str(Path(config_file).resolve())
        if config:
            body["config"] = dict(config)
        last: dict[str, Any] = {}
        with self._asking("POST", f"/{kind}", body) as answer:
            while line := answer.readline():
                last = json.loads(line)
                if on_event is not None and last["event"] != "alive":
                    on_event(last)
        return self._deployment(last)

    def _deployment(self, last: Mapping[str, Any]) -> Deployment:
        match last.get("event"):
            case "done":
                return Deployment(
                    outputs=last["outputs"],
                    summary=last["summary"],
                    duration_s=last["duration_s"],
                    kept=tuple(last.get("kept", ())),
                )
            case "refused":
                raise DeployRefusedError(
                    tuple(
                        Problem(message=each["message"], urn=each.get("urn"))
                        for each in last["problems"]
                    )
                )
            case "failed":
                raise ProgramFailedError(str(last.get("traceback", "")))
            case "broken":
                raise EmulatorError(
                    f"{last['message']}; its log: {self.work_dir / process_group.LOG_FILE}"
                )
            case _:
                raise self._gone("the answer ended early")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        with self._asking(method, path, body) as answer:
            return cast("dict[str, Any]", json.loads(answer.read()))

    @contextlib.contextmanager
    def _asking(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> Generator[http.client.HTTPResponse, None, None]:
        """One request on a connection of its own; its failure means that nobody is there."""
        if self._process.poll() is not None:
            raise self._gone("its process has ended")
        address = urlsplit(self.control)
        connection = http.client.HTTPConnection(
            str(address.hostname), address.port, timeout=_ANSWER_WITHIN_S
        )
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if answer.status >= http.HTTPStatus.BAD_REQUEST:
                raise EmulatorRequestError(_error_text(answer))
            yield answer
        except (OSError, http.client.HTTPException) as error:
            raise self._gone(repr(error)) from error
        finally:
            connection.close()

    def _gone(self, reason: str) -> EmulatorGoneError:
        code = self._process.poll()
        ended = "it does not answer" if code is None else f"exit code {code}"
        tail = process_group.log_tail(self.work_dir)
        return EmulatorGoneError(
            f"the emulator at {self.control} is gone ({ended}; {reason}){tail}"
        )


def _error_text(answer: http.client.HTTPResponse) -> str:
    body = answer.read()
    try:
        return str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return f"the emulator answers {answer.status}: {body[:200].decode(errors='replace')}"
