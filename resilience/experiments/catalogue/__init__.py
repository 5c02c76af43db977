"""Every experiment by its name. Standard library only: it runs in Lambda too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from resilience.experiments.catalogue.az_loss import AZ_LOSS
from resilience.experiments.catalogue.backup_restore import BACKUP_RESTORE
from resilience.experiments.catalogue.bad_model import BAD_MODEL
from resilience.experiments.catalogue.dependency_denied import DEPENDENCY_DENIED
from resilience.experiments.catalogue.dns_switchover import DNS_SWITCHOVER
from resilience.experiments.catalogue.evacuation import EVACUATION
from resilience.experiments.catalogue.observer_dead import OBSERVER_DEAD
from resilience.experiments.catalogue.region_loss import REGION_LOSS
from resilience.experiments.catalogue.replication_stalled import REPLICATION_STALLED
from resilience.experiments.catalogue.standby_load import STANDBY_LOAD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resilience.experiments.core.experiment import Experiment

CATALOGUE: Final[Mapping[str, Experiment]] = {
    each.name: each
    for each in (
        REGION_LOSS,
        EVACUATION,
        DNS_SWITCHOVER,
        AZ_LOSS,
        REPLICATION_STALLED,
        BAD_MODEL,
        STANDBY_LOAD,
        BACKUP_RESTORE,
        DEPENDENCY_DENIED,
        OBSERVER_DEAD,
    )
}
"""Experiments in the order that they are listed in."""
