"""Writes the reference pages of the failover brain from its own tables: `./run docs`."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final

from resilience.failover import (
    FLAGGED,
    FORCED_FAILBACK,
    ORDERS,
    TABLE,
    IntentKind,
    Phase,
    Reading,
    Rule,
    Sense,
    Wait,
    truth_table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from resilience.failover import Order

FORCED: Final = "failback, forced"
UNCHANGED: Final = "-"

Arrow = tuple[Phase, Phase, str]


def arrows_of_the_table() -> list[Arrow]:
    """Give every row of the transition table as an arrow."""
    return [
        (phase, rule.to, _label(reading.value, rule)) for (phase, reading), rule in TABLE.items()
    ]


def arrows_of_the_orders() -> list[Arrow]:
    """Give every row of the orders' table as an arrow, and the forced failback's."""
    given = [
        (phase, order.to, _order_label(kind.value, order))
        for (phase, kind), order in ORDERS.items()
    ]
    forced = [
        (phase, FORCED_FAILBACK.to, _order_label(FORCED, FORCED_FAILBACK))
        for phase in Phase
        if phase in FLAGGED
    ]
    return [*given, *forced]


def diagram(arrows: Iterable[Arrow]) -> str:
    """Draw a Mermaid state diagram: one arrow between two phases, with all that leads along it."""
    ways: dict[tuple[Phase, Phase], list[str]] = {}
    for start, end, label in arrows:
        ways.setdefault((start, end), []).append(label)
    names = {phase: phase.value.replace(" ", "_") for phase in Phase}
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{phase.value}" as {name}' for phase, name in names.items()]
    lines.append(f"    [*] --> {names[Phase.SERVING]}")
    for (start, end), labels in ways.items():
        lines.append(f"    {names[start]} --> {names[end]}: {'<br>'.join(labels)}")
    flagged = ", ".join(names[phase] for phase in Phase if phase in FLAGGED)
    lines += ["    classDef flagged stroke-width:4px", f"    class {flagged} flagged", "```"]
    return "\n".join(lines)


def _label(reading: str, rule: Rule) -> str:
    waits = "" if rule.wait is Wait.NONE else f", for {rule.wait.value}"
    gates = ", gates open" if rule.gated else ""
    step = "" if rule.action is None else f" / {rule.action.value}"
    return f"{reading}{waits}{gates}{step}"


def _order_label(word: str, order: Order) -> str:
    needs = ", a refuge well" if order.needs_refuge else ""
    step = "" if order.action is None else f" / {order.action.value}"
    return f"{word}{needs}{step}"


def _table_rows() -> list[tuple[object, ...]]:
    return [
        (
            phase.value,
            reading.value,
            rule.wait.value if rule.wait is Wait.NONE else f"for `{rule.wait.value}`",
            "open" if rule.gated else UNCHANGED,
            rule.action.value if rule.action else UNCHANGED,
            rule.to.value,
        )
        for (phase, reading), rule in sorted(TABLE.items(), key=lambda row: _place(*row[0]))
    ]


def _place(phase: Phase, reading: Reading) -> tuple[int, int]:
    return list(Phase).index(phase), list(Reading).index(reading)


def _order_rows() -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [
        (
            phase.value,
            kind.value,
            "a refuge that is well, unless forced" if order.needs_refuge else UNCHANGED,
            order.action.value if order.action else UNCHANGED,
            order.to.value,
        )
        for (phase, kind), order in ORDERS.items()
    ]
    forced = FORCED_FAILBACK
    step = forced.action.value if forced.action else UNCHANGED
    rows += [
        (phase.value, FORCED, UNCHANGED, step, forced.to.value)
        for phase in Phase
        if phase in FLAGGED
    ]
    return rows


def _grid_rows() -> list[tuple[object, ...]]:
    """Give every phase under every reading: where it leads in the end, or that it stays."""
    rows: list[tuple[object, ...]] = []
    for phase in Phase:
        found = [TABLE.get((phase, reading)) for reading in Reading]
        rows.append((phase.value, *(rule.to.value if rule else UNCHANGED for rule in found)))
    return rows


def states(made: str, table: Callable[..., str]) -> str:
    """Every phase, and every change between them, by automation and by an operator's word."""
    others = [kind.value for kind in IntentKind if kind not in {each for _, each in ORDERS}]
    return "\n".join(
        [
            "# States of the failover brain",
            made,
            "",
            "Where a watched Region's traffic is meant to be, as one of its watchers sees it.",
            "In the phases with a thick border that watcher's evacuation flag is there.",
            "[How failover works](../explanation/failover.md) says why.",
            "",
            "## What automation does",
            "",
            diagram(arrows_of_the_table()),
            "",
            table(("in", "while", "lasting", "gates", "step", "to"), _table_rows()),
            "",
            "Every phase under every reading; where there is a dash it stays:",
            "",
            table(("", *(reading.value for reading in Reading)), _grid_rows()),
            "",
            "An observer that is itself sick stays where it is, whatever it sees.",
            "A flag that is found set in a phase without one leads to *latched*, one that is found",
            "gone to *serving*: a step that was lost and another hand look the same, and are",
            "treated the same.",
            "",
            "## What an operator's word does",
            "",
            diagram(arrows_of_the_orders()),
            "",
            table(("in", "word", "needs", "step", "to"), _order_rows()),
            "",
            "A word without a row in a phase is as asked already.",
            f"Words that change no phase: {', '.join(others)}.",
            "",
        ]
    )


def trigger(made: str, table: Callable[..., str]) -> str:
    """Every combination of the four signals, and what they say together."""
    cells = {row[:4]: row[4] for row in truth_table()}
    meaning = {
        Sense.WELL: "This observer is well",
        Sense.BAD: "This observer is itself sick",
        Sense.UNKNOWN: "This observer does not know how it is",
    }
    sections: list[str] = []
    for observer in Sense:
        rows = [
            (
                probe.value,
                verdict.value,
                *(cells[observer, probe, verdict, refuge].value for refuge in Sense),
            )
            for probe, verdict in product(Sense, repeat=2)
        ]
        head = ("its probe", "Route 53", *(f"refuge {refuge.value}" for refuge in Sense))
        sections += [f"## {meaning[observer]}", "", table(head, rows), ""]
    return "\n".join(
        [
            "# The trigger's truth table",
            made,
            "",
            f"All {len(cells)} combinations of four signals about a watched Region (the target),",
            "and what they say together.",
            "A signal is *unknown* when it gave no answer, is older than `stale_after_s`, or",
            "claims to be from the future; what is not known is never a reason to act.",
            "The *refuge* is any other Region that Route 53 calls well.",
            "What each reading leads to is in [the states](failover-states.md).",
            "",
            *sections,
        ]
    )
