"""The plot of a simulation: how soon each class of faults was over, and what was promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resilience.plot import INK, REGION_COLOURS, SIZE_INCHES, style, svg

if TYPE_CHECKING:
    from resilience.objectives import Objectives
    from resilience.simulate.record import Simulation

SHOWN_S_MARGIN = 3.0
"""What took longer than this many times the objective is beyond the right edge."""


def plot_svg(simulation: Simulation, objectives: Objectives) -> str | None:
    """Draw, for each class, the share of its outages that had ended by then; None without any."""
    curves = [curve for curve in simulation.curves if curve.seconds]
    if not curves:
        return None
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    judged = {result.name for result in simulation.results if result.judged}
    with mpl.rc_context(style()):
        figure, axes = plt.subplots(figsize=SIZE_INCHES, layout="constrained")
        try:
            for place, curve in enumerate(curves):
                axes.step(
                    [0.0, *curve.seconds],
                    [0.0, *(100 * ratio for ratio in curve.ratios)],
                    where="post",
                    label=curve.name,
                    color=REGION_COLOURS[place % len(REGION_COLOURS)],
                    linewidth=2.2 if curve.name in judged else 1.0,
                    linestyle="-" if place < len(REGION_COLOURS) else "--",
                )
            axes.axvline(objectives.rto_s, color=INK, linewidth=0.8, linestyle=(0, (2, 3)))
            axes.text(objectives.rto_s, 2, " RTO", ha="left", va="bottom")
            axes.set_xlim(0, SHOWN_S_MARGIN * objectives.rto_s)
            axes.set_ylim(0, 101)
            axes.set_xlabel("seconds since the onset")
            axes.set_ylabel("% of outages over")
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=4, frameon=False)
            return svg(figure)
        finally:
            plt.close(figure)
