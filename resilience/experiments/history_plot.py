"""The plot of a history: recovery times over time, and what was promised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from resilience.plot import BAD_COLOUR, INK, REGION_COLOURS, SIZE_INCHES, style, svg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resilience.experiments.history import Entry, History


def plot_svg(history: History) -> str | None:
    """Draw each experiment's recovery times as inline SVG; None if none was measured."""
    measured = [each for each in history.entries if each.recovery_time_s is not None]
    if not measured:
        return None
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    with mpl.rc_context(style()):
        figure, axes = plt.subplots(figsize=SIZE_INCHES, layout="constrained")
        try:
            _draw(axes, measured)
            return svg(figure)
        finally:
            plt.close(figure)


def _draw(axes: Any, measured: Sequence[Entry]) -> None:
    names = list(dict.fromkeys((each.experiment, each.stack) for each in measured))
    for place, (experiment, stack) in enumerate(names):
        own = [e for e in measured if (e.experiment, e.stack) == (experiment, stack)]
        axes.plot(
            [each.started_at for each in own],
            [each.recovery_time_s for each in own],
            label=f"{experiment} of {stack}",
            color=REGION_COLOURS[place % len(REGION_COLOURS)],
            marker="o",
        )
    late = [each for each in measured if each.verdict == "missed"]
    axes.scatter(
        [each.started_at for each in late],
        [each.recovery_time_s for each in late],
        color=BAD_COLOUR,
        marker="x",
        zorder=3,
        label="missed" if late else None,
    )
    for rto_s in sorted({each.rto_s for each in measured if each.rto_s is not None}):
        axes.axhline(rto_s, color=INK, linewidth=0.8, linestyle=(0, (2, 3)))
        axes.text(measured[0].started_at, rto_s, " RTO", ha="left", va="bottom")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("recovery time in seconds")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=4, frameon=False)
