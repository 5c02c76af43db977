"""What a place says of itself: the order it is for, how far it has come, who began it and when.

| standing | what is there | what a restore does |
| --- | --- | --- |
| absent | nothing | makes it |
| empty | a bucket with nothing in it | takes it |
| ours | what was begun for this very order | goes on |
| taken | anything else | leaves it alone, and refuses by name |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_PREFIX: Final = "understudy:restore-"
_ORDER: Final = f"{_PREFIX}order"
_STATE: Final = f"{_PREFIX}state"
_BEGAN: Final = f"{_PREFIX}began"
_BY: Final = f"{_PREFIX}by"
_TOKEN: Final = f"{_PREFIX}token"
_TOOK: Final = f"{_PREFIX}seconds"
# What a tag's value may hold, and how much of it:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-managing.html
_UNTAGGABLE: Final = re.compile(r"[^\w\s+\-=.:/@]")
_LONGEST: Final = 256


class Standing(StrEnum):
    """What there is where something is to be restored."""

    ABSENT = "absent"
    EMPTY = "empty"
    OURS = "ours"
    TAKEN = "taken"


class State(StrEnum):
    """How far a place has come. Only what is verified is restored."""

    BEGUN = "begun"
    VERIFIED = "verified"


@dataclass(frozen=True, kw_only=True)
class Label:
    """A place's tags.

    `by` is who began it and why. `token` is new whenever an empty place is taken: jobs are known
    by it. `took_s` is how long it took until it was first verified, in seconds.
    """

    order: str
    state: State
    began: datetime
    by: str
    token: str
    took_s: float = 0.0

    def pairs(self) -> list[dict[str, str]]:
        """Write it as tags."""
        values = {
            _ORDER: self.order,
            _STATE: self.state.value,
            _BEGAN: self.began.isoformat(),
            _BY: self.by,
            _TOKEN: self.token,
            _TOOK: f"{self.took_s:.3f}",
        }
        return [
            {"Key": key, "Value": _UNTAGGABLE.sub("_", value)[:_LONGEST]}
            for key, value in values.items()
        ]


def label_of(pairs: Iterable[Mapping[str, str]]) -> Label | None:
    """Read what `pairs` wrote; None when it is anything else."""
    found = {each["Key"]: each["Value"] for each in pairs}
    try:
        return Label(
            order=found[_ORDER],
            state=State(found[_STATE]),
            began=datetime.fromisoformat(found[_BEGAN]),
            by=found[_BY],
            token=found[_TOKEN],
            took_s=float(found[_TOOK]),
        )
    except (KeyError, ValueError):
        return None


def others(pairs: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Give the tags that are not a restore's: they stay."""
    return [dict(each) for each in pairs if not each["Key"].startswith(_PREFIX)]
