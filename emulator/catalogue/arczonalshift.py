"""ARC zonal shift: zonal autoshift of a load balancer, and its practice runs.

What they do is `emulator.zonal`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from emulator.catalogue.model import (
    Call,
    Read,
    ResourceType,
    Subject,
    emulated,
    given,
    own_id,
    recorded,
)

if TYPE_CHECKING:
    from emulator.catalogue.model import Values

_PRACTICE: Final = "outcomeAlarms blockingAlarms blockedWindows allowedWindows blockedDates"
_WHICH: Final = {"resourceIdentifier": given("resourceArn")}


def _configured(subject: Subject, answer: Values) -> Values | None:
    del subject
    return answer if answer.get("practiceRunConfiguration") else None


def _practice(name: str, **more: Any) -> Any:
    """An input of the practice run configuration."""
    return emulated(aws=name, read=f"practiceRunConfiguration.{name}", **more)


ZONAL_AUTOSHIFT_CONFIGURATION: Final = ResourceType(
    type="aws:arczonalshift/zonalAutoshiftConfiguration:ZonalAutoshiftConfiguration",
    service="arc-zonal-shift",
    inputs={
        "resourceArn": emulated(
            aws="resourceIdentifier", read="arn", required=True, force_new=True
        ),
        "zonalAutoshiftStatus": recorded(
            "nothing starts by itself, neither an autoshift nor the weekly practice run; "
            "StartPracticeRun runs one",
            aws="zonalAutoshiftStatus",
            required=True,
        ),
        "outcomeAlarms": _practice("outcomeAlarms", required=True),
        "blockingAlarms": _practice("blockingAlarms", unset=[]),
        "blockedWindows": _practice("blockedWindows", unset=[]),
        "allowedWindows": _practice("allowedWindows", unset=[]),
        "blockedDates": _practice("blockedDates", unset=[]),
    },
    create=(
        Call(operation="CreatePracticeRunConfiguration"),
        Call(operation="UpdateZonalAutoshiftConfiguration"),
    ),
    id=given("resourceArn"),
    reads=(Read(operation="GetManagedResource", params=_WHICH, at=_configured),),
    update=(
        Call(operation="UpdatePracticeRunConfiguration", when=_PRACTICE),
        Call(operation="UpdateZonalAutoshiftConfiguration", when="zonalAutoshiftStatus"),
    ),
    delete=(
        # Practice runs cannot be taken from a resource while autoshift is on.
        Call(
            operation="UpdateZonalAutoshiftConfiguration",
            only="",
            extra={"resourceIdentifier": own_id, "zonalAutoshiftStatus": "DISABLED"},
        ),
        Call(
            operation="DeletePracticeRunConfiguration",
            only="",
            extra={"resourceIdentifier": own_id},
        ),
    ),
    identity="resourceArn",
)

TYPES: Final = (ZONAL_AUTOSHIFT_CONFIGURATION,)
