"""The Lambda handler of a release on the joblib runtime, for a container image."""

from __future__ import annotations

from typing import Any

from inference.serving.service import open_service, respond
from inference.sklearn_runtime import load_joblib

# inference/sklearn_handler.py lies one folder below the root of the release.
ROOT = __file__.rsplit("/", 2)[0]
_service = open_service(ROOT, load_joblib)


def handle(event: object, context: object) -> dict[str, Any]:
    """Answer an Application Load Balancer's event."""
    return respond(_service, event, context)
