"""Lets a rehearsal's canaries in: they are clients, and nobody else fills their secret."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from resilience.aws import AwsMissingError

if TYPE_CHECKING:
    from resilience.aws import Aws
    from resilience.credentials import Credential
    from resilience.topology import Topology


def fill_secrets(aws: Aws, topology: Topology, credential: Credential) -> None:
    """Put what clients show into each Region's secret `<project>-<stack>-canary`. Idempotent.

    A stack whose clients need to show nothing has no such secret.

    Raises:
        AwsError: AWS refused, or did not answer.
    """
    document = credential.document()
    if not document:
        return
    for region in topology.regions:
        with contextlib.suppress(AwsMissingError):
            aws.call(
                "secretsmanager",
                "put_secret_value",
                region=region.region,
                SecretId=f"{topology.project}-{topology.stack}-canary",
                SecretString=json.dumps(dict(document)),
            )
