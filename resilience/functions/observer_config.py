"""What an observer is deployed with, read from its environment. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from resilience.failover import Place, Settings
from resilience.functions.observer_senses import Config

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_config(environment: Mapping[str, str]) -> Config:
    """Read it; a variable that is missing is a `KeyError` with its name."""
    numbers: dict[str, float] = json.loads(environment["UNDERSTUDY_OBSERVER"])
    regions = tuple(environment["UNDERSTUDY_REGIONS"].split(","))
    zone = environment["UNDERSTUDY_ZONE"]
    watched = tuple(environment["UNDERSTUDY_WATCHED_REGIONS"].split(","))
    return Config(
        place=Place(
            region=environment["AWS_REGION"], order=regions, deputy=environment["UNDERSTUDY_DEPUTY"]
        ),
        watched=watched,
        names={region: f"predict.{region}.{zone}" for region in watched},
        verdicts={region: f"verdict.{region}.{zone}" for region in regions},
        release=environment["UNDERSTUDY_RELEASE_DIGEST"],
        settings=Settings(
            agreement_s=numbers["agreement_s"],
            hold_down_s=numbers["hold_down_s"],
            stale_after_s=numbers["stale_after_s"],
            lease_s=numbers["lease_s"],
        ),
        look_s=numbers["look_s"],
        caught_up_s=numbers["caught_up_s"],
    )
