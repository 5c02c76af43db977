"""What an observer remembers, as one item of the stack's table, and back. Pure.

The item of Region R (`pk` "observer", `sk` R) is written by the observer in R alone, each time on
condition that its version is the one that was read. Other Regions read it as it is replicated to
them. Reading is strict: what is not as it was written is `GarbledError`, never a guess. A field
that is missing has its default, so that a new release reads what the one before it wrote.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Final, TypeVar

from resilience.failover import (
    Ack,
    Brain,
    Claim,
    Epoch,
    Intent,
    IntentKind,
    Phase,
    Reading,
    Watch,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OBSERVER: Final = "observer"
INTENT: Final = "intent"

Item = dict[str, dict[str, str]]
"""An item as DynamoDB's API has it; all attributes are texts and numbers."""

Made = TypeVar("Made")
_Fields = dict[str, "Callable[[Any], Any]"]


class GarbledError(Exception):
    """An item is not what anybody would have written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Markers:
    """Objects that Regions send each other to see replication work, by the other Region.

    A marker's number is the second it was written in, on its writer's clock. `acked` is the newest
    of this Region's own that came back in a marker of the other's: it went there and back.
    """

    sent: Mapping[str, int] = field(default_factory=dict[str, int])
    seen: Mapping[str, int] = field(default_factory=dict[str, int])
    acked: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """All that is kept between two looks.

    Attributes:
        version: How often it was written.
        run: The run of the function that wrote it, and since when that has looked.
        since_s: When that run began, on this Region's clock.
        brain: What was decided.
        beats: The newest beat of each other Region, and when it was seen to change.
        markers: What was sent and seen to prove replication.
    """

    version: int = 0
    run: str = ""
    since_s: float = -inf
    brain: Brain = field(default_factory=Brain)
    beats: Mapping[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])
    markers: Markers = field(default_factory=Markers)


def item_of(memory: Memory, region: str, *, release: str, written_at: str) -> Item:
    """Write a memory as this Region's item. `written_at` is ISO 8601 in UTC, for restore tests."""
    return {
        "pk": {"S": OBSERVER},
        "sk": {"S": region},
        "version": {"N": str(memory.version)},
        "run": {"S": memory.run},
        "since": {"N": repr(memory.since_s)},
        "brain": {"S": _text(memory.brain)},
        "beats": {"S": _text(memory.beats)},
        "markers": {"S": _text(memory.markers)},
        "release": {"S": release},
        "written_at": {"S": written_at},
    }


def memory_of(item: Mapping[str, Any]) -> Memory:
    """Read what `item_of` wrote.

    Raises:
        GarbledError: it is something else.
    """
    return _made(
        Memory,
        {"version": _count, "run": _word, "since_s": _seconds}
        | {"brain": _brain, "beats": _beats, "markers": _markers},
        {
            "version": _number(item, "version"),
            "run": _attribute(item, "run", "S"),
            "since_s": _number(item, "since"),
            "brain": _json(item, "brain"),
            "beats": _json(item, "beats"),
            "markers": _json(item, "markers"),
        },
    )


def version_of(item: Mapping[str, Any]) -> int:
    """Read no more of an item than its version: what a write over a garbled one is held against.

    Raises:
        GarbledError: not even that can be read.
    """
    return _count(_number(item, "version"))


def intent_of(item: Mapping[str, Any], now_s: float) -> Intent | None:
    """Read an operator's word; None once it has expired.

    Raises:
        GarbledError: it is no word that is known.
    """
    if float(_number(item, "expires_at")) <= now_s:
        return None
    try:
        return Intent(
            id=_attribute(item, "id", "S"),
            kind=IntentKind(_attribute(item, "kind", "S")),
            target=_attribute(item, "sk", "S"),
            by=_attribute(item, "by", "S"),
            reason=_attribute(item, "reason", "S"),
            forced=_attribute(item, "forced", "S") == "yes",
        )
    except ValueError as error:
        raise GarbledError(f"an intent: {error}") from error


def intent_item(intent: Intent, *, written_at: str, expires_at_s: int) -> Item:
    """Write an operator's word; the table forgets it by itself once it has expired."""
    return {
        "pk": {"S": INTENT},
        "sk": {"S": intent.target},
        "id": {"S": intent.id},
        "kind": {"S": intent.kind.value},
        "by": {"S": intent.by},
        "reason": {"S": intent.reason},
        "forced": {"S": "yes" if intent.forced else "no"},
        "written_at": {"S": written_at},
        "expires_at": {"N": str(expires_at_s)},
    }


