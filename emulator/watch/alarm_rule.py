"""The rule of a composite alarm: a Boolean expression over the states of other alarms. Pure.

Grammar, with NOT binding strongest, then AND, then OR:
`ALARM(name)`, `OK("name or ARN")`, `INSUFFICIENT_DATA(name)`, `TRUE`, `FALSE`, parentheses,
and `AT_LEAST(n, STATE, (name, name, ...))`, where n is a count or a percentage.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

StateOf = Callable[[str], str | None]
"""State of an alarm by name; None when it does not exist."""

MOST_ELEMENTS: Final = 500
LONGEST: Final = 10_240
STATES: Final = ("ALARM", "OK", "INSUFFICIENT_DATA")
_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<symbol>[(),])
        | "(?P<quoted>(?:[^"\\]|\\.)*)"
        | (?P<word>[^\s(),"]+)
    )""",
    re.VERBOSE,
)


class RuleError(ValueError):
    """A rule that CloudWatch would not take."""


@dataclass(frozen=True)
class _Token:
    text: str
    quoted: bool = False


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A parsed rule: what it depends on, and how it is decided."""

    alarms: tuple[str, ...]
    """Names, in the order they are first mentioned."""
    decide: Callable[[StateOf], bool]


def parse(text: str) -> Rule:
    """Read a rule.

    Raises:
        RuleError: It is malformed or too large; says where.
    """
    if len(text) > LONGEST:
        raise RuleError(f"the rule has {len(text)} characters; the limit is {LONGEST}")
    parser = _Parser(_tokens(text))
    decide = parser.disjunction()
    parser.end()
    if parser.elements > MOST_ELEMENTS:
        raise RuleError(f"the rule has {parser.elements} elements; the limit is {MOST_ELEMENTS}")
    return Rule(alarms=tuple(dict.fromkeys(parser.alarms)), decide=decide)


def name_of(text: str) -> str:
    """An alarm's name out of its name or ARN."""
    return text.split(":alarm:", 1)[1] if text.startswith("arn:") else text


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise RuleError(f"unexpected text at {text[place : place + 20]!r}")
        place = match.end()
        if match["quoted"] is not None:
            found.append(_Token(re.sub(r"\\(.)", r"\1", match["quoted"]), quoted=True))
        else:
            found.append(_Token(match["symbol"] or match["word"]))
    return found


class _Parser:
    """Recursive descent over the tokens; each method leaves behind what it has read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self.alarms: list[str] = []
        self.elements = 0

    def disjunction(self) -> Callable[[StateOf], bool]:
        sides = [self._conjunction()]
        while self._take_word("OR"):
            sides.append(self._conjunction())
        return sides[0] if len(sides) == 1 else lambda states: any(each(states) for each in sides)

    def end(self) -> None:
        if self._next < len(self._tokens):
            raise RuleError(f"unexpected {self._tokens[self._next].text!r} after the rule's end")

    def _conjunction(self) -> Callable[[StateOf], bool]:
        sides = [self._negation()]
        while self._take_word("AND"):
            sides.append(self._negation())
        return sides[0] if len(sides) == 1 else lambda states: all(each(states) for each in sides)

    def _negation(self) -> Callable[[StateOf], bool]:
        if self._take_word("NOT"):
            inner = self._negation()
            return lambda states: not inner(states)
        return self._element()

    def _element(self) -> Callable[[StateOf], bool]:
        token = self._take()
        word = token.text.upper()
        if token.quoted:
            raise RuleError(f"{token.text!r} stands alone; expected ALARM, OK or INSUFFICIENT_DATA")
        if token.text == "(":
            inner = self.disjunction()
            self._expect(")")
            return inner
        self.elements += 1
        if word in ("TRUE", "FALSE"):
            return lambda _states: word == "TRUE"
        if word == "AT_LEAST":
            return self._at_least()
        if word not in STATES:
            raise RuleError(
                f"{token.text!r} is not known; expected {', '.join(STATES)}, AT_LEAST, TRUE, FALSE"
            )
        self._expect("(")
        name = self._alarm()
        self._expect(")")
        return lambda states: states(name) == word

    def _at_least(self) -> Callable[[StateOf], bool]:
        self._expect("(")
        least = self._take().text
        if not re.fullmatch(r"\d+%?", least):
            raise RuleError(f"AT_LEAST needs a count or a percentage, not {least!r}")
        self._expect(",")
        wanted = self._state_set()
        self._expect(",")
        self._expect("(")
        names = [self._alarm()]
        while not self._take_word(")"):
            self._expect(",")
            names.append(self._alarm())
        self._expect(")")
        needed = int(least.rstrip("%"))
        if least.endswith("%"):
            needed = math.ceil(len(names) * needed / 100)
        return lambda states: sum(wanted(states(name)) for name in names) >= needed

    def _state_set(self) -> Callable[[str | None], bool]:
        negated = self._take_word("NOT")
        word = self._take().text.upper()
        if word not in STATES:
            raise RuleError(f"AT_LEAST needs a state of {', '.join(STATES)}, not {word!r}")
        return lambda state: (state == word) != negated

    def _alarm(self) -> str:
        token = self._take()
        if not token.quoted and token.text in "(),":
            raise RuleError(f"expected the name of an alarm before {token.text!r}")
        name = name_of(token.text)
        self.alarms.append(name)
        return name

    def _take(self) -> _Token:
        if self._next >= len(self._tokens):
            raise RuleError("the rule ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def _take_word(self, word: str) -> bool:
        if self._next < len(self._tokens):
            token = self._tokens[self._next]
            if not token.quoted and token.text.upper() == word:
                self._next += 1
                return True
        return False

    def _expect(self, symbol: str) -> None:
        token = self._take()
        if token.quoted or token.text != symbol:
            raise RuleError(f"expected {symbol!r}, found {token.text!r}")
