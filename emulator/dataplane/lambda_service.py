"""Lambda's data plane: resolves what to run, enforces concurrency, runs it, reports it."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from emulator.dataplane import lambda_results as results
from emulator.dataplane.lambda_concurrency import Concurrency, ScalingRate, ThrottledError
from emulator.dataplane.lambda_credentials import RoleCredentialsCache, RoleError
from emulator.dataplane.lambda_environment import Environment, Launcher, Network, StartError
from emulator.dataplane.lambda_events import EventQueue
from emulator.dataplane.lambda_invocation import Invocation, InvocationType, parse_target
from emulator.dataplane.lambda_logs import InvocationLog
from emulator.dataplane.lambda_metrics import FunctionMetrics
from emulator.dataplane.lambda_packages import PackageError, Packages
from emulator.dataplane.lambda_pool import PROVISIONED, Pool
from emulator.dataplane.lambda_provisioning import ProvisionedStatus, Provisioner
from emulator.dataplane.lambda_results import InvokeResult
from emulator.dataplane.lambda_worker import Reply, WorkerGoneError

if TYPE_CHECKING:
    from pathlib import Path

    from emulator.dataplane.lambda_logs import ShipLogs
    from emulator.dataplane.world import World
    from emulator.store import Function, FunctionVersion

IDLE_EXPIRY_S: Final = 600.0
"""Emulated seconds after which an idle environment ends. AWS documents no number (unverified)."""

REAP_EVERY_S: Final = 1.0
"""Real seconds between looks at idle environments."""

STARTS_AT_A_TIME: Final = os.cpu_count() or 1
"""Cold starts this machine does side by side."""


class LambdaService:
    """Runs deployed functions in worker processes. Belongs to one event loop."""

    def __init__(
        self,
        world: World,
        *,
        ship_logs: ShipLogs,
        aws_endpoint: str,
        network: Network,
        work_dir: Path,
        scaling_rate: ScalingRate | None = None,
    ) -> None:
        self._world = world
        self._store = world.store
        self._clock = world.clock
        self._events = world.events
        self._ship_logs = ship_logs
        self._chance = world.chance("alias versions")
        self._credentials = RoleCredentialsCache(aws_endpoint)
        self._launcher = Launcher(
            packages=Packages(work_dir, world.store),
            credentials=self._credentials,
            clock=world.clock,
            aws_endpoint=aws_endpoint,
            network=network,
            work_dir=work_dir,
        )
        self._start_slots = asyncio.Semaphore(STARTS_AT_A_TIME)
        self._pools: dict[FunctionVersion, Pool] = {}
        self._concurrency = Concurrency(world.store, world.clock, scaling_rate or ScalingRate())
        self._provisioner = Provisioner(world, self._pool, lambda: list(self._pools.values()))
        self._figures = FunctionMetrics(world.metrics)
        self._queue = EventQueue(
            world, self._admit, self._credentials, aws_endpoint, figures=self._figures
        )
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Begin to watch for faults and idle environments."""
        for work in (self._reap(), self._watch_faults(), self._provisioner.run()):
            self._keep(asyncio.create_task(work))

    async def stop(self) -> None:
        """End every environment and every task. Idempotent."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))
        self._pools.clear()
        self._credentials.close()

    async def invoke(
        self,
        name_or_arn: str,
        qualifier: str | None,
        payload: bytes,
        *,
        region: str,
        invocation_type: InvocationType = "RequestResponse",
        trace_id: str = "",
    ) -> InvokeResult:
        """Invoke a function as Lambda's Invoke does; never raises for what AWS answers.

        A caller that goes away does not end the invocation.
        """
        target = parse_target(name_or_arn, qualifier, region)
        function = self._store.function(target.region, target.name)
        version = function and function.version(target.qualifier, draw=self._chance.random())
        if function is None or version is None:
            message = f"Function not found: {target.arn}"
            return results.refused(results.NOT_FOUND, "ResourceNotFoundException", message)
        limit_bytes = results.PAYLOAD_LIMIT_BYTES
        if invocation_type == "Event":
            limit_bytes = results.ASYNC_PAYLOAD_LIMIT_BYTES
        payload = payload or b"{}"
        refusal = results.check_request(payload, limit_bytes=limit_bytes, kind=invocation_type)
        if refusal is not None:
            return refusal
        if invocation_type == "DryRun":
            return InvokeResult(status=results.NO_CONTENT, payload=b"")
        invocation = Invocation(
            request_id=str(uuid.uuid4()),
            trace_id=trace_id,
            invoked_arn=target.arn,
            version=version,
            payload=payload,
        )
        if invocation_type == "Event":
            self._keep(asyncio.create_task(self._queue.run(function, invocation)))
            return InvokeResult(status=results.ACCEPTED, payload=b"")
        task = asyncio.create_task(self._admit(function, invocation))
        self._keep(task)
        return await asyncio.shield(task)

    def provisioned(self, region: str, name: str, qualifier: str) -> ProvisionedStatus:
        """How many environments are ready of those provisioned on a version or alias."""
        return self._provisioner.status(region, name, qualifier)

    async def _admit(self, function: Function, invocation: Invocation) -> InvokeResult:
        """Run the invocation if faults and concurrency let it."""
        if self._world.function_lost(function.region, function.arn):
            return results.unavailable(f"Lambda cannot run {function.name}: it is lost")
        try:
            with self._concurrency.place(function):
                if not self._pool(invocation.version).has_idle:
                    self._concurrency.grow(function)
                self._figures.admitted(invocation, self._concurrency.running(function.arn))
                result = await self._run(invocation)
        except ThrottledError as error:
            facts = {"function": function.arn, "limit": error.limit, "reason": error.reason}
            self._events.record("lambda.throttled", **facts)
            self._figures.throttled(invocation)
            return results.throttled(error.reason)
        return replace(result, executed_version=invocation.version.version)

    async def _run(self, invocation: Invocation) -> InvokeResult:
        pool = self._pool(invocation.version)
        try:
            environment = await pool.acquire()
        except StartError as error:
            return self._failed_start(invocation, error)
        except RoleError as error:
            return results.refused(results.FORBIDDEN, "AccessDeniedException", str(error))
        except PackageError as error:
            return results.refused(results.BAD_GATEWAY, error.kind, str(error))
        # Who is first in a provisioned environment waits for nothing.
        cold = environment.invocations == 0 and environment.initialization != PROVISIONED
        if cold:
            self._record("lambda.cold_start", environment, duration_ms=environment.init_ms)
        environment.invocations += 1
        log = InvocationLog(invocation.request_id, invocation.version, self._launcher.now_ms)
        log.start(environment.worker.log_lines())
        began_s = time.perf_counter()
        reply = await self._reply(invocation, environment, log)
        usable = reply is not None and not self._world.function_lost(
            invocation.version.region, invocation.version.arn
        )
        duration_ms = (time.perf_counter() - began_s) * 1000
        log.end(
            environment.worker.log_lines(),
            duration_ms=duration_ms,
            init_ms=environment.init_ms if cold else None,
            pid=environment.worker.pid if usable else None,
        )
        if usable:
            pool.release(environment, self._clock.now_s())
        else:
            await pool.discard(environment)
        log.ship(self._ship_logs, environment.log_stream)
        result = self._result(invocation, reply or log.failure, log)
        if result.status == results.OK:
            self._figures.ran(invocation, failed=not result.succeeded, duration_ms=duration_ms)
        return result

    async def _reply(
        self, invocation: Invocation, environment: Environment, log: InvocationLog
    ) -> Reply | None:
        """The worker's reply; None (and the reason in the log) when its process is of no use."""
        version = invocation.version
        limit_s = self._world.work_limit_s(version.timeout_s)
        meta = {
            "request_id": invocation.request_id,
            "trace_id": invocation.trace_id,
            "arn": invocation.invoked_arn,
            "deadline_s": time.time() + limit_s,
            "speed": version.timeout_s / limit_s,
            "skew_s": self._world.faults.skew_s(version.region),
        }
        try:
            async with asyncio.timeout(limit_s):
                return await environment.worker.invoke(meta, invocation.payload)
        except TimeoutError:
            self._record("lambda.timeout", environment, timeout_s=version.timeout_s)
            log.fail("Sandbox.Timedout", f"Task timed out after {version.timeout_s:.2f} seconds")
        except WorkerGoneError as gone:
            self._record("lambda.crashed", environment, reason=str(gone))
            log.fail("Runtime.ExitError", str(gone))
        return None

    def _result(self, invocation: Invocation, reply: Reply, log: InvocationLog) -> InvokeResult:
        version = invocation.version
        if self._world.function_lost(version.region, version.arn):
            return results.unavailable(f"Lambda lost {version.name} while it ran")
        payload = reply.payload
        error = None if reply.kind == "result" else results.UNHANDLED
        if len(payload) > results.PAYLOAD_LIMIT_BYTES:
            error = results.UNHANDLED
            payload = results.function_error(
                "Function.ResponseSizeTooLarge",
                f"Response payload size ({len(payload)} bytes) exceeded maximum allowed payload"
                f" size ({results.PAYLOAD_LIMIT_BYTES} bytes).",
            )
        return InvokeResult(status=results.OK, payload=payload, error=error, log_tail=log.tail())

    def _failed_start(self, invocation: Invocation, error: StartError) -> InvokeResult:
        version = invocation.version
        self._events.record(
            "lambda.start_failed",
            function=version.arn,
            version=version.version,
            region=version.region,
            reason=str(error),
        )
        log = InvocationLog(invocation.request_id, version, self._launcher.now_ms)
        log.start(error.lines)
        log.end([], duration_ms=0.0, init_ms=None, pid=None)
        stream = f"{self._clock.now():%Y/%m/%d}/[{version.version}]{uuid.uuid4().hex}"
        log.ship(self._ship_logs, stream)
        self._figures.ran(invocation, failed=True, duration_ms=0.0)
        return self._result(invocation, Reply(kind="error", payload=error.payload), log)

    def _record(self, kind: str, environment: Environment, **facts: Any) -> None:
        version = environment.version
        self._events.record(
            kind,
            function=version.arn,
            version=version.version,
            region=version.region,
            environment=environment.id,
            **facts,
        )

    def _pool(self, version: FunctionVersion) -> Pool:
        pool = self._pools.get(version)
        if pool is None:
            pool = Pool(version, self._launcher.launch, self._start_slots, speed=self._clock.speed)
            self._pools[version] = pool
        return pool

    async def _watch_faults(self) -> None:
        """Kill the environments of whatever is lost, the moment it is lost."""
        faults = self._world.faults
        seen = faults.version
        while True:
            for pool in list(self._pools.values()):
                if self._world.function_lost(pool.version.region, pool.version.arn):
                    killed = await pool.kill()
                    if killed:
                        self._events.record(
                            "lambda.lost", function=pool.version.arn, environments=killed
                        )
            seen = await faults.wait_changed(since=seen)

    async def _reap(self) -> None:
        """End idle environments that are old, or whose version is no longer deployed."""
        while True:
            await asyncio.sleep(REAP_EVERY_S)
            for version, pool in list(self._pools.items()):
                function = self._store.function(version.region, version.name)
                deployed = function is not None and version in function.versions
                idle_since_s = self._clock.now_s() - IDLE_EXPIRY_S if deployed else float("inf")
                expired = await pool.expire(used_before_s=idle_since_s)
                if expired:
                    self._events.record(
                        "lambda.expired", function=version.arn, environments=expired
                    )
                if not deployed and not pool.in_use:
                    del self._pools[version]

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
