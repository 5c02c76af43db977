"""The whole space of settings: every key of Pulumi.yaml, and only what goes together.

What is drawn is valid by construction, nothing is filtered away. Each key comes as in staging half
of the time and is shrunk to that, so that a failure shows the few settings it takes.
"""

from __future__ import annotations

import itertools
import json
from datetime import date
from typing import Any, Final

from hypothesis import strategies as st

from infra.aws_regions import REGIONS
from infra.settings.capacity import whole_load
from infra.settings.data import STRONG_SETS
from infra.settings.drills import HARMLESS, HURTING
from infra.settings.fields import LOG_RETENTION_DAYS
from infra.settings.schedule import schedule
from tests.infra.graph import stack_config

Drawn = dict[str, Any]

BASE: Final = stack_config("staging")
STACK_NAMES: Final = ("staging", "s", "blue-green")
"""Of one character, and of as many as there may be."""

BUNDLE: Final = "authorities.pem"
"""Stands for the path of a file with authorities; whoever runs the program puts a real one here."""

# What an account's quota of 1,000 carries beside the 100 that Lambda keeps unreserved.
_MOST_CONCURRENCY: Final = 900
_MOST_DAYS: Final = 36_500


def text(value: Any) -> str:
    """A setting as Pulumi hands it over."""
    return value if isinstance(value, str) else json.dumps(value)


def usual(key: str) -> Any:
    """What a setting is in staging."""
    try:
        return json.loads(BASE[key])
    except ValueError:
        return BASE[key]


