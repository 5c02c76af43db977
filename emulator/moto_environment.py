"""moto's switches. Some are read when moto is imported: apply them before anything imports it."""

from __future__ import annotations

import os
from typing import Final

MANAGED_POLICIES: Final = "MOTO_IAM_LOAD_MANAGED_POLICIES"

_SWITCHES: Final = {
    "MOTO_DISABLE_GLOBAL_CORS": "true",  # a layer on every answer that nobody here needs
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # a large table that nobody here needs
    "MOTO_ACM_VALIDATION_WAIT": "0",  # certificates are issued by their DNS record, not by time
    # There is one account: looking for it by key makes moto build IAM once for each partition.
    "MOTO_ACCOUNT_ID": "123456789012",
    "MOTO_LAMBDA_STUB_ECR": "false",  # a function's image must be in its Region's repository
    MANAGED_POLICIES: "true",  # programs attach AWS's own policies by ARN
}


def apply() -> None:
    """Set the switches for this process and its children."""
    os.environ.update(_SWITCHES)
