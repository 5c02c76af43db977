"""Settings of the observers: how often they look, and how long they must agree."""

from dataclasses import dataclass
from typing import Final

from infra.settings import fields
from infra.settings.reading import Reading

# Looks are late now and then: a start is cold, a schedule fires late, a Region hangs.
_LOOKS_UNTIL_STALE: Final = 3
_LEAST_STALE_S: Final = 30
# A lease is renewed by a look here, a look there, and replication both ways.
_LOOKS_IN_A_LEASE: Final = 6
_LEAST_LEASE_S: Final = 60


@dataclass(frozen=True, kw_only=True)
class ObservingSettings:
    """How observers judge; `Pulumi.yaml` says what each setting means.

    Attributes:
        look_s: Seconds between two looks.
        agreement_s: How long signals must agree before a flag is set.
    """

    look_s: int
    agreement_s: int

    @property
    def stale_after_s(self) -> int:
        """What was seen longer ago counts as not seen."""
        return max(_LEAST_STALE_S, _LOOKS_UNTIL_STALE * self.look_s)

    @property
    def lease_s(self) -> int:
        """How long a Region holds the epoch after its deputy was heard of last."""
        return max(_LEAST_LEASE_S, _LOOKS_IN_A_LEASE * self.look_s)


def read(reading: Reading) -> ObservingSettings:
    """Read the group."""
    return ObservingSettings(
        look_s=reading.read("observerLookSeconds", fields.integer(5, 30)),
        agreement_s=reading.read("agreementSeconds", fields.integer(5, 3600)),
    )


def contradictions(reading: Reading) -> None:
    """Note what contradicts another setting."""
    if not reading.sound("observerLookSeconds", "agreementSeconds"):
        return
    look_s = int(reading.raw.get("observerLookSeconds", "0"))
    if int(reading.raw.get("agreementSeconds", "0")) < look_s:
        reading.note(
            "agreementSeconds",
            f"at least observerLookSeconds, {look_s}: one look agrees with nothing",
            "raise it, or look more often",
        )
