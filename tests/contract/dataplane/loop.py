"""An event loop in a thread of its own, as the emulator's data plane has one."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

DEADLINE_S = 30.0


class LoopThread:
    """Runs coroutines from the test's thread; `close` proves that nothing was left running."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self.unhandled: list[str] = []
        self._loop.set_exception_handler(
            lambda _, context: self.unhandled.append(f"{context['message']}: {context}")
        )
        self._thread = threading.Thread(target=self._loop.run_forever, name="data plane")
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, T], *, within_s: float = DEADLINE_S) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within_s)

    def spawn(self, work: Coroutine[Any, Any, T]) -> Any:
        """Begin and return a future; `.result(seconds)` waits."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        left = self.call(self._others())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE_S)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        assert not left, f"tasks outlived the data plane: {left}"
        assert not self.unhandled, f"errors that nobody handled: {self.unhandled}"

    @staticmethod
    async def _others() -> list[str]:
        await asyncio.sleep(0.05)
        return [repr(task) for task in asyncio.all_tasks() if task is not asyncio.current_task()]
