"""ACM: certificates that DNS validation issues."""

from __future__ import annotations

import time
from typing import Final

from emulator.catalogue import tags
from emulator.catalogue.model import (
    Call,
    Caller,
    Read,
    ResourceType,
    Subject,
    Values,
    emulated,
    given,
    own_id,
    recorded,
)
from emulator.engine.request import RefusedError

_PATIENCE_S: Final = 5.0
"""How long a validation waits: records may be on their way when the program named none."""
_POLL_S: Final = 0.2


def _validation_options(subject: Subject) -> list[Values]:
    return [
        {
            "domainName": option["DomainName"],
            "resourceRecordName": option["ResourceRecord"]["Name"],
            "resourceRecordType": option["ResourceRecord"]["Type"],
            "resourceRecordValue": option["ResourceRecord"]["Value"],
        }
        for option in subject.document.get("DomainValidationOptions", [])
        if "ResourceRecord" in option
    ]


_READ: Final = Read(
    operation="DescribeCertificate", params={"CertificateArn": own_id}, at="Certificate"
)

CERTIFICATE: Final = ResourceType(
    type="aws:acm/certificate:Certificate",
    service="acm",
    inputs={
        "domainName": emulated(required=True, force_new=True),
        "subjectAlternativeNames": emulated(force_new=True, superset=True),
        "validationMethod": emulated(
            required=True,
            force_new=True,
            values=("DNS",),
            read="DomainValidationOptions[0].ValidationMethod",
        ),
        "keyAlgorithm": recorded("the local authority chooses the key", force_new=True),
    },
    absent="certificateAuthorityArn certificateBody certificateChain earlyRenewalDuration options "
    "privateKey privateKeyWo privateKeyWoVersion validationOptions",
    create=(Call(operation="RequestCertificate"),),
    id="CertificateArn",
    reads=(
        _READ,
        Read(
            operation="ListTagsForCertificate",
            params={"CertificateArn": own_id},
            at="Tags",
            into="Tags",
            when="tags",
        ),
    ),
    delete=(Call(operation="DeleteCertificate", only="", extra={"CertificateArn": own_id}),),
    outputs={
        "arn": own_id,
        "domainValidationOptions": _validation_options,
        "status": "Status",
        "type": "Type",
        "subjectAlternativeNames": "SubjectAlternativeNames",
        "renewalEligibility": "RenewalEligibility",
    },
    not_computed="notAfter notBefore pendingRenewal renewalSummaries validationEmails",
    tags=tags.listed(
        put="AddTagsToCertificate",
        drop="RemoveTagsFromCertificate",
        target="CertificateArn",
        keys="Tags",
        drop_tags=True,
    ),
)


def _wait_issued(subject: Subject, call: Caller) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        found = call("acm", "DescribeCertificate", CertificateArn=subject.id)["Certificate"]
        if found["Status"] == "ISSUED":
            return
        if time.monotonic() > deadline:
            wanted = [each["ResourceRecord"] for each in found["DomainValidationOptions"]]
            raise RefusedError(
                f"certificate {subject.id} is {found['Status']}: AWS would wait for its validation "
                "records until it timed out. Expected in a hosted zone: "
                + "; ".join(f"{each['Name']} {each['Type']} {each['Value']}" for each in wanted)
            )
        time.sleep(_POLL_S)


CERTIFICATE_VALIDATION: Final = ResourceType(
    type="aws:acm/certificateValidation:CertificateValidation",
    service="acm",
    inputs={
        "certificateArn": emulated(required=True, force_new=True),
        "validationRecordFqdns": recorded(
            "the records themselves decide", force_new=True, unread="steers waiting only"
        ),
    },
    create=(
        Call(
            operation="DescribeCertificate",
            only="",
            when="certificateArn",
            extra={"CertificateArn": given("certificateArn")},
        ),
    ),
    id="Certificate.CertificateArn",
    reads=(_READ,),
    settle=_wait_issued,
)

TYPES: Final = (CERTIFICATE, CERTIFICATE_VALIDATION)
