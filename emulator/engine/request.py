"""What the engine is asked for and what it answers: the seam to the control API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pathlib import Path

Kind = Literal["deploy", "preview", "destroy"]
Op = Literal["create", "update", "replace", "delete", "same", "read"]
Result = Literal["done", "refused", "failed"]

OnEvent = Callable[[dict[str, Any]], None]
"""Called with one JSON object a step, from any thread, one call at a time."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One run of one stack. `config` overrides the stack's configuration file, key by key."""

    kind: Kind
    project_dir: Path
    stack: str
    config_file: Path | None = None
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason why a run was refused. `urn` names the resource, where there is one."""

    message: str
    urn: str | None = None

    def to_json(self) -> dict[str, str]:
        """The problem as the control API shows it."""
        return {"message": self.message} | ({"urn": self.urn} if self.urn else {})


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A resource that the stack has let go of and that is still there, on purpose."""

    urn: str
    type: str
    id: str
    reason: str
    """The option or input that keeps it: `retainOnDelete`, `skipDestroy`; or `pendingDeletion`."""

    def to_json(self) -> dict[str, str]:
        """The resource as the control API shows it."""
        return {"urn": self.urn, "type": self.type, "id": self.id, "reason": self.reason}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a run ended.

    `refused`: the program or the deployment broke a rule; `problems` says which, and what was
    created before stays, recorded in the state. `failed`: the program itself crashed; `traceback`
    holds the end of what it wrote on standard error, without our frames. `kept` is what was
    deleted from the stack and left in AWS.
    """

    result: Result
    summary: Mapping[str, int]
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    problems: tuple[Problem, ...] = ()
    kept: tuple[Kept, ...] = ()
    traceback: str = ""
    duration_s: float = 0.0

    def to_event(self) -> dict[str, Any]:
        """The last line of the control API's stream."""
        last: dict[str, Any] = {
            "event": self.result,
            "summary": dict(self.summary),
            "duration_s": round(self.duration_s, 3),
        }
        if self.result == "done":
            last["outputs"] = dict(self.outputs)
        if self.kept:
            last["kept"] = [each.to_json() for each in self.kept]
        if self.problems:
            last["problems"] = [problem.to_json() for problem in self.problems]
        if self.traceback:
            last["traceback"] = self.traceback
        return last


class RefusedError(Exception):
    """A rule was broken: by the program, its configuration, or what it asks AWS for."""

    def __init__(self, message: str, *, urn: str | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(message=message, urn=urn)


class SkippedError(Exception):
    """A resource that was not touched because the run has already been refused."""
