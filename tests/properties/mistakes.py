"""Mistakes in settings, over the whole space, any number of them at once.

A mistake is planted into settings that were valid; it says which keys must be blamed for it. Those
drawn together have nothing to do with one another: none writes what another reads.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from infra.aws_regions import REGIONS
from infra.settings.capacity import whole_load
from infra.settings.data import STRONG_SETS
from tests.properties.settings_space import BASE, RANGES, valid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Chosen = Mapping[str, str]

FREE: Final = frozenset({"homeRegion", "backupOffReason"})
"""Any text is one of these; only beside another setting can they be wrong."""

_NO_NUMBER: Final = ("", "ten", "1.5", "1e3", "0x10", " 7", "1_000", "\u0663", "null", "[1]")
_NO_BOOLEAN: Final = ("", "yes", "True", "1", "null")
_NO_LIST: Final = ("", "us-east-1", "{}", "7", "[")
_NO_RATIO: Final = ("", "0", "1.01", "99%", "nan", "-0.5", "1e-3", ".5", "\u0661")
_NO_SCHEDULE: Final = (
    *("", "daily", "rate(1 day)", "cron(0 5 * * *)", "cron(0 5 * * * *)", "cron(0 24 * * ? *)"),
    *("cron(0 5 31 2 ? *)", "cron(0 5 * * ? 2027)", "cron(0 5 ? * MON-FUN *)"),
)

_BOOLEANS: Final = (
    *("production", "deletionProtection", "registryReplication", "snapStart", "webFirewall"),
    *("backupEnabled", "zonalAutoshift", "drillsScheduled", "drillInjections"),
)

_NO_DATES: Final = (
    *("", "{}", '["2027-02-30"]', '["24 December"]', '["2027-1-1"]', '["20271224"]'),
    *('["2027-12-24", "2027-12-24"]', json.dumps([f"2027-01-{day}" for day in range(10, 26)])),
)

# Texts that no setting of its kind takes, whatever the others are.
WRONG: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(RANGES, _NO_NUMBER),
    **dict.fromkeys(_BOOLEANS, _NO_BOOLEAN),
    "zoneName": ("", "localhost", "UPPER.example", "dot.example.", "a..example", "z" * 57),
    "regions": (
        *_NO_LIST,
        *("[]", '["us-east-1"]', '["us-east-1", "us-east-1"]', '["us-east-1", "mars-1"]', "[1, 2]"),
        json.dumps(REGIONS[:9]),
    ),
    "routing": ("", "weighted", "Failover"),
    "release": ("", "release", "release.zip.sig"),
    "recordType": ("", "A", "CNAME"),
    "healthCheckIntervalSeconds": ("", "20", "-10", "10.0"),
    "logRetentionDays": ("", "8", "-1", "0"),
    "availability": _NO_RATIO,
    "runtime": ("", "docker", "Zip"),
    "containerImage": ("latest", "sha256:", f"sha256:{'A' * 64}", f"sha256:{'a' * 63}"),
    "canaryWeight": ("", "1", "-0.1", "0.12345", "10%", "0.\u0661"),
    "stableVersions": (*_NO_LIST, '["us-east-1"]', '["us-east-1=0"]', '["a=1", "a=2"]'),
    "operatorRoles": (*_NO_LIST, "[]", '["two words"]', '["\u00e4"]', json.dumps(["r" * 129])),
    "clientAuthentication": ("", "basic", "JWT"),
    "jwtIssuer": ("two words", "i" * 257),
    "jwtJwksEndpoint": ("http://i.example/keys", "https://i.example", "https://i/" + "k" * 247),
    "jwtClaim": ("predictions", "exp=1", "aud=", "=x", "aud=two words"),
    "clientCaBundle": ("authorities", "authorities.crt"),
    "webFirewallLogs": ("", "true", "none"),
    "tableConsistency": ("", "strict", "Strong"),
    "tableWitnessRegion": ("mars", "us-east-1a"),
    "pagerEndpoint": ("nobody", "http://pager.example", "a@b", "two words@corp.example"),
    "runbookBaseUrl": ("", "http://docs.example", "https://docs.example/", f"https://{'d' * 505}"),
    "alarmErrorRatio": _NO_RATIO,
    "backupSchedule": (*_NO_SCHEDULE, "cron(0 5 ? * SUN *)", "cron(0/30 * * * ? *)"),
    "backupLock": ("", "worm", "Compliance"),
    "restoreTestSchedule": _NO_SCHEDULE,
    "practiceRunBlockedWindows": (
        *("", "{}", '["Sat"]', '["Sat:00:00-Sun:23:59"]', '["Sat:09:00-Sat:08:00"]'),
        *('["sat:00:00-sat:01:00"]', '["Sat:00:00-Sat:24:00"]'),
    ),
    "practiceRunBlockedDates": _NO_DATES,
    "drillBlackoutDates": _NO_DATES,
    "drillExperiments": (
        *("", "{}", "region-loss", '["meteor"]', '["bad-model"]', '["Region-loss"]'),
        '["dns-switchover", "dns-switchover"]',
    ),
    "drillSchedule": (*_NO_SCHEDULE, "cron(0/10 * * * ? *)", "cron(0 6 29 2 ? *)"),
    "drillWindows": (
        *("", "{}", '["mon"]', '["Mon:09:00-Mon:16:00"]', '["mon 16:00-09:00"]', '["mon-fri"]'),
        *('["mon 09:00-24:30"]', '["MON 09:00-16:00"]', '["mon  09:00-16:00"]'),
    ),
    "drillJournalLock": ("", "none", "Compliance"),
}


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes:
        plants: What is set so; None takes a setting away.
        blames: The keys that must be named for it.
        reads: Settings that make it a mistake, and are left as they are.
        meant: For a key that is misspelt, the key that was meant.
    """

    plants: Mapping[str, str | None]
    blames: frozenset[str]
    reads: frozenset[str] = frozenset()
    meant: str = ""

    def apart_from(self, other: Mistake) -> bool:
        """Whether neither of two writes what the other reads or writes."""
        mine, its = set(self.plants), set(other.plants)
        return mine.isdisjoint(its | other.reads) and its.isdisjoint(self.reads)


