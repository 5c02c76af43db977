"""The Lambda handler of a release on the standard-library runtime.

The release is opened when Lambda imports this module, once for each environment.
"""

from __future__ import annotations

from inference.serving.service import load_arrays, open_service, respond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# inference/serving/handler.py lies two folders below the root of the release.
ROOT = __file__.rsplit("/", 3)[0]
_service = open_service(ROOT, load_arrays)


def handle(event: object, context: object) -> dict[str, Any]:
    """Answer an Application Load Balancer's event."""
    return respond(_service, event, context)
