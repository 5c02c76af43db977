"""Every experiment by its name. Standard library only: it runs in Lambda too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.experiments.catalogue.region_loss import REGION_LOSS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resilience.experiments.core.experiment import Experiment

CATALOGUE: Final[Mapping[str, Experiment]] = {each.name: each for each in (REGION_LOSS,)}
"""Experiments in the order that they are listed in."""
