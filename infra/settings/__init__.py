"""A stack's settings: read once, checked together, frozen.

Defaults are in `Pulumi.yaml` and nowhere else; Pulumi merges them in before the program runs.
Whether an objective *can* hold is not decided here: a setting that is legal deploys, `doubts`
says what looks wrong with it, and the rehearsal measures it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi

from infra.naming import stack_name_problem
from infra.settings import (
    backup,
    capacity,
    data,
    drills,
    edge,
    fields,
    observing,
    runtime,
    watching,
    zonal,
)
from infra.settings.backup import BackupSettings
from infra.settings.capacity import CapacitySettings
from infra.settings.data import DataSettings
from infra.settings.drills import DrillSettings
from infra.settings.edge import EdgeSettings
from infra.settings.observing import ObservingSettings
from infra.settings.reading import Problem, Reading, SettingsError
from infra.settings.runtime import RuntimeSettings
from infra.settings.watching import WatchingSettings
from infra.settings.zonal import ZonalSettings

# Route 53 gives an alias to a load balancer this TTL, whatever is asked for:
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
ALIAS_TTL_S: Final = 60

_DAY_S: Final = 86_400


@dataclass(frozen=True, kw_only=True)
class Objectives:
    """What a drill is held against.

    Attributes:
        rto_s: Longest recovery time, as clients see it.
        rpo_s: Longest data loss window of prediction records.
        availability: Least share of good replies within a drill's own window, 0 to 1.
        failback_hold_s: How long a returned Region must stay healthy before failback.
    """

    rto_s: int
    rpo_s: int
    availability: float
    failback_hold_s: int


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of a stack; `Pulumi.yaml` says what each means."""

    production: bool
    zone_name: str
    regions: tuple[str, ...]
    routing: str
    release: Path
    record_type: str
    record_ttl_s: int
    health_check_interval_s: int
    failure_threshold: int
    function_memory_mb: int
    function_timeout_s: int
    log_retention_days: int
    prediction_buffer_s: int
    objectives: Objectives
    deletion_protection: bool
    data: DataSettings
    capacity: CapacitySettings
    runtime: RuntimeSettings
    edge: EdgeSettings
    zonal: ZonalSettings
    watching: WatchingSettings
    observing: ObservingSettings
    backup: BackupSettings
    drills: DrillSettings


def parse_settings(raw: Mapping[str, str], *, project: str, stack: str) -> Settings:
    """Read the settings of a stack from their texts.

    Args:
        raw: Text of every setting by its key, without the project's namespace.
        project: Name of the Pulumi project.
        stack: Name of the stack.

    Raises:
        SettingsError: If anything is wrong, with all that is wrong.
    """
    reading = Reading(project, raw)
    settings = _read_all(reading)
    reading.refuse_unknown()
    _note_contradictions(reading)
    name_problem = stack_name_problem(project, stack)
    if name_problem is not None:
        step = "choose another stack name"
        reading.problems.insert(
            0, Problem(key="stack", got=f'"{stack}"', expected=name_problem, next_step=step)
        )
    if reading.problems:
        raise SettingsError(stack, tuple(reading.problems))
    return settings


def _read_all(reading: Reading) -> Settings:
    return Settings(
        production=reading.read("production", fields.boolean),
        zone_name=reading.read("zoneName", fields.zone_name),
        regions=reading.read("regions", fields.region_list),
        routing=reading.read("routing", fields.choice("failover", "latency")),
        release=reading.read("release", fields.zip_path),
        record_type=reading.read("recordType", fields.choice("alias", "cname")),
        record_ttl_s=reading.read("recordTtlSeconds", fields.integer(1, ALIAS_TTL_S)),
        health_check_interval_s=reading.read(
            "healthCheckIntervalSeconds", fields.integer_of(10, 30)
        ),
        failure_threshold=reading.read("failureThreshold", fields.integer(1, 10)),
        function_memory_mb=reading.read("functionMemoryMb", fields.integer(128, 10_240)),
        function_timeout_s=reading.read("functionTimeoutSeconds", fields.integer(1, 30)),
        log_retention_days=reading.read(
            "logRetentionDays", fields.integer_of(*fields.LOG_RETENTION_DAYS)
        ),
        prediction_buffer_s=reading.read("predictionBufferSeconds", fields.integer(0, 900)),
        objectives=Objectives(
            rto_s=reading.read("rtoSeconds", fields.integer(1, _DAY_S)),
            rpo_s=reading.read("rpoSeconds", fields.integer(1, _DAY_S)),
            availability=reading.read("availability", fields.ratio),
            failback_hold_s=reading.read("failbackHoldSeconds", fields.integer(0, _DAY_S)),
        ),
        deletion_protection=reading.read("deletionProtection", fields.boolean),
        data=data.read(reading),
        capacity=capacity.read(reading),
        runtime=runtime.read(reading),
        edge=edge.read(reading),
        zonal=zonal.read(reading),
        watching=watching.read(reading),
        observing=observing.read(reading),
        backup=backup.read(reading),
        drills=drills.read(reading),
    )


def _note_contradictions(reading: Reading) -> None:
    raw = reading.raw
    if raw.get("recordType") == "alias" and raw.get("recordTtlSeconds") != str(ALIAS_TTL_S):
        reading.note(
            "recordTtlSeconds",
            f'{ALIAS_TTL_S} with recordType "alias", whose TTL Route 53 fixes',
            'remove it, or set recordType to "cname"',
        )
    if raw.get("production") == "true" and raw.get("deletionProtection") == "false":
        reading.note(
            "deletionProtection",
            'true with production "true"',
            "set it to true, or say that this is no production stack",
        )
    data.contradictions(reading)
    capacity.contradictions(reading)
    runtime.contradictions(reading)
    edge.contradictions(reading)
    watching.contradictions(reading)
    observing.contradictions(reading)
    backup.contradictions(reading)
    drills.contradictions(reading)


def doubts(settings: Settings) -> tuple[str, ...]:
    """Say which objectives the settings cannot hold at worst; a rehearsal will measure it."""
    objectives = settings.objectives
    worst_s = settings.health_check_interval_s * settings.failure_threshold + settings.record_ttl_s
    found: list[str] = []
    if worst_s > objectives.rto_s:
        found.append(
            f"rtoSeconds is {objectives.rto_s}, but a hard loss is seen by every client only after"
            f" healthCheckIntervalSeconds x failureThreshold + recordTtlSeconds = {worst_s} s"
        )
    if settings.prediction_buffer_s > objectives.rpo_s:
        found.append(
            f"rpoSeconds is {objectives.rpo_s}, but predictionBufferSeconds keeps records out of"
            f" every bucket for up to {settings.prediction_buffer_s} s"
        )
    return (
        *found,
        *watching.doubts(settings.watching, production=settings.production),
        *edge.doubts(settings.edge, clients_name=f"predict.{settings.zone_name}"),
        *backup.doubts(settings.backup, log_retention_days=settings.log_retention_days),
        *drills.doubts(settings.drills, production=settings.production),
    )


def load_settings() -> Settings:
    """Read the settings of the stack that Pulumi is running.

    Raises:
        SettingsError: If anything is wrong, with all that is wrong.
    """
    prefix = f"{pulumi.get_project()}:"
    # pulumi.Config reads one key at a time; only all of them show a misspelt one.
    texts: Mapping[str, object] = pulumi.runtime.get_config_env()
    raw = {
        key.removeprefix(prefix): str(text) for key, text in texts.items() if key.startswith(prefix)
    }
    return parse_settings(raw, project=pulumi.get_project(), stack=pulumi.get_stack())
