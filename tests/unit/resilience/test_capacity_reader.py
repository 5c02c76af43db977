"""What a stack can carry, read back: what AWS leaves out of a reply is what it means by that."""

from __future__ import annotations

from typing import Any

import pytest

from resilience.aws import AwsMissingError, Call
from resilience.capacity_reader import (
    client_keep_alive_s,
    provisioned_concurrency,
    reserved_concurrency,
    table_consistency,
)


class Replies:
    """An account that answers each call in one way."""

    def __init__(self, **replies: Any) -> None:
        self._replies = replies

    def call(self, service: str, operation: str, *, region: str, **_: Any) -> Any:
        if operation not in self._replies:
            call = Call(service=service, operation=operation, region=region)
            raise AwsMissingError(call, "ProvisionedConcurrencyConfigNotFoundException", "none")
        return self._replies[operation]


@pytest.mark.parametrize(
    ("attributes", "seconds"),
    [([{"Key": "client_keep_alive.seconds", "Value": "60"}], 60.0), ([], 3600.0)],
)
def test_a_load_balancer_keeps_connections_for_an_hour_unless_set(
    attributes: list[dict[str, str]], seconds: float
) -> None:
    aws: Any = Replies(describe_load_balancer_attributes={"Attributes": attributes})
    assert client_keep_alive_s(aws, "us-east-1", "arn") == seconds


def test_a_reservation_of_nothing_is_not_none() -> None:
    for reply, expected in (({}, None), ({"ReservedConcurrentExecutions": 0}, 0)):
        aws: Any = Replies(get_function_concurrency=reply)
        assert reserved_concurrency(aws, "us-east-1", "predict") == expected


def test_an_alias_without_provisioned_concurrency_has_none() -> None:
    without: Any = Replies()
    assert provisioned_concurrency(without, "us-east-1", "predict", "live") == 0
    found: Any = Replies(
        get_provisioned_concurrency_config={"RequestedProvisionedConcurrentExecutions": 7}
    )
    assert provisioned_concurrency(found, "us-east-1", "predict", "live") == 7


def test_a_table_is_eventual_unless_it_says_strong() -> None:
    strong: Any = Replies(describe_table={"Table": {"MultiRegionConsistency": "STRONG"}})
    plain: Any = Replies(describe_table={"Table": {}})
    assert table_consistency(strong, "us-east-1", "understudy") == "strong"
    assert table_consistency(plain, "us-east-1", "understudy") == "eventual"
    assert table_consistency(plain, "us-east-1", None) == "eventual", "a stack from before it"
