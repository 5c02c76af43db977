"""Settings of what a stack keeps: its key, its table, how long its records live."""

import json
import re
from dataclasses import dataclass
from typing import Final, cast

from infra.aws_regions import REGIONS
from infra.settings import fields
from infra.settings.reading import Reading

ANYBODY: Final = "*"
EVENTUAL: Final = "eventual"
STRONG: Final = "strong"

# Regions that a table with multi-Region strong consistency may span, and nothing across sets:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html#V2globaltables_HowItWorks.consistency-modes.mrsc
STRONG_SETS: Final = (
    ("us-east-1", "us-east-2", "us-west-2"),
    ("eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3"),
    ("ap-northeast-1", "ap-northeast-2", "ap-northeast-3"),
)
_STRONG_MEMBERS: Final = 3

# https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
_KEY_DELETION_DAYS: Final = (7, 30)
_LONGEST_DAYS: Final = 36_500
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html, and paths and wildcards
_ROLE_PATTERN: Final = re.compile(r"[A-Za-z0-9_+=,.@/*?-]{1,128}")


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """What a stack keeps; `Pulumi.yaml` says what each setting means."""

    home_region: str
    operator_roles: tuple[str, ...]
    key_deletion_days: int
    prediction_archive_days: int
    prediction_days: int
    table_consistency: str
    table_witness_region: str | None


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
        table_consistency=reading.read("tableConsistency", fields.choice(EVENTUAL, STRONG)),
        table_witness_region=reading.read("tableWitnessRegion", _region_or_none),
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
    everybody = any(map(_is_anybody, _strings(raw.get("operatorRoles", "[]"))))
    if raw.get("production") == "true" and everybody:
        reading.note(
            "operatorRoles",
            'names of roles, not everybody, with production "true"',
            "name the roles that deploy and operate this stack",
        )
    if reading.sound("regions", "tableConsistency", "tableWitnessRegion"):
        _note_table(reading, regions)
    if reading.sound("predictionArchiveDays", "predictionDays"):
        archived, ended = int(raw["predictionArchiveDays"]), int(raw["predictionDays"])
        if 0 < ended <= archived:
            reading.note(
                "predictionArchiveDays",
                f"less than predictionDays ({ended}), at whose end nothing is left to archive",
                "archive earlier, keep longer, or set it to 0 (never)",
            )


def _note_table(reading: Reading, regions: tuple[str, ...]) -> None:
    """Hold the table against what strong consistency asks for."""
    witness = reading.raw["tableWitnessRegion"]
    if reading.raw["tableConsistency"] != STRONG:
        if witness:
            reading.note(
                "tableWitnessRegion",
                f'nothing without tableConsistency "{STRONG}": only strong tables have a witness',
                f'set it to "", or tableConsistency to "{STRONG}"',
            )
        return
    members = (*regions, *((witness,) if witness else ()))
    if witness in regions:
        reading.note(
            "tableWitnessRegion",
            "a Region that is not one of the stack's: a witness holds no data",
            "name another Region of the same set, or none with three Regions",
        )
    elif len(members) != _STRONG_MEMBERS:
        reading.note(
            "tableConsistency",
            f'"{EVENTUAL}", as {len(regions)} Regions and'
            f" {'a' if witness else 'no'} witness are not the three that strong consistency needs",
            "use three Regions, or two and a tableWitnessRegion",
        )
    elif not any(set(members) <= set(each) for each in STRONG_SETS):
        sets = "; ".join(", ".join(each) for each in STRONG_SETS)
        reading.note(
            "tableConsistency",
            f'"{EVENTUAL}", as {", ".join(members)} are not of one set ({sets})',
            f'choose Regions of one set, or tableConsistency "{EVENTUAL}"',
        )


def _is_anybody(pattern: str) -> bool:
    return ANYBODY in pattern and not pattern.strip("*?")


def _region_or_none(text: str) -> str | None:
    if text and text not in REGIONS:
        raise fields.FieldError('the name of an AWS Region, or "" for none')
    return text or None


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
