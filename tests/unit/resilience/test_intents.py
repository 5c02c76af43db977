"""An operator's word reaches a Region that can be reached, once, and with who and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from topologies import topology

from resilience import intents
from resilience.aws import AwsUnreachableError, Call
from resilience.failover import IntentKind
from resilience.functions.observer_memory import intent_of
from resilience.topology import TopologyError

if TYPE_CHECKING:
    from resilience.aws import Aws

NOW_S = 1_800_000_000.0
STACK = replace(topology(3), table_name="understudy-staging")
WORD = intents.word(IntentKind.FAILBACK, "us-east-1", by="me", reason="it is well", name="one")


class Tables:
    """Each Region's replica of the table, which replicates at once to those in reach."""

    def __init__(self, *lost: str) -> None:
        self.lost = lost
        self.items: dict[str, Any] = {}
        self.asked: list[str] = []

    def call(self, service: str, operation: str, *, region: str, **asked: Any) -> Any:
        self.asked.append(f"{operation} in {region}")
        assert (service, asked["TableName"]) == ("dynamodb", "understudy-staging")
        if region in self.lost:
            raise AwsUnreachableError(
                Call(service=service, operation=operation, region=region), "gone"
            )
        if operation == "put_item":
            self.items[asked["Item"]["sk"]["S"]] = asked["Item"]
            return {}
        found = self.items.get(asked["Key"]["sk"]["S"])
        return {} if found is None else {"Item": found}


def given(tables: Tables, *, now_s: float = NOW_S) -> str:
    return intents.give(cast("Aws", tables), STACK, WORD, now_s=now_s)


def test_a_word_is_written_in_a_region_that_watches_its_target() -> None:
    tables = Tables()
    assert given(tables) == "us-west-2"
    assert intent_of(tables.items["us-east-1"], NOW_S) == WORD
    assert tables.items["us-east-1"]["written_at"]["S"] == "2027-01-15T08:00:00+00:00"
    assert intents.read(cast("Aws", tables), STACK, "us-east-1", now_s=NOW_S) == WORD


def test_a_lost_region_does_not_keep_a_word_from_being_given() -> None:
    tables = Tables("us-west-2")
    assert given(tables) == "eu-west-1"
    assert given(Tables("us-west-2", "eu-west-1")) == "us-east-1", "the target itself, at last"
    with pytest.raises(AwsUnreachableError, match="us-west-2"):
        given(Tables("us-west-2", "eu-west-1", "us-east-1"))


def test_a_word_given_twice_is_one_word() -> None:
    tables = Tables()
    given(tables)
    given(tables, now_s=NOW_S + 5)
    assert intent_of(tables.items["us-east-1"], NOW_S) == WORD, "the same id: it is done once"


def test_a_word_expires() -> None:
    tables = Tables()
    given(tables)
    late_s = NOW_S + intents.LASTS_S
    assert intents.read(cast("Aws", tables), STACK, "us-east-1", now_s=late_s) is None
    assert intents.read(cast("Aws", tables), STACK, "us-west-2", now_s=NOW_S) is None


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("me", " ")])
def test_nobody_asks_for_nothing(by: str, reason: str) -> None:
    with pytest.raises(ValueError, match="expected who and why"):
        intents.word(IntentKind.HOLD, "us-east-1", by=by, reason=reason)


def test_a_region_or_a_table_that_is_not_there_is_named() -> None:
    aws = cast("Aws", Tables())
    with pytest.raises(TopologyError, match="no Region 'eu-north-1'"):
        intents.give(aws, STACK, replace(WORD, target="eu-north-1"), now_s=NOW_S)
    with pytest.raises(TopologyError, match="has no table"):
        intents.give(aws, topology(3), WORD, now_s=NOW_S)
