"""The plot of a run: replies over time, by the Region that gave them, with the phases marked."""

from __future__ import annotations

import io
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from resilience.journal import Journal
    from resilience.records import Probe

INK = "#010203"
"""Drawn in this, replaced by `currentColor`: the plot follows the page's light or dark theme."""

REGION_COLOURS = (
    *("#2f7fd1", "#e08a1e", "#7a5fc0", "#2a9d8f"),
    *("#b5895b", "#5b8c2a", "#c06fa8", "#6b7785"),
)
BAD_COLOUR = "#d6344a"
BINS = 240
SIZE_INCHES = (10.0, 3.6)


def plot_svg(journal: Journal) -> str | None:
    """Draw a run as inline SVG; None if it left no probes."""
    if journal.raw is None:
        return None
    probes = journal.raw.probes.unpack()
    if not probes:
        return None
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    with mpl.rc_context(style()):
        figure, axes = plt.subplots(figsize=SIZE_INCHES, layout="constrained")
        try:
            zero_s = journal.raw.marks.onset_s
            _draw_replies(axes, probes, zero_s, journal.run.rate_per_s)
            _draw_phases(axes, journal, zero_s)
            return svg(figure)
        finally:
            plt.close(figure)


def style() -> Any:
    """Give the look that every plot has."""
    inked = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    return {
        **dict.fromkeys(inked, INK),
        "svg.fonttype": "none",
        "font.size": 9,
        "font.family": "sans-serif",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.hashsalt": "understudy",
    }


def _draw_replies(axes: Any, probes: tuple[Probe, ...], zero_s: float, rate_per_s: float) -> None:
    """Stack good replies by Region, and bad ones on top, in stretches of as many probes each."""
    first_s, last_s = probes[0].scheduled_s, probes[-1].scheduled_s
    in_a_bin = max(math.ceil((last_s - first_s) / BINS * rate_per_s), 1)
    width_s = in_a_bin / rate_per_s
    counts: dict[str, Counter[int]] = {}
    for probe in probes:
        place = (probe.region or "unnamed Region") if probe.good else ""
        counts.setdefault(place, Counter())[
            round((probe.scheduled_s - first_s) * rate_per_s) // in_a_bin
        ] += 1
    places = sorted(place for place in counts if place)
    colours = dict(zip(places, REGION_COLOURS, strict=False)) | {"": BAD_COLOUR}
    edges = [first_s - zero_s + index * width_s for index in range(BINS + 1)]
    base = [0.0] * (BINS + 1)
    for place in [*places, ""]:
        if place not in counts:
            continue
        heights = [counts[place][index] / width_s for index in range(BINS + 1)]
        label = f"good, from {place}" if place else "bad"
        axes.bar(
            edges,
            heights,
            width=width_s,
            bottom=base,
            align="edge",
            color=colours.get(place, REGION_COLOURS[-1]),
            label=label,
        )
        base = [below + height for below, height in zip(base, heights, strict=True)]
    axes.set_xlabel("scenario seconds since the loss")
    axes.set_ylabel("replies a second")
    axes.margins(x=0)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=4, frameon=False)


def _draw_phases(axes: Any, journal: Journal, zero_s: float) -> None:
    """Number the phases along the top; the page lists them by number."""
    top = axes.get_ylim()[1] * 1.12
    axes.set_ylim(0, top)
    for number, phase in enumerate(journal.phases, start=1):
        axes.axvline(phase.from_s - zero_s, color=INK, linewidth=0.6, linestyle=(0, (2, 3)))
        middle_s = (phase.from_s + phase.until_s) / 2 - zero_s
        axes.text(middle_s, top * 0.95, str(number), ha="center", va="center", clip_on=True)
    left, right = axes.get_xlim()
    first_s = min((phase.from_s for phase in journal.phases), default=zero_s) - zero_s
    axes.set_xlim(max(left, first_s), right)


def svg(figure: Any) -> str:
    """Write a figure as inline SVG, the same bytes each time, in the colours of the page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :].replace(INK, "currentColor")