def _text(value: object) -> str:
    plain = value if isinstance(value, dict) else asdict(value)  # pyright: ignore[reportArgumentType]  # a dataclass
    return json.dumps(_finite(plain), separators=(",", ":"), sort_keys=True)


def _finite(value: Any) -> Any:
    """JSON knows no infinity; what never was is null."""
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if value == -inf else value


def _attribute(item: Mapping[str, Any], name: str, kind: str) -> str:
    try:
        return str(item[name][kind])
    except (KeyError, TypeError) as error:
        raise GarbledError(f"no attribute {name} of type {kind}") from error


def _number(item: Mapping[str, Any], name: str) -> float | int:
    text = _attribute(item, name, "N")
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError as error:
        raise GarbledError(f"{name} is {text!r}, no number") from error


def _json(item: Mapping[str, Any], name: str) -> Any:
    try:
        return json.loads(_attribute(item, name, "S"))
    except ValueError as error:
        raise GarbledError(f"{name} is no JSON: {error}") from error


def _made(cls: Callable[..., Made], fields: _Fields, raw: Any) -> Made:
    if not isinstance(raw, dict):
        raise GarbledError(f"{raw!r} where an object was expected")
    if unknown := sorted(set(raw) - set(fields)):
        raise GarbledError(f"{unknown[0]!r} is not known")
    try:
        return cls(**{name: fields[name](value) for name, value in raw.items()})
    except (TypeError, ValueError) as error:
        raise GarbledError(str(error)) from error


def _seconds(value: Any) -> float:
    if value is None:
        return -inf
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        raise GarbledError(f"{value!r} where seconds were expected")
    return float(value)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise GarbledError(f"{value!r} where a count was expected")
    return value


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise GarbledError(f"{value!r} where a text was expected")
    return value


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise GarbledError(f"{value!r} where a yes or no was expected")
    return value


def _each(value: Any, of: Callable[[Any], Made]) -> dict[str, Made]:
    if not isinstance(value, dict):
        raise GarbledError(f"{value!r} where an object was expected")
    return {name: of(each) for name, each in value.items()}


def _pair(value: Any) -> tuple[int, float]:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a number and its time
        raise GarbledError(f"{value!r} where a beat and its time were expected")
    return _count(value[0]), _seconds(value[1])


def _pairs(value: Any) -> tuple[tuple[int, float], ...]:
    if not isinstance(value, list):
        raise GarbledError(f"{value!r} where beats were expected")
    return tuple(_pair(each) for each in value)


def _beats(value: Any) -> dict[str, tuple[int, float]]:
    return _each(value, _pair)


def _numbers(value: Any) -> dict[str, int]:
    return _each(value, _count)


def _markers(raw: Any) -> Markers:
    return _made(Markers, MARKERS, raw)


def _watch(raw: Any) -> Watch:
    return _made(Watch, WATCH, raw)


def _watches(raw: Any) -> dict[str, Watch]:
    return _each(raw, _watch)


def _claim(raw: Any) -> Claim | None:
    return None if raw is None else _made(Claim, CLAIM, raw)


def _ack(raw: Any) -> Ack:
    return _made(Ack, ACK, raw)


def _epoch(raw: Any) -> Epoch:
    return _made(Epoch, EPOCH, raw)


def _brain(raw: Any) -> Brain:
    return _made(Brain, BRAIN, raw)


MARKERS: Final[_Fields] = {"sent": _numbers, "seen": _numbers, "acked": _numbers}
WATCH: Final[_Fields] = {
    "phase": Phase,
    "changed_at_s": _seconds,
    "reading": Reading,
    "reading_since_s": _seconds,
    "observed_at_s": _seconds,
    "held": _yes_no,
    "done": _word,
    "told": _word,
}
CLAIM: Final[_Fields] = {
    "number": _count,
    "alone": _yes_no,
    "deputy": _word,
    "heir": _word,
    "kept": _yes_no,
}
ACK: Final[_Fields] = {"number": _count, "beat": _count, "heir": _word}
EPOCH: Final[_Fields] = {
    "beat": _count,
    "beats": _pairs,
    "claim": _claim,
    "ack": _ack,
    "acked_at_s": _seconds,
    "confirmed_at_s": _seconds,
}
BRAIN: Final[_Fields] = {
    "watches": _watches,
    "epoch": _epoch,
    "observed_at_s": _seconds,
    "promoted": _word,
}
