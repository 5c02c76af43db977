"""Everything is asked at once: what hangs or fails costs itself, and is named with the reason."""

from __future__ import annotations

import threading
import time

from resilience.aws import AwsUnreachableError, Call
from resilience.side_by_side import ask


def failing() -> None:
    raise AwsUnreachableError(Call(service="s3", operation="head_object", region="x"), "gone")


def test_one_that_hangs_makes_nothing_else_late_and_is_named() -> None:
    never = threading.Event()
    began_s = time.monotonic()
    answers = ask(
        {"hangs": never.wait, "answers": lambda: 7, "fails": failing, "breaks": lambda: 1 / 0},
        within_s=0.3,
    )
    assert time.monotonic() - began_s < 3, "nobody waits for what hangs"
    never.set()
    assert list(answers) == ["hangs", "answers", "fails", "breaks"], "in the order of asking"
    assert answers["answers"].value == 7
    assert answers["answers"].why is None
    assert answers["hangs"].why == "no answer within 0.3 s"
    assert answers["fails"].why == "s3 head_object in x: gone", "an error's own words"
    assert answers["breaks"].why == "ZeroDivisionError: division by zero"
    assert all(answers[name].value is None for name in ("hangs", "fails", "breaks"))


def test_what_answers_nothing_has_answered() -> None:
    assert ask({"none": lambda: None}, within_s=5)["none"].why is None
    assert ask({}, within_s=5) == {}
