"""Between threads: moto's questions go into the event loop, the engine's events to a caller."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from emulator.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from pathlib import Path

    from emulator.dataplane import CheckerReport, DataPlane, TargetStatus
    from emulator.dataplane.lambda_provisioning import ProvisionedStatus
    from emulator.dataplane.lambda_results import InvokeResult
    from emulator.door.refusals import Answer
    from emulator.engine import Outcome, Request
    from emulator.engine.request import OnEvent
    from emulator.watch.watch import Watch

T = TypeVar("T")


class DataPlaneHooks:
    """Answers moto's threads from the data plane's loop (`emulator.patches.hooks.Hooks`)."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, data_plane: DataPlane, watch: Watch
    ) -> None:
        self.watch = watch
        self._loop = loop
        self._data_plane = data_plane

    def invoke(
        self,
        function: str,
        qualifier: str | None,
        payload: bytes,
        *,
        region: str,
        event: bool = False,
    ) -> InvokeResult:
        """Run a function and wait for its answer, or hand it an event to run later."""
        return self._in_loop(
            self._data_plane.invoke(function, qualifier, payload, region=region, event=event)
        )

    def provisioned(self, function: str, qualifier: str, *, region: str) -> ProvisionedStatus:
        """How many environments are ready of those provisioned on a version or alias."""

        async def read() -> ProvisionedStatus:
            return self._data_plane.provisioned(region, function, qualifier)

        return self._in_loop(read())

    def health_status(self, check_id: str) -> Sequence[CheckerReport]:
        """What each checker says of a health check."""

        async def read() -> Sequence[CheckerReport]:
            return self._data_plane.health_status(check_id)

        return self._in_loop(read())

    def target_health(self, target_group_arn: str) -> Sequence[TargetStatus]:
        """Health of each target of a group."""

        async def read() -> Sequence[TargetStatus]:
            return self._data_plane.target_health(target_group_arn)

        return self._in_loop(read())

    def _in_loop(self, question: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(question, self._loop).result()


class Runs:
    """The engine, whose events go to whoever asked for the run under way."""

    def __init__(
        self, aws_endpoint: str, answer: Callable[[dict[str, Any]], Answer], work_dir: Path
    ) -> None:
        self._lock = threading.Lock()
        self._listener: OnEvent | None = None
        self._engine = Engine(aws_endpoint, work_dir, self._tell, answer=answer)

    def run(self, request: Request, on_event: OnEvent) -> Outcome:
        """Carry out one request; others wait."""
        with self._lock:
            self._listener = on_event
            try:
                return self._engine.run(request)
            finally:
                self._listener = None

    def _tell(self, event: dict[str, Any]) -> None:
        listener = self._listener
        if listener is not None:
            listener(event)