def maybe(key: str, otherwise: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A setting as in staging, or otherwise."""
    return st.one_of(st.just(usual(key)), otherwise)


def numbers(low: int, high: int) -> st.SearchStrategy[int]:
    """Whole numbers, their ends more often than others."""
    return st.one_of(st.integers(low, high), st.sampled_from([low, high]))


_NAMES = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)
_HOSTS = st.builds("{}.{}".format, _NAMES, st.sampled_from(["example", "corp.example"]))
_URLS = st.builds("https://{}/{}".format, _HOSTS, _NAMES)
_DIGITS = st.text("0123456789abcdef", min_size=64, max_size=64)
_RATIOS = st.builds("0.{:06}".format, st.integers(1, 999_999)) | st.just("1")
_ZONES = st.one_of(
    _HOSTS, st.just(f"{'z' * 48}.example"), st.builds("xn--{0}.{0}.example".format, _NAMES)
)
_WINDOWS = st.builds(
    "{0}:{1:02}:00-{0}:{1:02}:{2:02}".format,
    *(st.sampled_from(["Mon", "Sun"]), st.integers(0, 23), st.integers(1, 59)),
)
_DATES = st.lists(
    st.dates(date(2026, 1, 1), date(2030, 12, 31)).map(date.isoformat), max_size=15, unique=True
)

# The least and the most of every setting that is a number, whatever the others are.
RANGES: Final = {
    "recordTtlSeconds": (1, 60),
    "failureThreshold": (1, 10),
    "functionMemoryMb": (128, 10_240),
    "functionTimeoutSeconds": (1, 30),
    "peakRequestsPerSecond": (1, 100_000),
    "requestDurationMs": (1, 30_000),
    "reservedConcurrency": (0, 9_000),
    "provisionedConcurrency": (0, 9_000),
    "predictionBufferSeconds": (0, 900),
    "rtoSeconds": (1, 86_400),
    "rpoSeconds": (1, 86_400),
    "failbackHoldSeconds": (0, 86_400),
    "keyDeletionDays": (7, 30),
    "accessLogDays": (1, 3650),
    "requestsPerFiveMinutes": (1_000, 100_000_000),
    "predictionArchiveDays": (0, _MOST_DAYS),
    "predictionDays": (0, _MOST_DAYS),
    "alarmLatencyMs": (1, 30_000),
    "alarmReplicationSeconds": (60, 86_400),
    "canaryIntervalMinutes": (1, 60),
    "observerLookSeconds": (5, 30),
    "agreementSeconds": (5, 3600),
    "backupRetentionDays": (1, _MOST_DAYS),
    "backupCopyRetentionDays": (1, _MOST_DAYS),
    "backupLockMinDays": (1, _MOST_DAYS),
    "backupLockMaxDays": (1, _MOST_DAYS),
    "backupLockChangeableDays": (3, _MOST_DAYS),
    "restoreTestWithinDays": (1, 365),
    "restoreTestValidationHours": (1, 168),
    "drillStopSeconds": (1, 86_400),
    "drillOverdueDays": (1, 366),
    "drillJournalDays": (1, _MOST_DAYS),
}

# Numbers that must go with another setting; `valid` draws them where that one is drawn.
_IN_COMPANY: Final = frozenset(
    {
        *("recordTtlSeconds", "functionTimeoutSeconds", "alarmLatencyMs", "peakRequestsPerSecond"),
        *("requestDurationMs", "reservedConcurrency", "provisionedConcurrency"),
        *("predictionArchiveDays", "predictionDays", "backupRetentionDays"),
        *("backupCopyRetentionDays", "backupLockMinDays", "backupLockMaxDays"),
        *("observerLookSeconds", "agreementSeconds"),
        *("rtoSeconds", "drillStopSeconds", "drillOverdueDays"),
    }
)

# What a setting may be whatever the others are.
ALONE: Final[dict[str, st.SearchStrategy[Any]]] = {
    **{key: numbers(*RANGES[key]) for key in RANGES if key not in _IN_COMPANY},
    "zoneName": _ZONES,
    "routing": st.sampled_from(["failover", "latency"]),
    "release": st.builds("{}.zip".format, _NAMES),
    "healthCheckIntervalSeconds": st.sampled_from([10, 30]),
    "logRetentionDays": st.sampled_from(LOG_RETENTION_DAYS),
    "availability": _RATIOS,
    "webFirewall": st.booleans(),
    "runbookBaseUrl": _URLS | st.just("https://runbooks.example:8443"),
    "pagerEndpoint": st.sampled_from(["", "oncall@corp.example", "https://pager.example/x?key=1"]),
    "alarmErrorRatio": _RATIOS,
    "zonalAutoshift": st.booleans(),
    "practiceRunBlockedWindows": st.lists(_WINDOWS, max_size=15, unique=True),
    "practiceRunBlockedDates": _DATES,
    "drillBlackoutDates": _DATES,
}
_ALONE = {key: maybe(key, values) for key, values in ALONE.items()}


TWO_ZONES = "us-west-1"
"""It gives an account two of its zones; a deploy needs three, and asks before it makes anything."""

WHOLE_REGIONS = tuple(region for region in REGIONS if region != TWO_ZONES)


@st.composite
def places(draw: st.DrawFn, most: int) -> Drawn:
    """The Regions, the one that is home, and the table that spans them."""
    strong, witness = draw(st.booleans()), ""
    if strong:
        members = draw(st.permutations(draw(st.sampled_from(STRONG_SETS))))[:3]
        two = most < len(members) or draw(st.booleans())
        regions, witness = (members[:2], members[2]) if two else (members, "")
    else:
        # As many as there may be more often than others, like the ends of numbers.
        count = draw(st.sampled_from([most, *range(2, most + 1), most]))
        some = st.permutations(WHOLE_REGIONS).map(lambda each: each[:count])
        regions = draw(maybe("regions", some))
    return {
        "regions": regions,
        "homeRegion": draw(st.sampled_from(regions)),
        "tableConsistency": "strong" if strong else "eventual",
        "tableWitnessRegion": witness,
    }


@st.composite
def answers(draw: st.DrawFn) -> Drawn:
    """The records, and how long they live."""
    cname = draw(st.booleans())
    ttl_s = draw(maybe("recordTtlSeconds", numbers(1, 60))) if cname else 60
    return {"recordType": "cname" if cname else "alias", "recordTtlSeconds": ttl_s}


_ROLE_PATTERNS = st.builds(
    "{}{}".format, _NAMES, st.sampled_from(["", "*", "/deploys-?", "+=,.@_-"])
)
_ROLES = st.lists(_ROLE_PATTERNS | st.just("r" * 128), min_size=1, max_size=4)
_ROLES_OR_ANYBODY = maybe("operatorRoles", _ROLES)


@st.composite
def protection(draw: st.DrawFn, *, production: bool) -> Drawn:
    """Whether clients depend on the stack, and who may do what to it."""
    return {
        "production": production,
        "deletionProtection": production or draw(st.booleans()),
        "operatorRoles": draw(_ROLES if production else _ROLES_OR_ANYBODY),
    }


_CLAIMS = st.one_of(
    st.builds("aud={}".format, _URLS),
    st.builds("scope={}".format, _NAMES),
    st.builds("tenant_id={}".format, _DIGITS),
)
_WRITTEN_IN_PRODUCTION = st.sampled_from(["blocked", "all"])
_WRITTEN = st.sampled_from(["blocked", "all", "off"])
_TRUSTED = {
    "jwtIssuer": _URLS | _NAMES | st.just("i" * 256),
    "jwtJwksEndpoint": _URLS | st.just("https://i.example/" + "k" * 238),
    "jwtClaim": _CLAIMS,
    "clientCaBundle": st.just(BUNDLE),
}


@st.composite
def edge(draw: st.DrawFn, *, production: bool) -> Drawn:
    """Who may call. What another way of telling clients apart needs may be set."""
    ways = ["jwt", "mtls"] if production else ["none", "jwt", "mtls"]
    how = draw(st.sampled_from(ways))
    needed = {"jwt": tuple(_TRUSTED)[:3], "mtls": ("clientCaBundle",)}.get(how, ())
    trusted = {
        key: draw(values) if key in needed or draw(st.booleans()) else ""
        for key, values in _TRUSTED.items()
    }
    written = draw(_WRITTEN_IN_PRODUCTION if production else _WRITTEN)
    return {"clientAuthentication": how, "webFirewallLogs": written, **trusted}


_RATES = maybe("peakRequestsPerSecond", numbers(1, 10 * _MOST_CONCURRENCY))
_TIMEOUTS_S = maybe("functionTimeoutSeconds", numbers(1, 30))
_VERSIONS = numbers(1, 999_999_999)


@st.composite
def serving(draw: st.DrawFn, regions: list[str]) -> Drawn:
    """What predictions run on, with how much capacity, and how fast they must be."""
    container = draw(st.booleans())
    rate = draw(_RATES)
    longest_ms = min(_MOST_CONCURRENCY * 1000 // rate, 30_000)
    duration_ms = draw(numbers(1, longest_ms))
    least = whole_load(rate, duration_ms)
    reserved = draw(st.just(0) | numbers(least, _MOST_CONCURRENCY))
    ahead = draw(st.sampled_from(["nothing", "provisioned", *(() if container else ("snap",))]))
    provisioned = numbers(1, reserved or _MOST_CONCURRENCY)
    timeout_s = draw(_TIMEOUTS_S)
    canary = draw(st.booleans())
    return {
        "runtime": "container" if container else "zip",
        "containerImage": f"sha256:{draw(_DIGITS)}" if container else "",
        "registryReplication": draw(st.booleans()),
        "peakRequestsPerSecond": rate,
        "requestDurationMs": duration_ms,
        "reservedConcurrency": reserved,
        "provisionedConcurrency": draw(provisioned) if ahead == "provisioned" else 0,
        "snapStart": ahead == "snap",
        "canaryWeight": f"0.{draw(st.integers(1, 9999)):04}" if canary else "0",
        "stableVersions": [
            f"{region}={draw(_VERSIONS)}"
            for region in (draw(st.permutations(regions)) if canary else ())
        ],
        "functionTimeoutSeconds": timeout_s,
        "alarmLatencyMs": draw(numbers(1, timeout_s * 1000)),
    }


@st.composite
def observing(draw: st.DrawFn) -> Drawn:
    """How observers judge: no sooner than they look twice."""
    look_s = draw(numbers(5, 30))
    return {"observerLookSeconds": look_s, "agreementSeconds": draw(numbers(look_s, 3600))}


_RECORD_DAYS = maybe("predictionDays", st.just(0) | numbers(2, _MOST_DAYS))


@st.composite
def records(draw: st.DrawFn) -> Drawn:
    """How long predictions are kept."""
    days = draw(_RECORD_DAYS)
    archived = st.just(0) | numbers(1, days - 1 if days else _MOST_DAYS)
    return {"predictionDays": days, "predictionArchiveDays": draw(archived)}


_LISTED_HOURS = st.lists(st.integers(0, 23), min_size=1, max_size=4, unique=True).map(
    lambda hours: ",".join(map(str, hours))
)
_HOURS = st.one_of(_LISTED_HOURS, st.sampled_from(["*", "*/6", "3-5"]))
_EVERY_DAY = st.sampled_from(["* * ?", "? * *", "1-31 JAN-DEC ?", "? 1-12 SUN-SAT", "*/1 * ?"])
_SOME_DAYS = st.sampled_from(
    ["? * MON", "1,15 * ?", "10,L * ?", "? * 2#2,6L", "? 1-12 SUN#1,4#3", "*/10 * ?"]
)


def _crons(days: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("cron({} {} {} *)".format, st.integers(0, 59), _HOURS, days)


_BACKUP_TIMES = maybe("backupSchedule", _crons(_EVERY_DAY))
_TEST_TIMES = maybe("restoreTestSchedule", _crons(_EVERY_DAY | _SOME_DAYS))
_FOUR_TIMES = st.lists(numbers(1, _MOST_DAYS), min_size=4, max_size=4)


@st.composite
def backups(draw: st.DrawFn, *, production: bool) -> Drawn:
    """What is backed up, and how firmly it is kept."""
    enabled = production or draw(st.booleans())
    lock = draw(st.sampled_from(["compliance"] if production else ["none", "governance"]))
    days = sorted(draw(_FOUR_TIMES))
    if not enabled:
        days = draw(st.permutations(days))
    low, kept, copied, high = days
    return {
        "backupEnabled": enabled,
        "backupOffReason": "" if enabled else draw(_NAMES),
        "backupSchedule": draw(_BACKUP_TIMES),
        "backupRetentionDays": kept,
        "backupCopyRetentionDays": copied,
        "backupLock": lock,
        "backupLockMinDays": low,
        "backupLockMaxDays": high,
        "restoreTestSchedule": draw(_TEST_TIMES),
    }


_ONE_A_DAY = st.builds(
    "cron({} {} {} *)".format, st.integers(0, 59), st.integers(0, 23), _EVERY_DAY | _SOME_DAYS
)
_DRILL_TIMES = maybe("drillSchedule", _ONE_A_DAY | _crons(_SOME_DAYS))
_OPEN = st.sampled_from(
    [[], ["mon-sun 00:00-24:00"], ["mon-wed 00:00-24:00", "thu-sun 00:00-24:00"]]
)
_RTOS_S = maybe("rtoSeconds", numbers(1, 86_400))


@st.composite
def drills(draw: st.DrawFn, *, production: bool) -> Drawn:
    """Which drills run by the clock, when, and how what they find is kept."""
    scheduled, injections = draw(st.booleans()), draw(st.booleans())
    may = (*HARMLESS, *HURTING) if injections or not scheduled else HARMLESS
    chosen = st.lists(st.sampled_from(may), min_size=int(scheduled), max_size=len(may), unique=True)
    when, rto_s = draw(_DRILL_TIMES), draw(_RTOS_S)
    gap_days = -(-schedule(when).longest_gap_min // (24 * 60))
    locks = ["compliance"] if production and scheduled else ["governance", "compliance"]
    return {
        "drillsScheduled": scheduled,
        "drillInjections": injections,
        "drillExperiments": draw(chosen),
        "drillSchedule": when,
        "drillWindows": draw(_OPEN),
        "rtoSeconds": rto_s,
        "drillStopSeconds": draw(numbers(rto_s, 86_400)),
        "drillOverdueDays": draw(numbers(gap_days + 1, 366)),
        "drillJournalLock": draw(st.sampled_from(locks)),
    }


@st.composite
def valid(draw: st.DrawFn, *, most_regions: int = 8) -> dict[str, str]:
    """Settings that contradict nothing: a text for every key there is."""
    production = draw(st.booleans())
    where = draw(places(most_regions))
    groups = (
        where,
        draw(answers()),
        draw(protection(production=production)),
        draw(edge(production=production)),
        draw(serving(where["regions"])),
        draw(records()),
        draw(observing()),
        draw(backups(production=production)),
        draw(drills(production=production)),
        {key: draw(values) for key, values in _ALONE.items()},
    )
    keys = list(itertools.chain.from_iterable(groups))
    assert len(set(keys)) == len(keys), "each setting is drawn in one place"
    return {key: text(value) for group in groups for key, value in group.items()}


def differences(chosen: dict[str, str]) -> dict[str, str]:
    """What is not as in staging: what to look at first when a draw fails."""
    return {key: value for key, value in chosen.items() if BASE.get(key) != value}
