"""Each rule holds in both stacks, and notices when it is broken."""

from __future__ import annotations

import re

import pytest

from policy import RULES, Graph, Rule
from policy.settled import Settled
from tests.policy.breaking import Broken, broken
from tests.policy.breaks import BREAKS

BY_ID = {rule.id: rule for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_stack_keeps_the_rule(graph: Graph, rule: Rule) -> None:
    assert list(map(str, rule.check(graph))) == [], rule.holds


@pytest.mark.parametrize("case", BREAKS, ids=lambda case: f"{case.rule}: {case.says}")
def test_the_rule_notices_when_it_is_broken(staging: Graph, case: Broken) -> None:
    graph = broken(staging, *case.breaks)
    said = [str(each) for each in BY_ID[case.rule].check(graph)]
    assert said, f"{case.rule} cannot fail"
    assert any(case.says in each for each in said), f"expected '{case.says}', got {said}"
    settled = Settled.of_graph(graph)
    assert [str(each) for each in BY_ID[case.rule].check(settled)] == said, "as the plain graph"


def test_no_rule_goes_unbroken() -> None:
    assert {case.rule for case in BREAKS} == set(BY_ID), "a rule that was never broken may be blind"


def test_rules_are_told_apart_by_their_ids() -> None:
    assert len(BY_ID) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_holds_why_and_where_it_is_from(rule: Rule) -> None:
    assert rule.holds.endswith("."), "a sentence"
    assert len(rule.holds) <= 100, "one line"
    assert len(rule.reason.split()) >= 6, "a reason, not a repetition"
    assert re.match(r"https://(docs\.)?aws\.amazon\.com/", rule.source), "AWS says so, somewhere"