@dataclass(frozen=True)
class Planted:
    """Settings with mistakes in them."""

    settings: dict[str, str]
    mistakes: list[Mistake] = field(default_factory=list[Mistake])

    @property
    def blamed(self) -> set[str]:
        """Every key that must be named."""
        return {key for mistake in self.mistakes for key in mistake.blames}


def _together(blames: str, reads: str = "", **plants: str) -> Mistake:
    """A contradiction; keys are told as words."""
    return Mistake(plants, frozenset(blames.split()), frozenset(reads.split()))


def _production(chosen: Chosen) -> list[Mistake]:
    if chosen["production"] != "true":
        return []
    return [
        _together("deletionProtection", "production", deletionProtection="false"),
        _together("operatorRoles", "production", operatorRoles='["deployer", "*"]'),
        _together("operatorRoles", "production", operatorRoles='["?*"]'),
        _together("clientAuthentication", "production", clientAuthentication="none"),
        _together("webFirewallLogs", "production", webFirewallLogs="off"),
        _together("backupLock", "production backupEnabled", backupLock="none"),
        _together("backupEnabled", "production", backupEnabled="false", backupOffReason="too dear"),
    ]


def _where(chosen: Chosen) -> list[Mistake]:
    regions: list[str] = json.loads(chosen["regions"])
    other = next(each for each in REGIONS if each not in regions)
    found = [_together("homeRegion", "regions", homeRegion=other)]
    table = {"tableConsistency": "strong", "tableWitnessRegion": regions[0]}
    found.append(_together("tableWitnessRegion", "regions", **table))
    table = {"tableConsistency": "eventual", "tableWitnessRegion": other}
    found.append(_together("tableWitnessRegion", "regions", **table))
    if len(regions) != len(STRONG_SETS[0]):
        table = {"tableConsistency": "strong", "tableWitnessRegion": ""}
        found.append(_together("tableConsistency", "regions", **table))
    return found


