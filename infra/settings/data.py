"""Settings of what a stack keeps: its key, its table, how long its records live."""

import json
import re
from dataclasses import dataclass
from typing import Final, cast

from infra.settings import fields
from infra.settings.reading import Reading

ANYBODY: Final = "*"

# https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
_KEY_DELETION_DAYS: Final = (7, 30)
_LONGEST_DAYS: Final = 36_500
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html, and paths and wildcards
_ROLE_PATTERN: Final = re.compile(r"[\w+=,.@/*?-]{1,128}")


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """What a stack keeps; `Pulumi.yaml` says what each setting means."""

    home_region: str
    operator_roles: tuple[str, ...]
    key_deletion_days: int
    prediction_archive_days: int
    prediction_days: int


def read(reading: Reading) -> DataSettings:
    """Read the group."""
    return DataSettings(
        home_region=reading.read("homeRegion", str),
        operator_roles=reading.read("operatorRoles", _role_patterns),
        key_deletion_days=reading.read("keyDeletionDays", fields.integer(*_KEY_DELETION_DAYS)),
        prediction_archive_days=reading.read(
            "predictionArchiveDays", fields.integer(0, _LONGEST_DAYS)
        ),
        prediction_days=reading.read("predictionDays", fields.integer(0, _LONGEST_DAYS)),
    )


def contradictions(reading: Reading) -> None:
    """Note what contradicts another setting."""
    raw = reading.raw
    regions = _strings(raw.get("regions", "[]"))
    if reading.sound("regions", "homeRegion") and raw["homeRegion"] not in regions:
        reading.note(
            "homeRegion",
            "one of the stack's regions: " + ", ".join(regions),
            "name the Region that the key's primary and the table are to be managed from",
        )
    if raw.get("production") == "true" and ANYBODY in _strings(raw.get("operatorRoles", "[]")):
        reading.note(
            "operatorRoles",
            'names of roles, not everybody, with production "true"',
            "name the roles that deploy and operate this stack",
        )
    if reading.sound("predictionArchiveDays", "predictionDays"):
        archived, ended = int(raw["predictionArchiveDays"]), int(raw["predictionDays"])
        if 0 < ended <= archived:
            reading.note(
                "predictionArchiveDays",
                f"less than predictionDays ({ended}), at whose end nothing is left to archive",
                "archive earlier, keep longer, or set it to 0 (never)",
            )


def _role_patterns(text: str) -> tuple[str, ...]:
    names = _strings(text)
    if not names or not all(_ROLE_PATTERN.fullmatch(each) for each in names):
        raise fields.FieldError('names of IAM roles (* and ? match), such as ["deployer"]')
    return names


def _strings(text: str) -> tuple[str, ...]:
    """The texts in a JSON list; none if it is no list, which its own reader then says."""
    try:
        items = json.loads(text)
    except ValueError:
        return ()
    if not isinstance(items, list):
        return ()
    found = cast("list[object]", items)
    return tuple(each for each in found if isinstance(each, str))
