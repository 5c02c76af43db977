"""What the patches ask of the data plane: thread-safe, synchronous callables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from emulator.watch.watch import Watch


class InvokeResult(Protocol):
    """Answer of `invoke`; see `emulator.dataplane.lambda_results`."""

    @property
    def status(self) -> int:
        """HTTP status of Lambda's API."""
        ...

    @property
    def payload(self) -> bytes:
        """The function's answer, or the body of Lambda's own error."""
        ...

    @property
    def error(self) -> str | None:
        """None, `Unhandled`, or the code of Lambda's own error."""
        ...

    @property
    def log_tail(self) -> str:
        """Last lines that the invocation logged."""
        ...


class ProvisionedStatus(Protocol):
    """How far the environments provisioned on a version or alias have come."""

    @property
    def available(self) -> int:
        """Environments that are started and kept."""
        ...

    @property
    def failure(self) -> str | None:
        """Why no more can be started; None while there is no reason."""
        ...


class CheckerReport(Protocol):
    """What one Route 53 checker says."""

    @property
    def region(self) -> str:
        """Where the checker stands."""
        ...

    @property
    def ip(self) -> str:
        """Where the checker comes from."""
        ...

    @property
    def reason(self) -> str:
        """Its verdict as Route 53 words it."""
        ...

    @property
    def checked_at(self) -> datetime:
        """When it last checked."""
        ...


class TargetStatus(Protocol):
    """Health of one target."""

    @property
    def target(self) -> str:
        """The target's id: a function's ARN."""
        ...

    @property
    def state(self) -> str:
        """`initial`, `healthy`, `unhealthy`, `unused`, `unavailable`."""
        ...

    @property
    def reason(self) -> str | None:
        """AWS's reason code."""
        ...

    @property
    def description(self) -> str | None:
        """AWS's description."""
        ...


class Hooks(Protocol):
    """The data plane, as the control plane sees it."""

    @property
    def watch(self) -> Watch:
        """Metrics, alarms and the event bus."""
        ...

    def invoke(
        self,
        function: str,
        qualifier: str | None,
        payload: bytes,
        *,
        region: str,
        event: bool = False,
    ) -> InvokeResult:
        """Run a function; an `event` is accepted at once and run later, with Lambda's retries."""
        ...

    def provisioned(self, function: str, qualifier: str, *, region: str) -> ProvisionedStatus:
        """How many environments are ready of those provisioned on a version or alias."""
        ...

    def health_status(self, check_id: str) -> Sequence[CheckerReport]:
        """What each checker says of a health check."""
        ...

    def target_health(self, target_group_arn: str) -> Sequence[TargetStatus]:
        """Health of each target of a group."""
        ...
