"""What the service remembers: experiment templates and experiments, by Region."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from emulator.store.backends import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.faults import Fault

Values = dict[str, Any]
"""A structure of the API, as botocore names its members."""

ENDED: Final = frozenset({"completed", "stopped", "failed", "cancelled", "skipped"})
"""States that an experiment or an action does not leave."""


@dataclass(kw_only=True)
class Template:
    """An experiment template; `told` is what it was created with, and updated by."""

    region: str
    told: Values
    created_s: float
    updated_s: float
    tags: dict[str, str] = field(default_factory=dict[str, str])
    id: str = field(default_factory=lambda: "EXT" + _digits())

    @property
    def arn(self) -> str:
        """The template's ARN."""
        return f"arn:aws:fis:{self.region}:{ACCOUNT}:experiment-template/{self.id}"


@dataclass(kw_only=True)
class ActionRun:
    """One action of an experiment. Times are emulated Unix seconds."""

    name: str
    told: Values
    status: str = "pending"
    reason: str = "Initial state"
    started_s: float | None = None
    ended_s: float | None = None
    ends_s: float = 0.0
    """When it has lasted as long as it was told to."""
    faults: Sequence[Fault] = ()
    """What it has broken, and gives back when it ends."""

    @property
    def over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.status in ENDED


@dataclass(kw_only=True, eq=False)
class Experiment:
    """An experiment: what its template was when it started, and what became of it."""

    region: str
    template_id: str
    told: Values
    actions_mode: str
    created_s: float
    actions: dict[str, ActionRun]
    status: str = "pending"
    reason: str = "Experiment is pending."
    started_s: float | None = None
    ended_s: float | None = None
    stop_asked: str = ""
    """Why it is to stop, once somebody or something wants that."""
    resolved: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """ARNs of the resources of each target."""
    tags: dict[str, str] = field(default_factory=dict[str, str])
    id: str = field(default_factory=lambda: "EXP" + _digits())

    @property
    def arn(self) -> str:
        """The experiment's ARN."""
        return f"arn:aws:fis:{self.region}:{ACCOUNT}:experiment/{self.id}"

    @property
    def over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.status in ENDED


@dataclass
class Region:
    """What one Region has, by id."""

    templates: dict[str, Template] = field(default_factory=dict[str, Template])
    experiments: dict[str, Experiment] = field(default_factory=dict[str, Experiment])


class Account:
    """Every Region's templates and experiments. Its owner holds a lock around all use."""

    def __init__(self) -> None:
        self._regions: dict[str, Region] = {}

    def of(self, region: str) -> Region:
        """What a Region has; nothing to begin with."""
        return self._regions.setdefault(region, Region())

    def open(self) -> list[Experiment]:
        """Experiments that have not ended."""
        return [
            each
            for region in self._regions.values()
            for each in region.experiments.values()
            if not each.over
        ]


def _digits() -> str:
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(15))
