"""Whether a deployed stack is well enough for a drill: no page open that forbids one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PAGES: Final = ("region-impaired", "out-of-service")
WELL_MIN: Final = 4.0
"""How long all must be well before the first drill: a new health check begins unhealthy, and its
alarm hears of it a few minutes later."""


def well(client: Callable[[str, str], Any], prefix: str, regions: Iterable[str]) -> bool:
    """Whether no page is open that forbids a drill, and observers have spoken."""
    for region in regions:
        item = client("dynamodb", region).get_item(
            TableName=prefix, Key={"pk": {"S": "observer"}, "sk": {"S": region}}
        )
        reply = client("cloudwatch", region).describe_alarms(
            AlarmNames=[f"{prefix}-{page}" for page in PAGES],
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
        )
        found = (*reply["MetricAlarms"], *reply["CompositeAlarms"])
        if "Item" not in item or any(each["StateValue"] != "OK" for each in found):
            return False
    return True


def stays_well(is_well: Callable[[], bool], speed: float) -> bool:
    """Whether all is well, and stays so for `WELL_MIN` emulated minutes."""
    until = time.monotonic() + WELL_MIN * 60 / speed
    while is_well():
        if time.monotonic() > until:
            return True
        time.sleep(0.3)
    return False
