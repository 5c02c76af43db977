"""The whole of `./run drill` on a stack in memory: only how it is reached is made up.

Reports with a plot are not drawn: a second each, and other tests draw them.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from playing import Told

from resilience.experiments import journaling, session
from resilience.experiments.session import Ended, Wish, run
from resilience.report import write_report

sys.path.insert(0, str(Path(__file__).parents[1] / "resilience"))
from topologies import topology

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    from hand_world import HandWorld

    from resilience.journal import Journal
    from resilience.records import Probe


class Sitting:
    """A laptop beside a stack in memory."""

    def __init__(self, world: HandWorld, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = world
        self.folder = folder
        self.told = Told()
        self.began_s = began_s = world.at_s
        clock = SimpleNamespace(
            speed=1e9,
            started_at=lambda: datetime.fromtimestamp(began_s, UTC),
            now_s=lambda: world.at_s - began_s,
        )
        seat = SimpleNamespace(
            topology=topology(), clock=clock, origin_s=began_s, seed=0, rate_per_s=2.0
        )
        attached = SimpleNamespace(
            seat=seat, ground=world.ground, not_proven=(), environment={"aws": "by hand"}
        )
        world.seat = seat
        world.own_probes = self._own_probes  # type: ignore[attr-defined]

        @contextmanager
        def reached(_wish: Wish, _progress: object) -> Iterator[Any]:
            yield attached

        @contextmanager
        def sat(_seat: object) -> Iterator[HandWorld]:
            yield world

        monkeypatch.setattr(session, "_reached", reached)
        monkeypatch.setattr(session, "LaptopWorld", sat)
        monkeypatch.setattr(journaling, "write_report", _write_undrawn)
        monkeypatch.chdir(folder)

    def run(self, experiment: str | None = "region-loss", **wish: Any) -> Ended:
        """Run the command; without an experiment, `recover=True`."""
        asked = Wish(
            stack="staging",
            project_dir=self.folder,
            experiment=experiment,
            **{"options": {}, "execute": True, "recover": False, "emulate": False, **wish},
        )
        return run(asked, self.told)  # type: ignore[arg-type]

    def _own_probes(self) -> tuple[Probe, ...]:
        return tuple(replace(p, scheduled_s=p.scheduled_s - self.began_s) for p in self.world.seen)


def _write_undrawn(journal: Journal, path: Path) -> None:
    if journal.raw is None:
        write_report(journal, path)
