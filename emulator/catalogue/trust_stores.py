"""Trust stores: the authorities whose client certificates a listener takes."""

from __future__ import annotations

from typing import Final

from emulator.catalogue.lb import READ_TAGS, TAGS
from emulator.catalogue.model import Call, Name, Read, ResourceType, Subject, emulated, own_id


def _suffix(subject: Subject) -> str:
    return subject.id.rpartition(":")[2]


_TAKEN_IN: Final = "AWS takes the bundle in and does not show where it came from"

TRUST_STORE: Final = ResourceType(
    type="aws:lb/trustStore:TrustStore",
    service="elbv2",
    inputs={
        "name": emulated(aws="Name", force_new=True),
        "namePrefix": emulated(unread="becomes part of the name", force_new=True),
        "caCertificatesBundleS3Bucket": emulated(required=True, unread=_TAKEN_IN),
        "caCertificatesBundleS3Key": emulated(required=True, unread=_TAKEN_IN),
        "caCertificatesBundleS3ObjectVersion": emulated(unread=_TAKEN_IN),
    },
    create=(Call(operation="CreateTrustStore"),),
    id="TrustStores[0].TrustStoreArn",
    reads=(
        Read(
            operation="DescribeTrustStores",
            params={"TrustStoreArns": [own_id]},
            at="TrustStores[0]",
        ),
        READ_TAGS,
    ),
    update=(Call(operation="ModifyTrustStore", extra={"TrustStoreArn": own_id}),),
    delete=(Call(operation="DeleteTrustStore", only="", extra={"TrustStoreArn": own_id}),),
    outputs={"arn": own_id, "arnSuffix": _suffix},
    tags=TAGS,
    name=Name(max_length=32),
    identity="name",
)

TYPES: Final = (TRUST_STORE,)
