"""The rules of composite alarms."""

from __future__ import annotations

import pytest

from emulator.watch.alarm_rule import RuleError, parse

STATES = {"errors": "ALARM", "latency": "OK", "replication lag": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("rule", "fires"),
    [
        ("ALARM(errors)", True),
        ("ALARM(latency)", False),
        ('INSUFFICIENT_DATA("replication lag")', True),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors)", True),
        ("ALARM(errors) AND OK(latency)", True),
        ("ALARM(errors) AND NOT OK(latency)", False),
        ("ALARM(latency) OR ALARM(errors) AND FALSE", False),
        ("(ALARM(latency) OR ALARM(errors)) AND TRUE", True),
        ("NOT (ALARM(errors) AND ALARM(latency))", True),
        ('AT_LEAST(2, NOT OK, (errors, latency, "replication lag"))', True),
        ('AT_LEAST(50%, ALARM, (errors, latency, "replication lag"))', False),
        ("ALARM(nobody)", False),
    ],
)
def test_rules_are_decided_over_the_states_of_their_alarms(rule: str, *, fires: bool) -> None:
    assert parse(rule).decide(STATES.get) is fires


def test_a_rule_says_which_alarms_it_depends_on() -> None:
    assert parse('ALARM(b) AND (ALARM("a c") OR OK(b))').alarms == ("b", "a c")


@pytest.mark.parametrize(
    "rule",
    ["", "ALARM", "ALARM(a", "ALARM(a) OR", "ALARM(a) ALARM(b)", "BURNING(a)", '"a"', "ALARM()"],
)
def test_malformed_rules_are_refused(rule: str) -> None:
    with pytest.raises(RuleError):
        parse(rule)


def test_a_rule_has_at_most_500_elements() -> None:
    with pytest.raises(RuleError, match="500"):
        parse(" OR ".join(["ALARM(a)"] * 501))