def _capacity(chosen: Chosen) -> list[Mistake]:
    reserved = int(chosen["reservedConcurrency"])
    load = ("peakRequestsPerSecond", "requestDurationMs")
    needed = whole_load(*(int(chosen[key]) for key in load))
    both = "snapStart provisionedConcurrency"
    found = [
        _together(both, "runtime reservedConcurrency", snapStart="true", provisionedConcurrency="9")
    ]
    if reserved:
        over = {"provisionedConcurrency": str(reserved + 1), "snapStart": "false"}
        found.append(_together("provisionedConcurrency", "reservedConcurrency", **over))
    if needed > 1:
        under = {"reservedConcurrency": str(needed - 1), "provisionedConcurrency": "0"}
        found.append(_together("reservedConcurrency", " ".join(load), **under))
    return found


def _versions(chosen: Chosen) -> list[Mistake]:
    regions: list[str] = json.loads(chosen["regions"])
    all_of_them = [f"{region}=7" for region in regions]
    canaries = [("0.1", all_of_them[1:]), ("0.1", []), ("0", all_of_them)]
    canaries.append(("0.1", [*all_of_them, "mars-1=7"]))
    return [
        _together("stableVersions", "regions", canaryWeight=weight, stableVersions=json.dumps(said))
        for weight, said in canaries
    ]


def _runtime(_: Chosen) -> list[Mistake]:
    digest = f"sha256:{'d' * 64}"
    container = {"runtime": "container", "provisionedConcurrency": "0"}
    return [
        _together("containerImage", **container, containerImage="", snapStart="false"),
        _together("containerImage", runtime="zip", containerImage=digest),
        _together("snapStart", **container, containerImage=digest, snapStart="true"),
    ]


def _edge(_: Chosen) -> list[Mistake]:
    tokens = {"clientAuthentication": "jwt", "jwtIssuer": "i", "jwtClaim": "aud=x"}
    tokens["jwtJwksEndpoint"] = "https://i.example/keys"
    missing = [
        _together(key, **(tokens | {key: ""}))
        for key in ("jwtIssuer", "jwtJwksEndpoint", "jwtClaim")
    ]
    return [*missing, _together("clientCaBundle", clientAuthentication="mtls", clientCaBundle="")]


def _answers(chosen: Chosen) -> list[Mistake]:
    found = [_together("recordTtlSeconds", recordType="alias", recordTtlSeconds="10")]
    found.append(
        _together("predictionArchiveDays", predictionDays="30", predictionArchiveDays="30")
    )
    timeout_s = int(chosen["functionTimeoutSeconds"])
    if timeout_s < RANGES["functionTimeoutSeconds"][1]:
        late = str(timeout_s * 1000 + 1)
        found.append(_together("alarmLatencyMs", "functionTimeoutSeconds", alarmLatencyMs=late))
    hasty = _together("agreementSeconds", observerLookSeconds="30", agreementSeconds="29")
    found.append(hasty)
    return found


def _backups(chosen: Chosen) -> list[Mistake]:
    limits = {"backupLockMinDays": "7", "backupLockMaxDays": "90"}
    kept = {"backupRetentionDays": "30", "backupCopyRetentionDays": "40"}
    on = "backupEnabled backupLock"
    short, crossed = {"backupRetentionDays": "6"}, {"backupLockMinDays": "91"}
    copies = {"backupCopyRetentionDays": "29"}
    long = {"backupRetentionDays": "91", "backupCopyRetentionDays": "92"}
    if chosen["backupEnabled"] != "true":
        return [_together("backupOffReason", "backupEnabled", backupOffReason=" ")]
    found = [
        _together("backupOffReason", "backupEnabled", backupOffReason="it was too dear"),
        _together("backupCopyRetentionDays", on, **limits, **(kept | copies)),
    ]
    if chosen["backupLock"] != "none":
        found += [
            _together("backupRetentionDays", on, **limits, **(kept | short)),
            _together("backupRetentionDays backupCopyRetentionDays", on, **limits, **long),
            _together("backupLockMinDays", on, **(limits | crossed), **kept),
        ]
    return found


