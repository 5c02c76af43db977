"""What the rules say of a deployed stack, as a rehearsal and as the command tell it."""

from __future__ import annotations

import policy
from resilience.policy_findings import findings_of
from resilience.program_rules import Verdict, rules_text

DEPLOYED = {
    "outputs": {"regions": [{"region": "us-east-1"}]},
    "resources": [
        {
            "urn": "urn:pulumi:s::p::aws:cloudwatch/logGroup:LogGroup::logs",
            "type": "aws:cloudwatch/logGroup:LogGroup",
            "name": "logs",
            "inputs": {"region": "us-east-1"},
        }
    ],
}


def test_a_broken_rule_is_a_finding_that_names_resource_and_rule() -> None:
    said = [str(each) for each in findings_of(DEPLOYED)]
    expected = "aws:cloudwatch/logGroup:LogGroup logs: is kept for ever; rule log-groups-forget: "
    assert any(each.startswith(expected) for each in said), said
    assert any(each.startswith("the stack: the stack makes no") for each in said)


def test_the_verdict_says_why_and_where_it_is_from() -> None:
    violations = policy.check(policy.Graph.from_json(DEPLOYED))
    verdict = Verdict(stack="dev", resources=1, violations=violations)
    assert "LogGroup logs: is kept for ever [log-groups-forget]" in verdict.text()
    told = verdict.to_json()["violations"]
    assert isinstance(told, list)
    (forgetful,) = (each for each in told if each["rule"] == "log-groups-forget")
    assert forgetful["resource"].endswith("LogGroup::logs")
    assert forgetful["source"] in verdict.text()


def test_every_rule_is_listed_with_its_reason() -> None:
    text = rules_text()
    for rule in policy.RULES:
        assert f"{rule.id}\n  {rule.holds}\n  {rule.reason}" in text
