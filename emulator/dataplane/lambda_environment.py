"""An execution environment: a worker process with its identity, credentials and age."""

from __future__ import annotations

import asyncio
import shutil
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from emulator.dataplane.lambda_results import function_error
from emulator.dataplane.lambda_worker import Reply, Worker, WorkerGoneError, WorkerSetup

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.clock import Clock
    from emulator.dataplane.lambda_credentials import RoleCredentials, RoleCredentialsCache
    from emulator.dataplane.lambda_packages import Packages
    from emulator.dataplane.lambda_worker import LogLine
    from emulator.store import FunctionVersion

INIT_LIMIT_S: Final = 10.0
"""Real seconds a package may take to load. Not scaled: loading is real work at any speed.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""


@dataclass(frozen=True, kw_only=True)
class Network:
    """What stands in for the public network around functions: its DNS, and whom TLS trusts."""

    dns: tuple[str, int]
    ca_file: Path


Initialization = Literal["on-demand", "provisioned-concurrency", "snap-start"]
"""How an environment came to be, as the function itself is told."""


class StartError(Exception):
    """An environment did not start; `payload` is what the invocation answers."""

    def __init__(self, payload: bytes, lines: list[LogLine]) -> None:
        self.payload = payload
        self.lines = lines
        super().__init__(payload.decode("utf-8", "replace"))


@dataclass(kw_only=True, eq=False)
class Environment:
    """One environment. `last_used_s` is emulated Unix time; `init_ms` is real."""

    id: str
    version: FunctionVersion
    log_stream: str
    worker: Worker
    scratch: Path
    credentials: RoleCredentials
    init_ms: float
    last_used_s: float
    initialization: Initialization = "on-demand"
    invocations: int = 0

    async def close(self) -> None:
        """End the process and remove its scratch folder. Idempotent."""
        await self.worker.close()
        await asyncio.to_thread(shutil.rmtree, self.scratch, ignore_errors=True)


class Launcher:
    """Starts environments: credentials and package first, then the process, timed from there."""

    def __init__(
        self,
        *,
        packages: Packages,
        credentials: RoleCredentialsCache,
        clock: Clock,
        aws_endpoint: str,
        network: Network,
        work_dir: Path,
    ) -> None:
        self._packages = packages
        self._credentials = credentials
        self._clock = clock
        self._aws_endpoint = aws_endpoint
        self._network = network
        self._scratch = work_dir / "scratch"

    def now_ms(self) -> int:
        """Emulated Unix milliseconds."""
        return int(self._clock.now_s() * 1000)

    async def launch(self, version: FunctionVersion, *, provisioned: bool = False) -> Environment:
        """Start one environment of `version` and load its handler: a cold start.

        With SnapStart AWS restores a snapshot instead. Here the handler is loaded anew all the
        same; only what is reported of it is that of a restore.

        Raises:
            StartError: the package failed to load.
            PackageError: there is no package to load.
            RoleError: the role gives no credentials.
        """
        package = await self._packages.unpacked(version)
        handler = self._packages.handler(version)
        credentials = await self._credentials.credentials(version)
        name = uuid.uuid4().hex
        log_stream = f"{self._clock.now():%Y/%m/%d}/[{version.version}]{name}"
        scratch = self._scratch / name
        kind: Initialization = "snap-start" if version.snap_start else "on-demand"
        kind = "provisioned-concurrency" if provisioned else kind
        environment = process_environment(version, credentials, log_stream)
        environment |= {
            "AWS_ENDPOINT_URL": self._aws_endpoint,
            "AWS_LAMBDA_INITIALIZATION_TYPE": kind,
            "LAMBDA_TASK_ROOT": str(package),
            "_HANDLER": handler,
            "LAMBDA_RUNTIME_DIR": str(self._packages.runtime()),
            "TMPDIR": str(scratch),
            # Whom TLS clients trust: what signs the certificates of the emulated world.
            "SSL_CERT_FILE": str(self._network.ca_file),
        }
        setup = WorkerSetup(
            package=package,
            runtime=self._packages.runtime(),
            handler=handler,
            environment=environment,
            scratch=scratch,
            dns=self._network.dns,
            clock=self._clock.anchor,
        )
        began_s = time.perf_counter()
        worker = await self._load(setup)
        return Environment(
            id=name,
            version=version,
            log_stream=log_stream,
            worker=worker,
            scratch=scratch,
            credentials=credentials,
            init_ms=(time.perf_counter() - began_s) * 1000,
            last_used_s=self._clock.now_s(),
            initialization=kind,
        )

    async def _load(self, setup: WorkerSetup) -> Worker:
        worker = await Worker.start(setup, self.now_ms)
        try:
            async with asyncio.timeout(INIT_LIMIT_S):
                reply = await worker.load(setup)
        except WorkerGoneError as gone:
            reply = Reply(kind="init_error", payload=function_error("Runtime.ExitError", str(gone)))
        except TimeoutError:
            message = f"Init phase timed out after {INIT_LIMIT_S:.2f} seconds"
            reply = Reply(kind="init_error", payload=function_error("Sandbox.Timedout", message))
        except BaseException:
            await worker.close()
            raise
        if reply.kind == "ready":
            return worker
        lines = worker.log_lines()
        await worker.close()
        await asyncio.to_thread(shutil.rmtree, setup.scratch, ignore_errors=True)
        raise StartError(reply.payload, lines)


def process_environment(
    version: FunctionVersion, credentials: RoleCredentials, log_stream: str
) -> dict[str, str]:
    """The environment variables of a worker; the function's own never replace reserved ones.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    reserved = {
        "AWS_REGION": version.region,
        "AWS_DEFAULT_REGION": version.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{version.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": version.name,
        "AWS_LAMBDA_FUNCTION_VERSION": version.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(version.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": version.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
    }
    unreserved = {
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/usr/local/bin:/usr/bin/:/bin",
        # The AWS SDKs look for the instance metadata service when they lack something; there is
        # none here, and its address is not loopback.
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return unreserved | dict(version.environment) | reserved
