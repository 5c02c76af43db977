"""The report and the terminal say what the journal holds."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from journals import broken, journal
from rich.console import Console

from resilience.figures import headline
from resilience.report import render
from resilience.terminal import show

if TYPE_CHECKING:
    from resilience.journal import Journal

VOID = {"meta", "br", "link", "img", "path", "use", "line", "rect"}


class Balanced(HTMLParser):
    """Fails on a tag that is not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes something else"


@pytest.mark.parametrize("written", [journal(), journal(outage_s=75), broken()])
def test_the_report_is_whole_and_reaches_out_to_nothing(written: Journal) -> None:
    html = render(written)
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    assert not re.search(r'(?:src|href)\s*=\s*"(?!#)', html), "self-contained: nothing is loaded"
    assert "<script" not in html
    assert 'name="viewport"' in html
    assert "prefers-color-scheme: dark" in html


def test_the_report_draws_the_run_in_the_colour_of_the_page() -> None:
    html = render(journal())
    assert "<svg" in html
    assert "currentColor" in html
    assert "#010203" not in html
    assert "good, from us-west-2" in html


def test_the_report_says_figures_objectives_and_what_is_not_proven() -> None:
    html = render(journal())
    for said in (
        "35.0 s",
        "at most 90 s (RTO)",
        "3.0 s",
        "recorded, not emulated: alarms",
        "--scenario primary-lost --speed 10 --seed 7",
        "the latch holds",
    ):
        assert said in html


def test_what_comes_from_outside_is_escaped() -> None:
    html = render(journal())
    assert "<b>&amp; is wrong" not in html
    assert "&lt;b&gt;&amp;amp; is wrong" in html


def test_a_broken_run_shows_no_figure() -> None:
    html = render(broken())
    assert "nothing counts as a pass or a miss" in html
    assert 'class="card"' not in html


def shown(written: Journal) -> str:
    stream = io.StringIO()
    show(written, Console(file=stream, width=160), Path("reports/x"))
    return stream.getvalue()


def test_the_terminal_gives_the_split_and_each_figure_against_its_objective() -> None:
    text = shown(journal())
    for said in (
        "recovery time",
        "detect",
        "decide",
        "shift",
        "first good reply",
        "steady",
        "data loss window",
        "availability",
        "at most 90 s (RTO)",
        "28.1 s at best",
        "10 times real time",
        "not proven here",
        "reports/x/report.html",
        "objectives met",
    ):
        assert said in text, said


def test_a_missed_objective_is_named() -> None:
    assert headline(journal(outage_s=75)) == "missed: rto_s, availability"
    assert "never recovered" in shown(journal(outage_s=75))


def test_a_broken_run_is_neither_met_nor_missed_on_the_terminal() -> None:
    text = shown(broken())
    assert "nothing counts as a pass or a miss" in text
    assert "objectives met" not in text
