"""What a command should print, as a person reads it, and whether it did.

An expectation is text. What varies stands in angle brackets: `<version>` is anything but nothing,
`<...>` anything at all, both within a line. A line of three dots is any number of lines, none
included. Runs of blanks count as one: the AWS CLI puts tabs where a page has spaces.
"""

from __future__ import annotations

import re
from typing import Final

ANY_LINES: Final = "..."
REST: Final = "<...>"
_VARIES: Final = re.compile(r"(<[a-z][^<>]*>|<\.\.\.>)")


def says_nothing(expected: str) -> bool:
    """Tell whether an expectation would be met by almost anything, and so checks nothing."""
    lines = [line for line in _lines(expected) if line != ANY_LINES]
    return not any(re.search(r"\w", _VARIES.sub("", line)) for line in lines)


def is_met(expected: str, said: str) -> bool:
    """Tell whether what a command said is what was expected."""
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line == ANY_LINES else f"{_of_line(line)}\n"
        for line in _lines(expected)
    )
    text = "".join(f"{line}\n" for line in _lines(said))
    return re.fullmatch(pattern, text) is not None


def _of_line(line: str) -> str:
    parts = enumerate(_VARIES.split(line))
    return "".join(
        re.escape(part) if number % 2 == 0 else r"[^\n]*?" if part == REST else r"[^\n]+?"
        for number, part in parts
    )


def _lines(text: str) -> list[str]:
    """Give the lines of a text without what does not count: blanks at ends, and empty lines."""
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    return [line for line in lines if line]
