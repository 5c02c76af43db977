"""The failover pages say all that the brain's tables say: every cell, every row, every arrow."""

from __future__ import annotations

import re

from docs import failover_pages, reference_pages
from resilience.failover import FLAGGED, ORDERS, TABLE, Phase, Reading, Sense, truth_table


def rows(page: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in page.splitlines()
        if line.startswith("| ")
    ]


def test_the_trigger_page_has_every_cell_once() -> None:
    page = reference_pages.failover_trigger()
    words = {sense.value for sense in Sense}
    body = [row for row in rows(page) if {row[0], row[1]} <= words]
    shown = [
        (observer, Sense(row[0]), Sense(row[1]), refuge, Reading(cell))
        for number, row in enumerate(body)
        for observer in [list(Sense)[number // 9]]
        for refuge, cell in zip(Sense, row[2:], strict=True)
    ]
    assert sorted(shown) == sorted(truth_table())
    assert len(shown) == 81


def test_the_states_page_has_every_row() -> None:
    found = rows(reference_pages.failover_states())
    for (phase, reading), rule in TABLE.items():
        assert any(row[:2] == [phase, reading] and row[-1] == rule.to for row in found)
    for (phase, kind), order in ORDERS.items():
        assert any(row[:2] == [phase, kind] and row[-1] == order.to for row in found)


def test_the_diagrams_have_every_arrow() -> None:
    automation = failover_pages.diagram(failover_pages.arrows_of_the_table())
    arrows = set(re.findall(r"^    (\w+) --> (\w+):", automation, flags=re.MULTILINE))
    name = {phase: phase.value.replace(" ", "_") for phase in Phase}
    assert arrows == {(name[phase], name[rule.to]) for (phase, _), rule in TABLE.items()}
    words = failover_pages.diagram(failover_pages.arrows_of_the_orders())
    arrows = set(re.findall(r"^    (\w+) --> (\w+):", words, flags=re.MULTILINE))
    forced = {(name[phase], name[Phase.SERVING]) for phase in FLAGGED}
    assert (
        arrows == {(name[phase], name[order.to]) for (phase, _), order in ORDERS.items()} | forced
    )
