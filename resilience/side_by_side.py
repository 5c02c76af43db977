"""Asks many things at once and waits for none of them longer than for the others.

What has not answered when the time is up is given as not answered: a call that hangs makes
nothing else late, and does not keep the process from ending.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a question came to: a value, or why there is none.

    Attributes:
        value: What was answered; None if nothing was.
        why: Why nothing was seen; None if something was.
        took_s: How long it took, in real seconds.
    """

    value: Any = None
    why: str | None = None
    took_s: float = 0.0


def ask(questions: Mapping[str, Callable[[], Any]], *, within_s: float) -> dict[str, Answer]:
    """Ask everything at once, in threads that a process may leave behind when it ends.

    Args:
        questions: By name. One that raises has not answered, and its error says why.
        within_s: Longest wait for all of them together, in real seconds.

    Returns:
        An answer to each question, in the order that they were given in.
    """
    answers: SimpleQueue[tuple[str, Answer]] = SimpleQueue()
    began_s = time.monotonic()

    def put(name: str, question: Callable[[], Any]) -> None:
        try:
            value, why = question(), None
        except Exception as error:  # noqa: BLE001 - whatever it is, only this one was not seen
            value, why = None, _reason(error)
        took_s = time.monotonic() - began_s
        answers.put((name, Answer(value=value, why=why, took_s=took_s)))

    for name, question in questions.items():
        Thread(target=put, args=(name, question), daemon=True, name=name).start()
    found: dict[str, Answer] = {}
    while len(found) < len(questions):
        left_s = began_s + within_s - time.monotonic()
        try:
            name, answer = answers.get(timeout=max(left_s, 0.0))
        except Empty:
            break
        found[name] = answer
    late = Answer(why=f"no answer within {within_s:g} s", took_s=within_s)
    return {name: found.get(name, late) for name in questions}


def _reason(error: Exception) -> str:
    """Give an error's own words; one that nobody foresaw is named by its kind too."""
    words = " ".join(str(error).split())
    foreseen = type(error).__module__.startswith("resilience")
    return words if foreseen and words else f"{type(error).__name__}: {words}"
