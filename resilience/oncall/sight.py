"""What one look at a deployed stack saw: the data behind `./run status`, and its JSON.

The JSON of `--json` is this, field by field, with `version` in front; a field is added without a
new version, and never changed or taken away without one. What was not seen is null, and named in
`unseen` with the reason.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from resilience.oncall.concerns import Concern
    from resilience.oncall.copies import Copying
    from resilience.oncall.outside import Probed
    from resilience.oncall.room import Carries, Demand, Room

VERSION: Final = 1


@dataclass(frozen=True, kw_only=True)
class WatcherSight:
    """What one observer thinks of one Region, and what it refuses to do (`told`)."""

    watcher: str
    phase: str
    reading: str
    held: bool
    told: str


@dataclass(frozen=True, kw_only=True)
class Firing:
    """An alarm in state ALARM, and since when."""

    name: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class RegionSight:
    """One Region.

    Attributes:
        region: Its name.
        serves: Whether clients are sent there; None if DNS did not say.
        probe: What a golden request came to.
        verdict: Whether Route 53 finds it well.
        flagged_by: Regions that hold an evacuation flag on it, of those that could be read.
        watchers: What the other Regions' observers think of it.
        observer_age_s: How long ago its own observer wrote down that it looked.
        code_sha256: What its alias serves.
        room: Its capacity.
        carries: Whether that carries the whole load.
        firing: Its alarms that fire.
    """

    region: str
    serves: bool | None
    probe: Probed | None
    verdict: bool | None
    flagged_by: tuple[str, ...]
    watchers: tuple[WatcherSight, ...]
    observer_age_s: float | None
    code_sha256: str | None
    room: Room | None
    carries: Carries | None
    firing: tuple[Firing, ...] | None


@dataclass(frozen=True, kw_only=True)
class EpochSight:
    """The highest claim of the epoch that is known, and whether its Region still holds it."""

    number: int
    holder: str
    holds: bool


@dataclass(frozen=True, kw_only=True)
class TableLag:
    """How much older a Region's copy of another's item is than the item itself, in seconds."""

    source: str
    destination: str
    lag_s: float


@dataclass(frozen=True, kw_only=True)
class WordSight:
    """An operator's word that counts."""

    kind: str
    target: str
    by: str
    reason: str
    forced: bool
    written_at: str
    expires_at: datetime
    done: bool


@dataclass(frozen=True, kw_only=True)
class RestoreTest:
    """The last restore that was judged."""

    region: str
    source: str
    verdict: str
    ended_at: datetime


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Something that could not be seen, and why."""

    what: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Everything one look saw.

    `at` is when it began, on this machine's clock; ages are told by AWS's. `missing` is what of
    the topology is not of now but of `topology_seen_at`. `last_drill` is what the table says of
    the newest one; None if none is known.
    """

    stack: str
    account: str
    at: datetime
    topology_seen_at: datetime
    topology_source: str
    missing: tuple[str, ...]
    serving: str | None
    regions: tuple[RegionSight, ...]
    table_lags: tuple[TableLag, ...]
    copying: tuple[Copying, ...]
    demand: Demand | None
    epoch: EpochSight | None
    words: tuple[WordSight, ...]
    last_drill: dict[str, str] | None
    last_restore_test: RestoreTest | None
    garbled: tuple[str, ...]
    unseen: tuple[Unseen, ...]
    asked: int


def to_json(sight: Sight, concerns: tuple[Concern, ...]) -> dict[str, Any]:
    """Write a sight and what a person must look at as plain JSON values."""
    content: dict[str, Any] = {
        "version": VERSION,
        **asdict(sight),
        "concerns": [asdict(concern) for concern in concerns],
    }
    plain: dict[str, Any] = _plain(content)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value
