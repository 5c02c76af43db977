"""ELB: access logs into a bucket that cannot take them are refused.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html: the
bucket is in the load balancer's Region, encrypted with S3's own keys, and its policy lets log
delivery put objects. AWS tries it out by a test file before it takes the setting.
"""

from __future__ import annotations

from typing import Any, Final

from emulator import policy
from emulator.patches.mending import replace
from emulator.strict import backends

DELIVERY: Final = "logdelivery.elasticloadbalancing.amazonaws.com"
TEST_FILE: Final = "ELBAccessLogTestFile"


def apply() -> None:
    """Guard the attribute that turns access logs on."""
    from moto.elbv2.exceptions import ELBClientError
    from moto.elbv2.models import ELBv2Backend

    stock = ELBv2Backend.modify_load_balancer_attributes

    def modify(self: Any, arn: str, attrs: dict[str, str]) -> Any:
        wanted = {**self.load_balancers[arn].attrs, **attrs} if arn in self.load_balancers else {}
        if wanted.get("access_logs.s3.enabled") == "true":
            bucket, prefix = wanted.get("access_logs.s3.bucket", ""), folder(wanted)
            problem = problem_with(bucket, prefix, arn)
            if problem:
                raise ELBClientError("InvalidConfigurationRequest", problem)
            backends.s3().put_object(bucket, f"{prefix}{TEST_FILE}", b"")
        return stock(self, arn, attrs)

    replace(ELBv2Backend, "modify_load_balancer_attributes", modify)


def folder(attributes: dict[str, str]) -> str:
    """The folder that everything is delivered under, by a load balancer's attributes."""
    prefix = attributes.get("access_logs.s3.prefix", "")
    return f"{prefix}/AWSLogs/{backends.ACCOUNT}/" if prefix else f"AWSLogs/{backends.ACCOUNT}/"


def problem_with(bucket: str, prefix: str, load_balancer_arn: str) -> str | None:
    """Why a bucket cannot take a load balancer's access logs; None when it can."""
    found = backends.s3().buckets.get(bucket)
    if found is None:
        return f"S3Bucket: {bucket} does not exist"
    if found.region_name != backends.region_of(load_balancer_arn):
        return f"S3Bucket: {bucket} is not located in the same region with ELB"
    denied = f"Access Denied for bucket: {bucket}. Please check S3bucket permission"
    if _kms(found):
        return f"{denied} (only server-side encryption with S3's own keys is supported)"
    context = {
        policy.PRINCIPAL_SERVICE: DELIVERY,
        "aws:SourceArn": load_balancer_arn,
        "aws:SourceAccount": backends.ACCOUNT,
        "aws:SecureTransport": "true",
    }
    documents = (found.policy.decode(),) if found.policy else ()
    resource = f"arn:aws:s3:::{bucket}/{prefix}{TEST_FILE}"
    if not policy.allows(documents, "s3:PutObject", resource, context):
        return f"{denied} (expected a policy that lets {DELIVERY} do s3:PutObject on {resource})"
    return None


def _kms(bucket: Any) -> bool:
    return "aws:kms" in str(getattr(bucket, "encryption", None) or "")
