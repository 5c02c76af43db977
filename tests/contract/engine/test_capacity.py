"""Quotas, reservations and provisioned concurrency: what AWS refuses, and what stock moto lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator import quotas
from emulator.dataplane.lambda_provisioning import ProvisionedStatus
from tests.contract.engine.play import REGION

if TYPE_CHECKING:
    from tests.contract.engine.cloud import Cloud, NoHooks
    from tests.contract.engine.play import Play, Script

CONCURRENCY = {"ServiceCode": "lambda", "QuotaCode": "L-B99A9384"}
CONFIG = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"


def provisioned(count: int) -> Script:
    def script(play: Play) -> None:
        inputs = {"functionName": "f", "qualifier": "1", "provisionedConcurrentExecutions": count}
        play.resource(CONFIG, "p", inputs)

    return script


def reserve(cloud: Cloud, name: str, count: int) -> None:
    cloud.call(
        "lambda", "PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=count
    )


def put(count: int, qualifier: str = "1") -> dict[str, object]:
    return {
        "FunctionName": "f",
        "Qualifier": qualifier,
        "ProvisionedConcurrentExecutions": count,
    }


def quota(cloud: Cloud, region: str = REGION) -> float:
    found = cloud.call("service-quotas", "GetServiceQuota", region=region, **CONCURRENCY)
    return float(found["Quota"]["Value"])


def test_the_concurrency_quota_is_a_regions_own_and_an_increase_is_granted(cloud: Cloud) -> None:
    assert quota(cloud) == 1000.0, "AWS's default"
    cloud.call("service-quotas", "RequestServiceQuotaIncrease", DesiredValue=3000.0, **CONCURRENCY)
    assert quota(cloud) == 3000.0
    assert quota(cloud, "us-west-2") == 1000.0
    default = cloud.call("service-quotas", "GetAWSDefaultServiceQuota", **CONCURRENCY)
    assert default["Quota"]["Value"] == 1000.0
    message = cloud.refused(
        "service-quotas", "RequestServiceQuotaIncrease", DesiredValue=10.0, **CONCURRENCY
    )
    assert message.startswith("IllegalArgumentException"), "an increase is no decrease"


def test_quotas_that_nothing_enforces_here_are_not_known(cloud: Cloud) -> None:
    asked = {"ServiceCode": "lambda", "QuotaCode": "L-00000000"}
    refusal = cloud.refused("service-quotas", "GetServiceQuota", **asked)
    assert refusal.startswith("NoSuchResourceException")


def test_reservations_leave_a_hundred_unreserved(cloud: Cloud) -> None:
    cloud.function("f")
    cloud.function("g")
    reserve(cloud, "f", 500)
    limit = {"ReservedConcurrentExecutions": 401}
    message = cloud.refused("lambda", "PutFunctionConcurrency", FunctionName="g", **limit)
    assert "below its minimum value of [100]" in message
    reserve(cloud, "g", 400)
    reserve(cloud, "g", 0)
    account = cloud.call("lambda", "GetAccountSettings")["AccountLimit"]
    assert account["ConcurrentExecutions"] == 1000
    assert account["UnreservedConcurrentExecutions"] == 500


def test_a_quota_decides_what_may_be_reserved(cloud: Cloud) -> None:
    cloud.function("f")
    quotas.apply(quotas.CONCURRENT_EXECUTIONS, REGION, 150)
    limit = {"ReservedConcurrentExecutions": 51}
    assert "[100]" in cloud.refused("lambda", "PutFunctionConcurrency", FunctionName="f", **limit)
    reserve(cloud, "f", 50)


def test_provisioned_concurrency_is_put_read_listed_and_deleted(
    cloud: Cloud, hooks: NoHooks
) -> None:
    arn = cloud.function("f")
    begun = cloud.call("lambda", "PutProvisionedConcurrencyConfig", **put(5))
    assert begun["Status"] == "IN_PROGRESS"
    hooks.ready = ProvisionedStatus(available=3)
    which = {"FunctionName": "f", "Qualifier": "1"}
    shown = cloud.call("lambda", "GetProvisionedConcurrencyConfig", **which)
    assert shown["Status"] == "IN_PROGRESS"
    assert shown["AvailableProvisionedConcurrentExecutions"] == 3
    hooks.ready = ProvisionedStatus(available=3, failure="FUNCTION_ERROR_INIT_FAILURE")
    shown = cloud.call("lambda", "GetProvisionedConcurrencyConfig", **which)
    assert (shown["Status"], shown["StatusReason"]) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")
    hooks.ready = ProvisionedStatus(available=5)
    [listed] = cloud.call("lambda", "ListProvisionedConcurrencyConfigs", FunctionName="f")[
        "ProvisionedConcurrencyConfigs"
    ]
    assert (listed["Status"], listed["FunctionArn"]) == ("READY", f"{arn}:1")
    cloud.call("lambda", "DeleteProvisionedConcurrencyConfig", **which)
    message = cloud.refused("lambda", "GetProvisionedConcurrencyConfig", **which)
    assert message.startswith("ProvisionedConcurrencyConfigNotFoundException")


def test_provisioned_concurrency_counts_against_reservation_and_quota(cloud: Cloud) -> None:
    cloud.function("f")
    message = cloud.refused("lambda", "PutProvisionedConcurrencyConfig", **put(901))
    assert "[100]" in message, "unreserved, it comes out of what all share"
    reserve(cloud, "f", 10)
    message = cloud.refused("lambda", "PutProvisionedConcurrencyConfig", **put(11))
    assert "should not be greater than the reservedConcurrentExecution" in message
    cloud.call("lambda", "PutProvisionedConcurrencyConfig", **put(10))


def test_what_cannot_be_provisioned_is_refused(cloud: Cloud) -> None:
    cloud.function("f")
    unpublished = put(1, "$LATEST")
    message = cloud.refused("lambda", "PutProvisionedConcurrencyConfig", **unpublished)
    assert "unpublished" in message
    missing = cloud.refused("lambda", "PutProvisionedConcurrencyConfig", **put(1, "7"))
    assert missing.startswith("ResourceNotFoundException")
    snapped = {"SnapStart": {"ApplyOn": "PublishedVersions"}}
    cloud.call("lambda", "UpdateFunctionConfiguration", FunctionName="f", **snapped)
    cloud.call("lambda", "PublishVersion", FunctionName="f")
    message = cloud.refused("lambda", "PutProvisionedConcurrencyConfig", **put(1, "2"))
    assert "SnapStart" in message, "the two exclude each other"


def test_provisioned_concurrency_goes_with_its_function(cloud: Cloud) -> None:
    cloud.function("f")
    cloud.call("lambda", "PutProvisionedConcurrencyConfig", **put(5))
    cloud.call("lambda", "DeleteFunction", FunctionName="f")
    cloud.call("iam", "DeleteRole", RoleName=f"f-{REGION}")
    cloud.function("f")
    listed = cloud.call("lambda", "ListProvisionedConcurrencyConfigs", FunctionName="f")
    assert listed["ProvisionedConcurrencyConfigs"] == []


def test_a_deploy_waits_until_what_it_provisions_is_ready(cloud: Cloud, hooks: NoHooks) -> None:
    cloud.function("f")
    hooks.ready = ProvisionedStatus(available=1, failure="FUNCTION_ERROR_INIT_FAILURE")
    message = cloud.refusal(provisioned(3))
    assert "1 of 3 provisioned environments are ready: FUNCTION_ERROR_INIT_FAILURE" in message
    hooks.ready = ProvisionedStatus(available=3)
    cloud.deploy(provisioned(3))
    hooks.ready = ProvisionedStatus(available=4)
    cloud.deploy(provisioned(4))
    assert cloud.steps() == [("update", "p")]
    hooks.ready = ProvisionedStatus(available=4, failure="broken")
    assert "4 of 6" in cloud.refusal(provisioned(6)), "an update is waited for as well"


@pytest.mark.parametrize("target", ["queue", "none"])
def test_snap_start_and_a_dead_letter_target_are_kept(cloud: Cloud, target: str) -> None:
    cloud.function("f")
    shown = cloud.call("lambda", "GetFunctionConfiguration", FunctionName="f")
    assert shown["SnapStart"] == {"ApplyOn": "None", "OptimizationStatus": "Off"}
    assert "DeadLetterConfig" not in shown
    arn = f"arn:aws:sqs:{REGION}:123456789012:dead" if target == "queue" else ""
    cloud.call(
        "lambda",
        "UpdateFunctionConfiguration",
        FunctionName="f",
        SnapStart={"ApplyOn": "PublishedVersions"},
        DeadLetterConfig={"TargetArn": arn},
    )
    published = cloud.call("lambda", "PublishVersion", FunctionName="f")
    assert published["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}
    assert published.get("DeadLetterConfig", {}).get("TargetArn", "") == arn
