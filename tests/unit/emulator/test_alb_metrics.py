"""What a load balancer says of one request."""

from __future__ import annotations

from typing import Any

from emulator.dataplane.alb_handling import Handling
from emulator.dataplane.alb_messages import Request, Response
from emulator.dataplane.alb_metrics import figures

REQUEST = Request(
    method="GET", target="/", headers=(), body=b"", client_ip="", scheme="https", port=443
)
BOTH = ("LoadBalancer", "TargetGroup")


def said(status: int, **facts: Any) -> dict[tuple[str, tuple[str, ...]], float]:
    response = Response(status=status, phrase="", headers=(), body=b"")
    handling = Handling(request=REQUEST, came_at_s=0.0, response=response, **facts)
    return {(name, by): value for name, value, _unit, by in figures(handling, speed=10.0)}


def test_an_answer_of_the_target_is_the_targets() -> None:
    found = said(200, target_group_arn="arn:tg", target_s=0.5, target_status=200)
    assert found["RequestCount", BOTH] == 1
    assert found["HTTPCode_Target_2XX_Count", ("LoadBalancer",)] == 1
    assert found["TargetResponseTime", BOTH] == 0.05, "what the machine took, whatever the speed"
    assert not any("ELB" in name for name, _ in found)


def test_a_function_that_fails_is_a_502_of_the_balancer() -> None:
    found = said(502, target_group_arn="arn:tg", error_reason="LambdaUnhandled")
    assert found["LambdaUserError", BOTH] == 1
    assert found["HTTPCode_ELB_5XX_Count", ("LoadBalancer",)] == 1
    assert found["HTTPCode_ELB_502_Count", ("LoadBalancer",)] == 1
    assert found["RequestCount", ("LoadBalancer",)] == 1
    assert not any("Target_" in name for name, _ in found)


def test_lambdas_own_fault_is_told_apart() -> None:
    found = said(502, target_group_arn="arn:tg", error_reason="LambdaServiceException")
    assert found["LambdaInternalError", ("TargetGroup",)] == 1


def test_a_fixed_response_reaches_no_target_and_counts_as_no_request() -> None:
    found = said(404, actions=["fixed-response"])
    assert found == {
        ("HTTP_Fixed_Response_Count", ("LoadBalancer",)): 1,
        ("HTTPCode_ELB_4XX_Count", ("LoadBalancer",)): 1,
    }
