"""The engine: runs a Pulumi program against the emulated AWS.

The program runs unchanged, in a child process with the real SDK, and speaks Pulumi's resource
monitor protocol to us; the catalogue turns what it registers into AWS API calls. Each stack's
state is a JSON file under `work_dir/stacks`, and every step is written down beside it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from emulator.engine.request import OnEvent, Outcome, Problem, RefusedError, Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from emulator.door.refusals import Answer
    from emulator.engine.aws import Aws

__all__ = ["Engine", "Outcome", "Problem", "RefusedError", "Request"]


class Engine:
    """Deploys, previews and destroys stacks, one run at a time (others wait).

    Args:
        aws_endpoint: URL of the AWS API, reached as its administrator.
        work_dir: Holds `stacks/<project>.<stack>.json` and materialised assets.
        on_event: Called with each step as `{"event": "resource", "op", "urn", "type"}`, and with
            `{"event": "log", "severity", "message"}` for what the program logs.
        answer: What answers behind `aws_endpoint`, when it is in this process.
    """

    def __init__(
        self,
        aws_endpoint: str,
        work_dir: Path,
        on_event: OnEvent,
        *,
        answer: Callable[[dict[str, Any]], Answer] | None = None,
    ) -> None:
        self._endpoint = aws_endpoint
        self._answer = answer
        self._work_dir = work_dir
        self._on_event = on_event
        self._lock = threading.Lock()
        self._aws: Aws | None = None

    def run(self, request: Request) -> Outcome:
        """Carry out `request` and say how it ended; a broken rule is an outcome, not an error."""
        # gRPC and boto3 are loaded with the first run, not with the emulator.
        from emulator.engine.aws import Aws
        from emulator.engine.runner import Runner

        with self._lock:
            if self._aws is None:
                self._aws = Aws(self._endpoint, self._answer)
            return Runner(self._aws, self._work_dir, self._on_event).run(request)
