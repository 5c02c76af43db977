"""CloudWatch Logs: FilterLogEvents reads its pattern.

Stock moto knows single terms alone, and takes every line to match a pattern of any other form.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

from typing import Any

from emulator.patches.mending import replace
from emulator.storage.filters import PatternError, compile_pattern


def apply() -> None:
    """Match lines as subscriptions do; a pattern outside that subset is refused by name."""
    from moto.logs.exceptions import InvalidParameterException
    from moto.logs.models import LogStream

    stock: Any = vars(LogStream)["filter_log_events"]

    def filter_log_events(
        self: Any, start_time: int, end_time: int, filter_pattern: str | None
    ) -> list[dict[str, Any]]:
        try:
            matches = compile_pattern(filter_pattern or "")
        except PatternError as error:
            raise InvalidParameterException(str(error)) from error
        events: list[dict[str, Any]] = stock(self, start_time, end_time, "")
        return [event for event in events if matches(event["message"])]

    replace(LogStream, "filter_log_events", filter_log_events)
