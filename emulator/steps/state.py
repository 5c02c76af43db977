"""What the service remembers: state machines and their executions, by Region."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from emulator.store.backends import ACCOUNT

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from emulator.steps.history import History

Values = dict[str, Any]
"""A structure of the API, as botocore names its members."""

RUNNING: Final = "RUNNING"
STATUSES: Final = (RUNNING, "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@dataclass(kw_only=True)
class Machine:
    """A state machine as it is now; executions keep what it was when they started."""

    region: str
    name: str
    text: str
    """The definition, as it was given."""
    definition: Mapping[str, Any]
    role_arn: str
    created_s: float
    settings: Values = field(default_factory=dict[str, Any])
    """Configurations of logging, tracing and encryption, as they were given."""
    tags: dict[str, str] = field(default_factory=dict[str, str])
    revision: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def arn(self) -> str:
        """The machine's ARN."""
        return f"arn:aws:states:{self.region}:{ACCOUNT}:stateMachine:{self.name}"


@dataclass(kw_only=True, eq=False)
class Execution:
    """One execution. Times are emulated Unix seconds."""

    machine: Machine
    name: str
    input_text: str
    role_arn: str
    definition: Mapping[str, Any]
    started_s: float
    history: History
    status: str = RUNNING
    stopped_s: float | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    work: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
    """Where it is carried out, once that has begun."""

    @property
    def arn(self) -> str:
        """The execution's ARN."""
        place = f"arn:aws:states:{self.machine.region}:{ACCOUNT}"
        return f"{place}:execution:{self.machine.name}:{self.name}"

    def interrupt(self) -> None:
        """Have its work end. Thread-safe."""
        if self.work is not None:
            loop, task = self.work
            if not loop.is_closed():
                loop.call_soon_threadsafe(task.cancel)


@dataclass
class Region:
    """What one Region has, by ARN."""

    machines: dict[str, Machine] = field(default_factory=dict[str, Machine])
    executions: dict[str, Execution] = field(default_factory=dict[str, Execution])


class Account:
    """Every Region's machines and executions. Its owner holds a lock around all use."""

    def __init__(self) -> None:
        self._regions: dict[str, Region] = {}

    def of(self, region: str) -> Region:
        """What a Region has; nothing to begin with."""
        return self._regions.setdefault(region, Region())
