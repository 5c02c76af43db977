"""A worker process whose start is given up leaves nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from typing import Any

import pytest

from emulator.dataplane import lambda_worker
from emulator.dataplane.lambda_worker import Worker


def test_a_start_that_is_given_up_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[subprocess.Popen[bytes]] = []

    def spawn(*_: Any) -> subprocess.Popen[bytes]:
        time.sleep(0.2)  # given up in here
        made.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))
        return made[0]

    async def give_up() -> None:
        setup: Any = None
        starting = asyncio.create_task(Worker.start(setup, lambda: 0))
        await asyncio.sleep(0.05)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(starting, timeout=10)

    monkeypatch.setattr(lambda_worker, "_spawn", spawn)
    asyncio.run(give_up())
    assert made[0].returncode is not None, "the process that was still made is dead and reaped"
