"""Any valid settings give a program that keeps every rule; any invalid ones are refused by key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

import policy
from infra.aws_regions import REGIONS
from infra.settings import SettingsError, parse_settings
from infra.settings.fields import LOG_RETENTION_DAYS
from tests.infra.conftest import release_zip
from tests.infra.graph import run_program, stack_config

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["release_zip"]

BASE = stack_config("staging")
MOST_REGIONS = 3  # more take longer and show nothing else
RUNS = 12

# What each setting may be, by itself.
ALONE: dict[str, st.SearchStrategy[Any]] = {
    "zoneName": st.from_regex(r"[a-z]{1,12}(-[a-z]{1,6})?\.example", fullmatch=True),
    "routing": st.sampled_from(["failover", "latency"]),
    "healthCheckIntervalSeconds": st.sampled_from([10, 30]),
    "failureThreshold": st.integers(1, 10),
    "functionMemoryMb": st.integers(128, 10_240),
    "logRetentionDays": st.sampled_from(LOG_RETENTION_DAYS),
    "predictionBufferSeconds": st.integers(0, 900),
    "rtoSeconds": st.integers(1, 86_400),
    "rpoSeconds": st.integers(1, 86_400),
    "availability": st.sampled_from(["0.5", "0.999", "1"]),
    "failbackHoldSeconds": st.integers(0, 86_400),
    "deletionProtection": st.booleans(),
    "keyDeletionDays": st.integers(7, 30),
    "accessLogDays": st.integers(1, 3650),
    "webFirewallLogs": st.sampled_from(["blocked", "all"]),
    "zonalAutoshift": st.booleans(),
    "practiceRunBlockedWindows": st.sampled_from(["[]", '["Fri:16:00-Fri:23:59"]']),
    "practiceRunBlockedDates": st.sampled_from(["[]", '["2027-12-24", "2027-12-31"]']),
    "alarmErrorRatio": st.sampled_from(["0.001", "0.5", "1"]),
    "alarmReplicationSeconds": st.integers(60, 86_400),
    "canaryIntervalMinutes": st.integers(1, 60),
    "pagerEndpoint": st.sampled_from(["", "oncall@understudy.example", "https://pager.example/x"]),
    "restoreTestValidationHours": st.integers(1, 168),
}


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


@st.composite
def valid(draw: st.DrawFn) -> dict[str, str]:
    """A stack's settings that contradict nothing."""
    regions = draw(
        st.lists(st.sampled_from(REGIONS), min_size=2, max_size=MOST_REGIONS, unique=True)
    )
    cname = draw(st.booleans())
    chosen = {
        "regions": regions,
        "homeRegion": draw(st.sampled_from(regions)),
        "recordType": "cname" if cname else "alias",
        "recordTtlSeconds": draw(st.integers(1, 60)) if cname else 60,
        "peakRequestsPerSecond": 100,
        "requestDurationMs": 250,
        "reservedConcurrency": draw(st.one_of(st.just(0), st.integers(25, 500))),
    }
    alone = draw(st.fixed_dictionaries({}, optional=ALONE))
    return BASE | {key: text(value) for key, value in (chosen | alone).items()}


THREE = {"regions": '["eu-west-1", "eu-north-1", "us-east-1"]', "homeRegion": "eu-west-1"}

# Texts that no setting of its type takes.
WRONG = {
    "regions": [
        "",
        "us-east-1",
        "[]",
        '["us-east-1"]',
        '["us-east-1", "us-east-1"]',
        '["mars-1", "x"]',
    ],
    "routing": ["", "weighted"],
    "recordType": ["", "A", "CNAME"],
    "recordTtlSeconds": ["", "0", "61", "1.5", "ten"],
    "healthCheckIntervalSeconds": ["", "20", "-10"],
    "failureThreshold": ["", "0", "11", "3.0"],
    "functionMemoryMb": ["", "127", "10241", "1e3"],
    "functionTimeoutSeconds": ["", "0", "31"],
    "logRetentionDays": ["", "8", "-1"],
    "predictionBufferSeconds": ["", "-1", "901"],
    "rtoSeconds": ["", "0", "86401"],
    "rpoSeconds": ["", "0", "86401"],
    "availability": ["", "0", "1.01", "99%", "nan"],
    "deletionProtection": ["", "yes", "True"],
    "failbackHoldSeconds": ["", "-1", "86401"],
    "keyDeletionDays": ["", "6", "31"],
    "zoneName": ["", "localhost", "UPPER.example", "dot.example."],
    "production": ["", "perhaps"],
    "canaryIntervalMinutes": ["", "0", "61"],
    "accessLogDays": ["", "0", "3651"],
    "practiceRunBlockedWindows": ["", '["Sat:00:00-Sun:23:59"]', '["Sat"]'],
    "practiceRunBlockedDates": ["", '["2027-02-30"]', '["24 December"]'],
}


@settings(max_examples=RUNS, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(chosen=valid())
@example(chosen=BASE)
@example(chosen=stack_config("prod"))
@example(
    chosen=BASE | {"regions": '["eu-west-1", "eu-north-1", "us-east-1"]', "homeRegion": "eu-west-1"}
)
def test_any_valid_settings_give_a_program_that_keeps_every_rule(
    release_zip: Path, chosen: dict[str, str]
) -> None:
    parse_settings(chosen, project="understudy", stack="staging")
    graph = run_program("staging", chosen, release_zip)
    assert [str(each) for each in policy.check(graph)] == []


@settings(max_examples=300, deadline=None)
@given(
    chosen=valid(),
    wrong=st.dictionaries(st.sampled_from(sorted(WRONG)), st.integers(0, 100), min_size=1),
)
def test_every_wrong_setting_is_named_however_many_there_are(
    chosen: dict[str, str], wrong: dict[str, int]
) -> None:
    texts = {key: WRONG[key][at % len(WRONG[key])] for key, at in wrong.items()}
    with pytest.raises(SettingsError) as caught:
        parse_settings(chosen | texts, project="understudy", stack="staging")
    named = {problem.key for problem in caught.value.problems}
    assert {f"understudy:{key}" for key in texts} <= named, "all of them at once"


@settings(max_examples=100, deadline=None)
@given(chosen=valid(), gone=st.sets(st.sampled_from(sorted(BASE)), min_size=1, max_size=5))
def test_every_missing_setting_is_named(chosen: dict[str, str], gone: set[str]) -> None:
    left = {key: value for key, value in chosen.items() if key not in gone}
    with pytest.raises(SettingsError) as caught:
        parse_settings(left, project="understudy", stack="staging")
    named = {problem.key for problem in caught.value.problems}
    assert {f"understudy:{key}" for key in gone} <= named


def test_the_strategies_know_only_settings_that_are_declared() -> None:
    assert set(ALONE) | set(WRONG) <= set(BASE), "a setting that is gone is tried in vain"