def _drills(chosen: Chosen) -> list[Mistake]:
    found = []
    rto_s = int(chosen["rtoSeconds"])
    if rto_s > 1:
        hasty = {"drillStopSeconds": str(rto_s - 1)}
        found.append(_together("drillStopSeconds", "rtoSeconds", **hasty))
    if chosen["drillsScheduled"] != "true":
        return found
    on = "drillsScheduled"
    found.append(_together("drillExperiments", on, drillExperiments="[]"))
    hurts = {"drillInjections": "false", "drillExperiments": '["dns-switchover", "region-loss"]'}
    found.append(_together("drillExperiments", on, **hurts))
    weekly = {"drillSchedule": "cron(0 6 ? * WED *)", "drillOverdueDays": "7"}
    found.append(_together("drillOverdueDays", f"{on} drillWindows", **weekly))
    shut = {"drillWindows": '["thu-tue 00:00-24:00"]', "drillSchedule": "cron(0 6 ? * WED *)"}
    found.append(_together("drillSchedule", on, **shut, drillOverdueDays="8"))
    if chosen["production"] == "true":
        soft = {"drillJournalLock": "governance"}
        found.append(_together("drillJournalLock", f"{on} production", **soft))
    return found


CONTRADICTIONS: Final[tuple[Callable[[Chosen], list[Mistake]], ...]] = (
    *(_production, _where, _capacity, _versions, _runtime, _edge, _answers, _backups, _drills),
)


@st.composite
def _wrong_text(draw: st.DrawFn) -> Mistake:
    key = draw(st.sampled_from(sorted(WRONG)))
    texts = st.sampled_from(WRONG[key])
    if key in RANGES:
        low, high = RANGES[key]
        below, above = st.integers(max_value=low - 1), st.integers(min_value=high + 1)
        texts = st.one_of(
            texts,
            st.sampled_from([str(low - 1), str(high + 1)]),
            *(numbers.map(str) for numbers in (below, above)),
        )
    return Mistake({key: draw(texts)}, frozenset({key}))


@st.composite
def misspelt(draw: st.DrawFn) -> tuple[str, str]:
    """A key, and what a slip of a finger makes of it: no key at all."""
    key = draw(st.sampled_from(sorted(BASE)))
    at = draw(st.integers(1, len(key) - 2))
    head, letter, rest = key[:at], key[at], key[at + 1 :]
    slips = {
        *(f"{head}{rest}", f"{head}{letter}{letter}{rest}", f"{head}{letter.swapcase()}{rest}"),
        *(f"{head}{rest[0]}{letter}{rest[1:]}", f"{head}x{rest}"),
    }
    return key, draw(st.sampled_from(sorted(slips - set(BASE))))


@st.composite
def _slip(draw: st.DrawFn) -> Mistake:
    key, written = draw(misspelt())
    return Mistake({written: BASE[key]}, frozenset({written}), meant=key)


_MISSING = st.sampled_from(sorted(BASE)).map(lambda key: Mistake({key: None}, frozenset({key})))
_ALONE = st.one_of(_wrong_text(), _slip(), _MISSING)


@st.composite
def planted(draw: st.DrawFn) -> Planted:
    """Settings that were valid, with one to ten mistakes in them."""
    chosen = draw(valid())
    contradictory = [each for group in CONTRADICTIONS for each in group(chosen)]
    drawn = st.one_of(_ALONE, st.sampled_from(contradictory))
    kept: list[Mistake] = []
    for mistake in draw(st.lists(drawn, min_size=1, max_size=10)):
        if all(mistake.apart_from(other) for other in kept):
            kept.append(mistake)
    for mistake in kept:
        for key, value in mistake.plants.items():
            if value is None:
                del chosen[key]
            else:
                chosen[key] = value
    return Planted(chosen, kept)
