"""How an observer is deployed is read back from its function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from resilience.observer_reader import read_observer
from resilience.topology import ObserverSettings, TopologyError

if TYPE_CHECKING:
    from resilience.aws import Aws

TOLD = (
    '{"agreement_s": 20, "caught_up_s": 300, "hold_down_s": 30, "lease_s": 60, "look_s": 10,'
    ' "stale_after_s": 30}'
)


def aws(text: str) -> Aws:
    class Deployed:
        def call(self, service: str, operation: str, *, region: str, **asked: Any) -> Any:
            assert (service, operation, region) == (
                "lambda",
                "get_function_configuration",
                "us-west-2",
            )
            assert asked == {"FunctionName": "understudy-staging-observer"}
            return {"Environment": {"Variables": {"UNDERSTUDY_OBSERVER": text}}}

    return cast("Aws", Deployed())


def test_its_settings_are_those_it_was_deployed_with() -> None:
    found = read_observer(aws(TOLD), "us-west-2", "understudy-staging-observer")
    assert found == ObserverSettings(
        function="understudy-staging-observer",
        look_s=10,
        agreement_s=20,
        hold_down_s=30,
        stale_after_s=30,
        lease_s=60,
        caught_up_s=300,
    )


def test_a_stack_without_observers_has_none() -> None:
    assert read_observer(aws(TOLD), "us-west-2", None) is None


@pytest.mark.parametrize("text", ["", "[]", '{"look_s": 10}', '{"look_s": "soon"}'])
def test_a_function_that_is_no_observer_is_named(text: str) -> None:
    with pytest.raises(TopologyError, match="understudy-staging-observer in us-west-2"):
        read_observer(aws(text), "us-west-2", "understudy-staging-observer")
