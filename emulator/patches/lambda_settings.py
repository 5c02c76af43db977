"""Lambda: settings of functions that stock moto drops: SnapStart and the dead-letter target.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

from typing import Any, Final

from emulator.patches.mending import replace
from emulator.store.functions import DEAD_LETTER, SNAP_START

_MEMBERS: Final = (
    ("SnapStart", "ApplyOn", SNAP_START),
    ("DeadLetterConfig", "TargetArn", DEAD_LETTER),
)


def apply() -> None:
    """Keep what was dropped, and show it."""
    from moto.awslambda.models import LambdaFunction

    stock_init = LambdaFunction.__init__
    stock_update = LambdaFunction.update_configuration
    stock_shown = LambdaFunction.get_configuration

    def keep(self: Any, given: dict[str, Any]) -> None:
        for member, leaf, name in _MEMBERS:
            if member in given:
                setattr(self, name, (given[member] or {}).get(leaf))

    def init(self: Any, account_id: str, spec: dict[str, Any], *rest: Any, **more: Any) -> None:
        stock_init(self, account_id, spec, *rest, **more)
        keep(self, spec)

    def update(self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
        keep(self, config_updates)
        stock_update(self, config_updates)
        shown: dict[str, Any] = self.get_configuration()
        return shown

    def get(self: Any, *args: Any, **more: Any) -> dict[str, Any]:
        shown: dict[str, Any] = stock_shown(self, *args, **more)
        snap_start = getattr(self, SNAP_START, None) or "None"
        published = snap_start == "PublishedVersions" and str(self.version) != "$LATEST"
        shown["SnapStart"] = {
            "ApplyOn": snap_start,
            "OptimizationStatus": "On" if published else "Off",
        }
        if getattr(self, DEAD_LETTER, None):
            shown["DeadLetterConfig"] = {"TargetArn": getattr(self, DEAD_LETTER)}
        return shown

    replace(LambdaFunction, "__init__", init)
    replace(LambdaFunction, "update_configuration", update)
    replace(LambdaFunction, "get_configuration", get)
