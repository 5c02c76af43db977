"""CloudWatch Logs filter patterns: the subset that subscriptions here may use. Pure.

Understood: the empty pattern; terms (`ERROR "out of memory"`: every one must occur; `?a ?b`: one
of them; `-a`: must not occur); JSON (`{ $.type = "prediction" && $.row >= 1 }` with `=`, `!=`, `<`,
`<=`, `>`, `>=`, `&&`, `||` and parentheses). Everything else of
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html is refused by
name when the filter is put, so a line is never matched by a rule half understood.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast

from emulator.policy import matches

Matcher: TypeAlias = Callable[[str], bool]
_Test: TypeAlias = Callable[[Any], bool]

_TOKEN: Final = re.compile(
    r"""\s*(?: (?P<selector>\$(?:\.[\w-]+|\[\d+\])+)
             | (?P<operator>&&|\|\||!=|<=|>=|=|<|>|\(|\))
             | (?P<string>"(?:[^"\\]|\\.)*")
             | (?P<number>-?\d+(?:\.\d+)?(?![\w.*-]))
             | (?P<word>[^\s()=<>!&|"]+) )""",
    re.VERBOSE,
)
_TERM: Final = re.compile(r'\s*(?P<sign>[?-]?)(?:"(?P<quoted>[^"]*)"|(?P<plain>[^\s"]+))')
_ORDER: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MISSING: Final = object()


class PatternError(ValueError):
    """A filter pattern that is malformed or outside the subset understood here."""

    def __init__(self, pattern: str, problem: str) -> None:
        super().__init__(
            f"filter pattern {pattern!r}: {problem}; understood here are the empty pattern, terms, "
            'and JSON comparisons such as { $.type = "x" && $.n >= 1 }'
        )
        self.pattern = pattern


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Matcher:
    """A predicate over log lines.

    Raises:
        PatternError: The pattern is malformed or not understood; the message names the part.
    """
    text = pattern.strip()
    if not text:
        return lambda _line: True
    if text.startswith("{"):
        return _json_matcher(pattern, text)
    if text.startswith(("[", "%")):
        kind = "space-delimited columns" if text[0] == "[" else "regular expressions"
        raise PatternError(pattern, f"{kind} ({text[0]}) are not evaluated here")
    return _term_matcher(pattern, text)


def _term_matcher(pattern: str, text: str) -> Matcher:
    every: list[str] = []
    some: list[str] = []
    none: list[str] = []
    position = 0
    while position < len(text):
        found = _TERM.match(text, position)
        if found is None:
            raise PatternError(pattern, f"cannot read {text[position:]!r}")
        term = found["plain"] if found["quoted"] is None else found["quoted"]
        {"": every, "?": some, "-": none}[found["sign"]].append(term)
        position = found.end()

    def match(line: str) -> bool:
        return (
            all(term in line for term in every)
            and not any(term in line for term in none)
            and (not some or any(term in line for term in some))
        )

    return match


def _json_matcher(pattern: str, text: str) -> Matcher:
    if not text.endswith("}"):
        raise PatternError(pattern, "the closing } is missing")
    test = _Parser(pattern, text[1:-1]).parse()

    def match(line: str) -> bool:
        try:
            document = json.loads(line)
        except ValueError:
            return False
        return isinstance(document, dict) and test(document)

    return match


class _Parser:
    """`or := and ("||" and)*`, `and := atom ("&&" atom)*`, `atom := "(" or ")" | comparison`."""

    def __init__(self, pattern: str, text: str) -> None:
        self._pattern = pattern
        self._tokens: list[tuple[str, str]] = []
        self._at = 0
        position = 0
        while text[position:].strip():
            found = _TOKEN.match(text, position)
            if found is None:
                raise PatternError(pattern, f"cannot read {text[position:].strip()!r}")
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            position = found.end()

    def parse(self) -> _Test:
        test = self._either()
        if self._at < len(self._tokens):
            raise PatternError(self._pattern, f"{self._tokens[self._at][1]!r} is not expected")
        return test

    def _either(self) -> _Test:
        tests = [self._both()]
        while self._take("||"):
            tests.append(self._both())
        return lambda document: any(test(document) for test in tests)

    def _both(self) -> _Test:
        tests = [self._atom()]
        while self._take("&&"):
            tests.append(self._atom())
        return lambda document: all(test(document) for test in tests)

    def _atom(self) -> _Test:
        if self._take("("):
            test = self._either()
            if not self._take(")"):
                raise PatternError(self._pattern, "a closing ) is missing")
            return test
        kind, selector = self._next()
        if kind != "selector":
            raise PatternError(
                self._pattern, f"expected a selector such as $.field, got {selector!r}"
            )
        _, comparison = self._next()
        if comparison not in ("=", "!=", *_ORDER):
            raise PatternError(self._pattern, f"operator {comparison!r} is not evaluated here")
        kind, value = self._next()
        if kind == "operator":
            raise PatternError(self._pattern, f"expected a value, got {value!r}")
        return _comparison(self._pattern, selector, comparison, (kind, value))

    def _take(self, token: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("operator", token):
            self._at += 1
            return True
        return False

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise PatternError(self._pattern, "it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]


def _comparison(pattern: str, selector: str, comparison: str, value: tuple[str, str]) -> _Test:
    kind, text = value
    path = [part.strip("[]") for part in re.findall(r"[\w-]+|\[\d+\]", selector[1:])]
    if comparison in _ORDER:
        if kind != "number":
            raise PatternError(pattern, f"{comparison} compares numbers, got {text!r}")
        compare, bound = _ORDER[comparison], float(text)
        return lambda document: (
            isinstance(found := _at(document, path), int | float)
            and not isinstance(found, bool)
            and compare(found, bound)
        )
    equal = _equality(kind, text)
    if comparison == "=":
        return lambda document: equal(_at(document, path))
    return lambda document: (found := _at(document, path)) is not _MISSING and not equal(found)


def _equality(kind: str, text: str) -> _Test:
    if kind == "number":
        number = float(text)
        return lambda found: (
            isinstance(found, int | float) and not isinstance(found, bool) and found == number
        )
    wanted = str(json.loads(text)) if kind == "string" else text
    return lambda found: isinstance(found, str) and matches(wanted, found)


def _at(document: Any, path: list[str]) -> Any:
    """The value a selector leads to, or `_MISSING`."""
    for part in path:
        if isinstance(document, dict) and part in document:
            document = cast("dict[str, Any]", document)[part]
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):  # pyright: ignore[reportUnknownArgumentType]  # any JSON
            document = cast("list[Any]", document)[int(part)]
        else:
            return _MISSING
    return document
