"""Reads how a Region's observer is deployed, for the topology."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from resilience.topology import ObserverSettings, TopologyError

if TYPE_CHECKING:
    from resilience.aws import Aws


def read_observer(aws: Aws, region: str, function: str | None) -> ObserverSettings | None:
    """Read the settings that an observer's function is deployed with; None without one.

    Raises:
        AwsError: the function is gone, refused or out of reach.
        TopologyError: it is no observer of ours.
    """
    if function is None:
        return None
    config = aws.call("lambda", "get_function_configuration", region=region, FunctionName=function)
    text = config.get("Environment", {}).get("Variables", {}).get("UNDERSTUDY_OBSERVER", "")
    try:
        told = json.loads(text)
        return ObserverSettings(
            function=function,
            look_s=float(told["look_s"]),
            agreement_s=float(told["agreement_s"]),
            hold_down_s=float(told["hold_down_s"]),
            stale_after_s=float(told["stale_after_s"]),
            lease_s=float(told["lease_s"]),
            caught_up_s=float(told["caught_up_s"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise TopologyError(
            f"function {function} in {region} has UNDERSTUDY_OBSERVER {text!r}: expected the "
            "settings of an observer; deploy the stack again"
        ) from error
