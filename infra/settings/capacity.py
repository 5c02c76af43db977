"""Settings of a Region's capacity: enough for the whole load in every Region, ahead of it."""

import json
import math
import re
from dataclasses import dataclass
from typing import cast

from infra.settings import fields
from infra.settings.reading import Reading

# The most concurrency the default quota leaves for one function, times ten for raised quotas.
_MOST = 9_000

# A function may be asked this many times a second for each unit of its concurrency:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#understanding-concurrency
_REQUESTS_PER_S_PER_UNIT = 10


@dataclass(frozen=True, kw_only=True)
class CapacitySettings:
    """Capacity of the prediction function, the same in every Region.

    Attributes:
        peak_requests_per_s: The whole load: what one Region gets when all others are lost.
        request_duration_ms: How long a request holds an environment, a cold start included.
        reserved_concurrency: What is kept for the function, and its ceiling; 0: nothing is.
        provisioned_concurrency: Environments kept started; 0: none.
        snap_start: Whether environments start from a snapshot.
        canary_weight: Share of requests that the newest version gets; 0: there is no canary.
        stable_versions: Per Region, the version that gets the rest while there is a canary.
    """

    peak_requests_per_s: int
    request_duration_ms: int
    reserved_concurrency: int
    provisioned_concurrency: int
    snap_start: bool
    canary_weight: float
    stable_versions: tuple[tuple[str, str], ...]

    @property
    def whole_load(self) -> int:
        """Environments that the whole load keeps busy."""
        return whole_load(self.peak_requests_per_s, self.request_duration_ms)


def whole_load(requests_per_s: int, duration_ms: int) -> int:
    """Environments that a load keeps busy at a time: rate x duration (Little's law).

    At least a tenth of the rate, which is as often as Lambda lets an environment be asked.
    """
    busy = requests_per_s * duration_ms / 1000
    return math.ceil(max(busy, requests_per_s / _REQUESTS_PER_S_PER_UNIT))


def read(reading: Reading) -> CapacitySettings:
    """Read the group."""
    return CapacitySettings(
        peak_requests_per_s=reading.read("peakRequestsPerSecond", fields.integer(1, 100_000)),
        request_duration_ms=reading.read("requestDurationMs", fields.integer(1, 30_000)),
        reserved_concurrency=reading.read("reservedConcurrency", fields.integer(0, _MOST)),
        provisioned_concurrency=reading.read("provisionedConcurrency", fields.integer(0, _MOST)),
        snap_start=reading.read("snapStart", fields.boolean),
        canary_weight=reading.read("canaryWeight", _weight),
        stable_versions=reading.read("stableVersions", _versions),
    )


def contradictions(reading: Reading) -> None:
    """Note what cannot be true together."""
    raw = reading.raw
    if reading.sound("snapStart", "provisionedConcurrency"):
        provisioned = int(raw["provisionedConcurrency"])
        if raw["snapStart"] == "true" and provisioned:
            for key, other in (
                ("snapStart", 'false with provisionedConcurrency above "0"'),
                ("provisionedConcurrency", '0 with snapStart "true"'),
            ):
                reading.note(key, f"{other}: Lambda has one or the other", "choose one of the two")
    if reading.sound("reservedConcurrency"):
        _check_reservation(reading, int(raw["reservedConcurrency"]))
    _check_canary(reading)


def _check_reservation(reading: Reading, reserved: int) -> None:
    raw, load = reading.raw, ("peakRequestsPerSecond", "requestDurationMs")
    if not reserved:
        return
    if reading.sound(*load):
        needed = whole_load(*(int(raw[key]) for key in load))
        if reserved < needed:
            reading.note(
                "reservedConcurrency",
                f"0, or at least {needed}: peakRequestsPerSecond x requestDurationMs, the whole"
                " load, which one Region carries when the others are lost",
                "raise it, or lower what is expected of a Region",
            )
    key = "provisionedConcurrency"
    if reading.sound(key) and int(raw[key]) > reserved:
        expected = f"at most reservedConcurrency, which is {reserved} and the function's ceiling"
        reading.note(key, expected, "lower it, or raise reservedConcurrency")


def _check_canary(reading: Reading) -> None:
    raw = reading.raw
    if not reading.sound("canaryWeight", "stableVersions", "regions"):
        return
    weight, versions = _weight(raw["canaryWeight"]), dict(_versions(raw["stableVersions"]))
    regions = fields.region_list(raw["regions"])
    if weight and set(versions) != set(regions):
        reading.note(
            "stableVersions",
            f"a version for each Region with canaryWeight above 0: {', '.join(regions)}",
            "name the version that serves now in each Region, such as us-east-1=7",
        )
    if versions and not weight:
        step = "remove it, or give the newest version a canaryWeight"
        reading.note("stableVersions", "empty while canaryWeight is 0", step)


def _weight(text: str) -> float:
    if not re.fullmatch(r"0(\.[0-9]{1,4})?", text):
        raise fields.FieldError('a share from 0 to below 1, such as "0.1"')
    return float(text)


def _versions(text: str) -> tuple[tuple[str, str], ...]:
    try:
        items: object = json.loads(text)
    except ValueError:
        items = None
    expected = 'a list of Regions and version numbers, such as ["us-east-1=7", "us-west-2=7"]'
    if not isinstance(items, list):
        raise fields.FieldError(expected)
    pairs: list[tuple[str, str]] = []
    for item in cast("list[object]", items):
        found = re.fullmatch(r"([a-z0-9-]+)=([1-9][0-9]{0,8})", str(item))
        if found is None:
            raise fields.FieldError(expected)
        pairs.append((found[1], found[2]))
    if len(dict(pairs)) != len(pairs):
        raise fields.FieldError("each Region once")
    return tuple(pairs)
