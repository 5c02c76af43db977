"""One edit in a copy of the program: refused, or failing, and each time for the reason named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from jobs import Rehearsals


@pytest.mark.parametrize(
    ("name", "causes"),
    [
        (
            "the standby's target group points at the primary's function",
            ("us-west-2-predict-target", "us-east-1", "function"),
        ),
        pytest.param(
            "the standby's invoke permission is missing",
            ("us-west-2", "permission"),
            marks=pytest.mark.long,
        ),
        pytest.param(
            "the standby's release object is missing",
            ("us-west-2", "releases/missing.zip"),
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_program_that_could_not_fail_over_is_refused(
    rehearsals: Rehearsals, name: str, causes: tuple[str, ...]
) -> None:
    ended = rehearsals.ended(name)
    assert ended.code == 2, ended
    assert "the deploy was refused" in ended.stderr
    refusal = ended.stderr[ended.stderr.index("the deploy was refused") :]
    for cause in causes:
        assert cause in refusal, refusal
    assert ended.stdout == ""
    assert not rehearsals.out(name).exists(), "what was never run leaves no report"


@pytest.mark.long
def test_an_evacuation_check_that_is_not_inverted_fails_by_name(rehearsals: Rehearsals) -> None:
    """Whatever clients see: the chain goes on by deep checks too, and may hide the mistake."""
    ended = rehearsals.ended("the evacuation check is not inverted")
    assert ended.code == 1, ended
    summary = ended.summary
    assert "nothing is wrong before anything is broken" in summary["missed"]
    assert any("evacuation check" in f and "is not inverted" in f for f in summary["findings"])
