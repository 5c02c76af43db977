"""Concurrency, growth and provisioned environments, held to what AWS documents."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import ExitStack
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from moto.awslambda.models import lambda_backends

from emulator import quotas
from emulator.clock import Clock
from emulator.dataplane.lambda_concurrency import (
    Concurrency,
    Growth,
    ScalingRate,
    ThrottledError,
)
from emulator.dataplane.lambda_provisioning import allotted
from emulator.store.backends import ACCOUNT
from emulator.store.functions import DEAD_LETTER, Provisioned, provisioned_configs
from tests.contract.dataplane.driver import REGION, eventually, kinds

if TYPE_CHECKING:
    from emulator.events import EventLog
    from emulator.faults import FaultBoard
    from emulator.store import Store
    from tests.contract.dataplane.cloud import Cloud
    from tests.contract.dataplane.driver import Lambda

SLOW = """
import os, time
def handle(event, context):
    time.sleep(event or 0)
    return [os.getpid(), os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"]]
"""


@pytest.fixture
def scaling_rate() -> ScalingRate:
    """A twentieth of AWS's allowance at once, and hardly any refill: seen without a crowd."""
    return ScalingRate(at_once=2.0, per_s=0.01)


def provision(count: int, qualifier: str = "1", name: str = "fn") -> None:
    """Provision as the API does (stock moto has no such operation)."""
    configs = provisioned_configs(lambda_backends[ACCOUNT][REGION])
    configs[name, qualifier] = Provisioned(qualifier=qualifier, requested=count)


def ready(functions: Lambda, count: int, qualifier: str = "1") -> None:
    eventually(
        lambda: functions.service.provisioned(REGION, "fn", qualifier).available == count,
        f"{count} environments are provisioned",
    )


def reason(result: Any) -> str:
    assert (result.status, result.error) == (429, "TooManyRequestsException")
    return str(json.loads(result.payload)["Reason"])


def test_functions_without_a_reservation_share_what_nobody_reserved(
    cloud: Cloud, functions: Lambda, events: EventLog
) -> None:
    cloud.function(SLOW)
    cloud.function(SLOW, name="other")
    cloud.function(SLOW, name="reserved")
    quotas.apply(quotas.CONCURRENT_EXECUTIONS, REGION, 4)
    cloud.client("lambda").put_function_concurrency(
        FunctionName="reserved", ReservedConcurrentExecutions=3
    )
    busy = functions.spawn(1.0)
    time.sleep(0.3)
    assert reason(functions.invoke(0, name="other")) == "ConcurrentInvocationLimitExceeded"
    assert functions.answer(0, name="reserved"), "what is reserved is there for its function"
    assert busy.result(10).succeeded
    assert functions.answer(0, name="other"), "the shared place is free again"
    [throttled] = [each for each in events.since() if each.kind == "lambda.throttled"]
    assert throttled.facts["reason"] == "ConcurrentInvocationLimitExceeded"


def test_a_quota_of_one_region_is_no_other_regions(cloud: Cloud, functions: Lambda) -> None:
    cloud.function(SLOW)
    quotas.apply(quotas.CONCURRENT_EXECUTIONS, "us-west-2", 0)
    assert functions.answer(0)


def test_a_function_that_grows_too_fast_is_throttled_though_places_are_free(
    cloud: Cloud, functions: Lambda
) -> None:
    """A cold standby hurts: the load is there at once, its environments are not."""
    cloud.function(SLOW)
    crowd = [functions.spawn(0.5) for _ in range(4)]
    results = [each.result(10) for each in crowd]
    assert sorted(each.status for each in results) == [200, 200, 429, 429]
    assert functions.answer(0), "an environment that is there serves"


def test_an_allowance_refills_steadily_and_never_beyond_full() -> None:
    now = [0.0]
    growth = Growth(ScalingRate(at_once=1000, per_s=100), lambda: now[0])
    assert growth.take(1000), "the first thousand may start at once"
    assert not growth.take(1)
    now[0] = 1.0
    assert growth.take(100), "a hundred a second come back"
    assert not growth.take(1)
    now[0] = 1000.0
    assert not growth.take(1001), "what was not used is not saved up"
    assert growth.take(1000)


@pytest.mark.parametrize(
    ("speed", "reserved", "admitted"), [(1.0, 2, 2), (10.0, 2, 20), (10.0, 0, 0), (0.5, 2, 2)]
)
def test_a_limit_counts_as_much_more_as_time_runs_faster_and_zero_stays_zero(
    store: Store, speed: float, reserved: int, admitted: int
) -> None:
    function: Any = SimpleNamespace(arn="a", reserved_concurrency=reserved)
    concurrency = Concurrency(store, Clock(speed), ScalingRate())
    with ExitStack() as places:
        for _ in range(admitted):
            places.enter_context(concurrency.place(function))
        with pytest.raises(ThrottledError), concurrency.place(function):
            pytest.fail("one more than the limit is throttled")
    assert concurrency.running("a") == 0, "every place is given back"


def test_provisioned_environments_are_started_before_anybody_asks(
    cloud: Cloud, functions: Lambda, events: EventLog
) -> None:
    cloud.function(SLOW)
    provision(3)
    ready(functions, 3)
    crowd = [functions.spawn(0.4, qualifier="1") for _ in range(3)]
    kinds_seen = {json.loads(each.result(10).payload)[1] for each in crowd}
    assert kinds_seen == {"provisioned-concurrency"}
    assert "lambda.cold_start" not in kinds(events), "nobody waited for a start"
    assert "lambda.throttled" not in kinds(events), "nor did a start count as growth"


def test_more_than_is_provisioned_spills_over_to_environments_on_demand(
    cloud: Cloud, functions: Lambda, events: EventLog
) -> None:
    cloud.function(SLOW)
    provision(1)
    ready(functions, 1)
    crowd = [functions.spawn(0.5, qualifier="1") for _ in range(2)]
    seen = sorted(json.loads(each.result(10).payload)[1] for each in crowd)
    assert seen == ["on-demand", "provisioned-concurrency"]
    assert kinds(events).count("lambda.cold_start") == 1


def test_a_provisioned_environment_that_dies_is_started_again(
    cloud: Cloud, functions: Lambda
) -> None:
    cloud.function(SLOW)
    provision(1)
    ready(functions, 1)
    [pid, _] = functions.answer(0, qualifier="1")
    os.kill(pid, signal.SIGKILL)
    functions.invoke(0, qualifier="1")
    eventually(
        lambda: functions.answer(0, qualifier="1")[1] == "provisioned-concurrency",
        "what was provisioned is kept, whatever becomes of one process",
    )


def test_a_lost_region_has_nothing_provisioned_until_it_returns(
    cloud: Cloud, functions: Lambda, faults: FaultBoard
) -> None:
    cloud.function(SLOW)
    provision(2)
    ready(functions, 2)
    fault = faults.lose("region", REGION)
    ready(functions, 0)
    faults.restore(fault.id)
    ready(functions, 2)


def test_what_is_provisioned_on_an_alias_follows_it(cloud: Cloud, functions: Lambda) -> None:
    cloud.function(SLOW)
    cloud.update(SLOW + "# two\n")
    client = cloud.client("lambda")
    client.create_alias(FunctionName="fn", Name="live", FunctionVersion="1")
    provision(2, "live")
    ready(functions, 2, "live")
    client.update_alias(FunctionName="fn", Name="live", FunctionVersion="2")
    ready(functions, 2, "live")
    pools = functions.service._pools
    eventually(
        lambda: {v.version: p.provisioned for v, p in pools.items() if p.environments} == {"2": 2},
        "the old version's environments end, the new one's are kept",
    )


def test_a_package_that_does_not_load_fails_its_provisioning_once(
    cloud: Cloud, functions: Lambda
) -> None:
    cloud.function("import nothing_like_it")
    provision(2)
    status = functions.service.provisioned
    eventually(
        lambda: "FUNCTION_ERROR_INIT_FAILURE" in (status(REGION, "fn", "1").failure or ""),
        "the reason is told",
    )
    assert status(REGION, "fn", "1").available == 0


@pytest.mark.parametrize(
    ("weight", "requested", "split"), [(0.1, 10, (9, 1)), (0.5, 3, (2, 1)), (0.01, 3, (3, 0))]
)
def test_an_aliass_environments_are_allotted_by_weight_and_none_is_lost(
    cloud: Cloud, store: Store, weight: float, requested: int, split: tuple[int, int]
) -> None:
    cloud.function(SLOW)
    cloud.update(SLOW + "# two\n")
    cloud.client("lambda").create_alias(
        FunctionName="fn",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": weight}},
    )
    function = store.function(REGION, "fn")
    assert function is not None
    counts = {each.version: n for each, n in allotted(function, "live", requested).items()}
    assert (counts.get("1", 0), counts.get("2", 0)) == split


def test_an_event_that_fails_for_good_becomes_a_dead_letter(
    cloud: Cloud, functions: Lambda, events: EventLog
) -> None:
    cloud.function("def handle(event, context): raise KeyError(event)\n")
    queue = cloud.client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    client = cloud.client("lambda")
    client.put_function_event_invoke_config(FunctionName="fn", MaximumRetryAttempts=0)
    cloud.client("iam").put_role_policy(
        RoleName="worker",
        PolicyName="bury",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}],
            }
        ),
    )
    latest = lambda_backends[ACCOUNT][REGION].get_function("fn")
    setattr(latest, DEAD_LETTER, f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead")
    assert functions.invoke("lost?", invocation_type="Event").status == 202
    eventually(lambda: "lambda.dead_letter" in kinds(events), "what cannot be handled is kept")
    [message] = cloud.client("sqs").receive_message(QueueUrl=queue, MessageAttributeNames=["All"])[
        "Messages"
    ]
    assert json.loads(message["Body"]) == "lost?"
    assert "KeyError" in message["MessageAttributes"]["ErrorMessage"]["StringValue"]
    assert kinds(events).count("lambda.event_dropped") == 1
