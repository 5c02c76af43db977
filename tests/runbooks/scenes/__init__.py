"""The state that each runbook is for, brought about by API calls as in AWS, and by faults."""

from __future__ import annotations

from tests.runbooks.scenes import backups, drills, neighbours, procedures, recovery, serving

SCENES = {
    **serving.SCENES,
    **neighbours.SCENES,
    **recovery.SCENES,
    **backups.SCENES,
    **procedures.SCENES,
    **drills.SCENES,
}
"""Every runbook, by its name, with how it is tried."""
